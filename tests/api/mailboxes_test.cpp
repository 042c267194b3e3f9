#include "api/mailboxes.h"

#include <fstream>

#include <gtest/gtest.h>

#include "api/email.h"
#include "api/environment.h"
#include "tests/support/offline_store.h"
#include "tests/support/temp_folder.h"

namespace florin::api {
namespace {

// A log as a release up to 1c8f11c wrote it: everybody is registered under the former key, which is the text shown.
class OldLog : public ::testing::Test {
 protected:
  void write(std::vector<std::string> const& emails) {
    auto created = tests::OfflineStore::create(layout());
    ASSERT_TRUE(created) << created.error().what;
    auto store = std::move(created).value();
    domain::CreateGame create;
    create.settings.name = "Knights";
    create.settings.status = domain::GameStatus::live;
    create.currencies = {{{}, "Gold", "GLD", domain::Money::from_minor(10'000), domain::Money::from_minor(1), {}}};
    run(store, create);
    game_ = store.state().games().front().id;
    for (auto const& email : emails) {
      auto const key = former_key(email);
      ASSERT_TRUE(key) << email;
      run(store, domain::CreditBalance{game_, store.player(*key, "P"), {}, domain::Money::from_minor(100), "prize"});
    }
    auto const written = store.write_checkpoint();
    ASSERT_TRUE(written) << written.error().what;
  }

  void open() {
    environment_.reset();
    auto opened = Environment::open("sandbox", layout(), clock_, {});
    ASSERT_TRUE(opened) << opened.error().what;
    environment_ = std::move(opened).value();
  }

  // 0: nobody; the text is an e-mail.
  [[nodiscard]] std::uint64_t person(std::string_view text) const {
    auto const found = environment_->ledger().people.find(text);
    EXPECT_TRUE(found) << text;
    if (!found) return 0;
    auto const known = environment_->ledger().state.read(
        [&](domain::State const& state) { return state.find_identity(found.value().index); });
    return known.value_or(domain::IdentityId{}).value();
  }
  [[nodiscard]] bool is_email(std::string_view text) const { return environment_->ledger().people.find(text).ok(); }
  [[nodiscard]] std::filesystem::path list() const { return layout().mailboxes(); }
  [[nodiscard]] Layout layout() const { return environment_layout(folder_.path(), true); }

  test_support::TempFolder folder_;
  eventstore::SystemClock clock_;
  domain::GameId game_;
  std::unique_ptr<Environment> environment_;

 private:
  void run(tests::OfflineStore& store, domain::Command const& command) {
    auto const decision = store.run(command, {game_, "r" + std::to_string(++step_), {}},
                                    domain::Timestamp::from_seconds(1'700'000'000 + step_), 17);
    ASSERT_TRUE(decision) << decision.error().what;
    ASSERT_TRUE(decision.value());
  }
  std::int64_t step_ = 0;
};

TEST_F(OldLog, APersonIsFoundByTheOldSpellingAndByEveryOther) {
  write({"plain@example.com", "JOSÉ@x.example", "ada@BÜCHER.example", "eve@example.com\u00a0"});
  open();
  EXPECT_EQ(person("Plain@Example.com"), 1u);
  for (auto const* text :
       {"JOSÉ@x.example", "josÉ@X.example", "josé@x.example", "jose\u0301@x.example", " JOSE\u0301@x.example"}) {
    EXPECT_EQ(person(text), 2u) << text;
  }
  for (auto const* text : {"ada@BÜCHER.example", "ada@bücher.example", "ada@xn--bcher-kva.example"}) {
    EXPECT_EQ(person(text), 3u) << text;
  }
  for (auto const* text : {"eve@example.com\u00a0", "eve@example.com", "EVE@example.com"}) {
    EXPECT_EQ(person(text), 4u) << text;
  }
  EXPECT_EQ(person("jose@x.example"), 0u);
}

TEST_F(OldLog, TwoOldPeopleOfOneMailboxStayTwo) {
  write({"JOSÉ@x.example", "josé@x.example", "Ü@x.example", "u\u0308@x.example"});
  open();
  EXPECT_EQ(person("JOSÉ@x.example"), 1u) << "its own spelling";
  EXPECT_EQ(person("josé@x.example"), 2u) << "its own spelling";
  EXPECT_EQ(person("jose\u0301@x.example"), 2u) << "of another spelling: whoever has the rule's key";
  EXPECT_EQ(person("Ü@x.example"), 3u);
  EXPECT_EQ(person("ü@x.example"), 3u) << "nobody has the rule's key: the older one";
  EXPECT_EQ(person("U\u0308@x.example"), 4u);
}

TEST_F(OldLog, AnAddressThatTheLogKnowsStaysUsableHoweverItLooks) {
  write({"a..b@c.de", ".a@b.co", "a@-b.com", "a\u200b@b.co"});
  open();
  EXPECT_EQ(person("A..B@c.de "), 1u);
  EXPECT_EQ(person(".a@b.co"), 2u);
  EXPECT_EQ(person("a@-b.com"), 3u);
  EXPECT_EQ(person("a\u200b@b.co"), 4u);
  EXPECT_FALSE(is_email("x..b@c.de"));
  EXPECT_FALSE(is_email(".b@b.co"));
  EXPECT_FALSE(is_email("a@b.co\u200b"));
}

TEST_F(OldLog, TheListIsKeptAndMadeAgainWhereItIsNotOfThisLog) {
  write({"JOSÉ@x.example", "plain@example.com", "a..b@c.de"});
  open();
  EXPECT_EQ(person("josé@x.example"), 1u);
  ASSERT_TRUE(std::filesystem::exists(list()));
  auto const bytes = std::filesystem::file_size(list());
  open();
  EXPECT_EQ(person("josé@x.example"), 1u) << "read from the file";
  EXPECT_EQ(person("a..b@c.de"), 3u);
  std::ofstream(list(), std::ios::binary | std::ios::in | std::ios::out).seekp(40).put('?');
  open();
  EXPECT_EQ(person("josé@x.example"), 1u) << "made again";
  EXPECT_EQ(std::filesystem::file_size(list()), bytes);

  // Another log in the same folder: its second person is somebody else.
  auto const kept = folder_.path() / "list";
  std::filesystem::copy_file(list(), kept);
  environment_.reset();
  std::filesystem::remove_all(layout().folder);
  write({"Ü@x.example", "other@example.com", "third@example.com"});
  std::filesystem::create_directories(layout().snapshots());
  std::filesystem::copy_file(kept, list());
  open();
  EXPECT_EQ(person("ü@x.example"), 1u);
  EXPECT_FALSE(is_email("a..b@c.de"));
}

TEST_F(OldLog, AFingerprintOfAnOldRequestIsWhatItWas) {
  write({"JOSÉ@x.example"});
  open();
  EXPECT_EQ(environment_->ledger().people.find(" JOSÉ@X.example").value().key, "josÉ@x.example");
  EXPECT_EQ(environment_->ledger().people.find("Ada@Example.com").value().key, "ada@example.com");
}

// In the one writer two first requests of a mailbox carry one index, so that the second finds the first one's person.
TEST_F(OldLog, TwoFirstRequestsOfOneMailboxAreOnePerson) {
  write({});
  open();
  auto const& mailboxes = environment_->ledger().people;
  EXPECT_EQ(mailboxes.find("MÜLLER@bücher.example").value().index,
            mailboxes.find("mu\u0308ller@xn--bcher-kva.example").value().index);
  EXPECT_NE(mailboxes.find("MÜLLER@bücher.example").value().index,
            mailboxes.find("muller@bücher.example").value().index);
}

}  // namespace
}  // namespace florin::api
