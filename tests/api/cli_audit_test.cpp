#include <fstream>
#include <random>
#include <sstream>

#include <simdjson.h>
#include <sqlite3.h>

#include "api/cli/trial_balance.h"
#include "eventstore/store/chain.h"
#include "tests/api/cli_fixture.h"

namespace florin::api::cli {
namespace {

class CliAudit : public CliStoreTest {
 protected:
  struct Row {
    std::int64_t position = 0;
    std::int64_t bytes = 0;
    std::int64_t link = 0;
  };

  void SetUp() override {
    CliStoreTest::SetUp();
    ASSERT_EQ(sqlite3_open(layout().log().c_str(), &database_), SQLITE_OK);
    // Thousands of changes: nobody needs them to survive a power cut.
    sql("PRAGMA synchronous=OFF");
  }
  void TearDown() override {
    sqlite3_close(database_);
    CliStoreTest::TearDown();
  }

  // Runs SQL on the log behind the product's back; rows of up to three integers.
  std::vector<Row> sql(std::string const& text) {
    std::vector<Row> rows;
    auto const each = [](void* out, int count, char** values, char**) {
      auto const value = [&](int i) { return i < count && values[i] != nullptr ? std::atoll(values[i]) : 0; };
      static_cast<std::vector<Row>*>(out)->push_back({value(0), value(1), value(2)});
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database_, text.c_str(), each, &rows, nullptr), SQLITE_OK) << sqlite3_errmsg(database_);
    return rows;
  }

  // Flips the bits of `mask` in one byte of a blob.
  void flip(std::int64_t position, std::string const& column, std::int64_t offset, int mask) {
    sqlite3_blob* blob = nullptr;
    ASSERT_EQ(sqlite3_blob_open(database_, "main", "rows", column.c_str(), position, 1, &blob), SQLITE_OK);
    unsigned char byte = 0;
    ASSERT_EQ(sqlite3_blob_read(blob, &byte, 1, static_cast<int>(offset)), SQLITE_OK);
    byte = static_cast<unsigned char>(byte ^ mask);
    ASSERT_EQ(sqlite3_blob_write(blob, &byte, 1, static_cast<int>(offset)), SQLITE_OK);
    sqlite3_blob_close(blob);
  }

  [[nodiscard]] CliResult verify() const { return cli({"audit", "verify"}); }
  // verify must fail at the commit that ends at `last`: its first position is the first bad one.
  void expect_bad(std::uint64_t first, std::string const& what) {
    auto const result = verify();
    EXPECT_EQ(result.code, kCheckFailed) << what;
    EXPECT_TRUE(contains(result.err, "position " + std::to_string(first) + ":")) << what << ": " << result.err;
    EXPECT_TRUE(result.out.empty()) << what;
  }

  sqlite3* database_ = nullptr;
};

TEST_F(CliAudit, AHealthyLogVerifies) {
  auto const text = verify();
  ASSERT_EQ(text.code, kOk) << text.err;
  EXPECT_TRUE(contains(text.out, "ok: the log is whole"));
  EXPECT_TRUE(contains(text.out, "MACs         right\n")) << text.out;
  EXPECT_TRUE(text.out.starts_with("environment  sandbox\nfolder       " + layout().folder.string() + "\n"))
      << text.out;
  auto const json = cli({"audit", "verify", "--json"});
  ASSERT_EQ(json.code, kOk);
  simdjson::dom::parser parser;
  simdjson::dom::element found;
  ASSERT_EQ(parser.parse(json.out).get(found), simdjson::SUCCESS) << json.out;
  EXPECT_EQ(found["commits"].get_uint64().value(), commit_ends_.size());
  EXPECT_EQ(found["events"].get_uint64().value(), commit_ends_.back().value());
  EXPECT_EQ(found["checkpoint"]["commits"].get_uint64().value(), commit_ends_.size());
}

TEST_F(CliAudit, AnyFlippedByteOfAnyRowIsFoundAndItsPositionNamed) {
  auto const seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  auto const rows = sql("SELECT position, length(bytes), length(link) FROM rows ORDER BY position");
  ASSERT_EQ(rows.size(), commit_ends_.size());
  std::int64_t first = 1;
  for (auto const& row : rows) {
    for (auto const* column : {"bytes", "link", "mac"}) {
      auto const size = std::string(column) == "bytes" ? row.bytes : row.link;  // a MAC is as long as a link
      for (std::int64_t offset = 0; offset < size; ++offset) {
        auto const mask = 1 << (random() % 8);
        flip(row.position, column, offset, mask);
        expect_bad(static_cast<std::uint64_t>(first), std::string(column) + "[" + std::to_string(offset) +
                                                          "] of the row at " + std::to_string(row.position));
        flip(row.position, column, offset, mask);
      }
    }
    first = row.position + 1;
  }
  EXPECT_EQ(verify().code, kOk);
}

// Whoever may not open names, or forge rows, has the log without the vault.
TEST_F(CliAudit, WithoutTheKeysOfTheRowsEverythingElseIsProved) {
  std::filesystem::remove(layout().row_keys());
  auto const text = verify();
  ASSERT_EQ(text.code, kOk) << text.err;
  EXPECT_TRUE(contains(text.out, "MACs         not checked: vault/rows.keys is not here\n")) << text.out;
  EXPECT_TRUE(contains(cli({"audit", "verify", "--json"}).out, R"("macs_checked":false)"));
  auto const last = static_cast<std::int64_t>(commit_ends_.back().value());
  flip(last, "bytes", 40, 1);
  EXPECT_EQ(verify().code, kCheckFailed);
}

TEST_F(CliAudit, AFaultSaysWhichFolderItIsIn) {
  flip(static_cast<std::int64_t>(commit_ends_[2].value()), "bytes", 40, 1);
  EXPECT_TRUE(contains(verify().err, "sandbox in " + layout().folder.string() + ": position ")) << verify().err;
}

// What an auditor means is rarely the log that nobody has ever written to.
TEST_F(CliAudit, AnEmptyLogSaysSoAndNamesTheOtherOne) {
  ASSERT_TRUE(tests::OfflineStore::create(environment_layout(folder_, false)));
  auto const production = run_cli({"audit", "verify", "--data", folder_.string()});
  EXPECT_EQ(production.code, kOk) << production.err;
  EXPECT_TRUE(production.out.starts_with("environment  production\n")) << production.out;
  EXPECT_TRUE(
      contains(production.out,
               "ok: the log is empty: nothing was ever written to it. The sandbox's log beside it is not empty: "
               "did you mean --sandbox?"))
      << production.out;
  auto const json = run_cli({"audit", "verify", "--data", folder_.string(), "--json"});
  EXPECT_TRUE(contains(json.out, R"("environment":"production")")) << json.out;
  EXPECT_TRUE(contains(json.out, R"("empty":true)")) << json.out;
  auto const mailboxes = run_cli({"audit", "mailboxes", "--data", folder_.string()});
  EXPECT_EQ(mailboxes.code, kOk) << mailboxes.err;
  EXPECT_TRUE(contains(mailboxes.out, "the log is empty: nothing was ever written to it. ")) << mailboxes.out;
  EXPECT_TRUE(contains(run_cli({"audit", "mailboxes", "--data", folder_.string(), "--json"}).out, R"("empty":true)"));
  for (auto const& words :
       std::vector<std::vector<std::string>>{{"log", "tail"}, {"audit", "at", "2027-01-01T00:00:00Z"}}) {
    auto command = words;
    command.insert(command.end(), {"--data", folder_.string()});
    EXPECT_TRUE(contains(run_cli(command).err, "did you mean --sandbox?")) << testing::PrintToString(words);
  }
}

// One flipped bit: no command shows that row as a fact, each names its first position.
TEST_F(CliAudit, ARowThatIsNotWhatWasWrittenIsNotShown) {
  auto const rows = sql("SELECT position, length(bytes), length(link) FROM rows ORDER BY position");
  ASSERT_GE(rows.size(), 5u);
  auto const seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::int64_t first = 1;
  for (auto const& row : rows) {
    auto const named = "position " + std::to_string(first) + ":";
    for (auto const* column : {"bytes", "link", "mac"}) {
      auto const size = std::string(column) == "bytes" ? row.bytes : row.link;  // a MAC is as long as a link
      for (int round = 0; round < 20; ++round) {
        auto const offset = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(size));
        auto const mask = 1 << (random() % 8);
        flip(row.position, column, offset, mask);
        SCOPED_TRACE(std::string(column) + "[" + std::to_string(offset) + "] ^ " + std::to_string(mask) + " at " +
                     std::to_string(row.position));
        for (auto const at : {first, row.position}) {
          for (auto const& form : {std::vector<std::string>{}, {"--json"}}) {
            std::vector<std::string> words{"log", "show", std::to_string(at)};
            words.insert(words.end(), form.begin(), form.end());
            auto const shown = cli(words);
            EXPECT_EQ(shown.code, kCheckFailed);
            EXPECT_TRUE(contains(shown.err, named)) << shown.err;
            EXPECT_FALSE(contains(shown.out, R"("event")")) << shown.out;
            EXPECT_EQ(shown.out.empty(), form.empty()) << shown.out;
          }
        }
        auto const tail = cli({"log", "tail", "--from", std::to_string(first)});
        EXPECT_EQ(tail.code, kCheckFailed);
        EXPECT_TRUE(tail.out.empty()) << tail.out;
        EXPECT_TRUE(contains(tail.err, named)) << tail.err;
        auto const all = cli({"log", "tail", "--from", "1"});
        EXPECT_EQ(all.code, kCheckFailed);
        EXPECT_EQ(std::count(all.out.begin(), all.out.end(), '\n'), first - 1) << "what comes before it is shown";
        flip(row.position, column, offset, mask);
      }
    }
    first = row.position + 1;
  }
  EXPECT_EQ(cli({"log", "tail", "--from", "1"}).code, kOk);
}

TEST_F(CliAudit, ARowThatWasTakenOutIsMissedWhereItWasAndBehindIt) {
  auto const second = commit_ends_[1].value();
  sql("DELETE FROM rows WHERE position = " + std::to_string(second));
  for (auto const& words : std::vector<std::vector<std::string>>{
           {"log", "show", std::to_string(second)}, {"log", "show", std::to_string(second + 1)}, {"log", "tail"}}) {
    EXPECT_EQ(cli(words).code, kCheckFailed) << testing::PrintToString(words);
  }
}

TEST_F(CliAudit, AMissingRowAndAChangedPositionAreFound) {
  auto const second = commit_ends_[1].value();
  sql("UPDATE rows SET position = 1000000 WHERE position = " + std::to_string(second));
  EXPECT_EQ(verify().code, kCheckFailed);
  sql("DELETE FROM rows WHERE position = 1000000");
  EXPECT_EQ(verify().code, kCheckFailed);
}

TEST_F(CliAudit, ATruncatedLogIsFoundByTheCheckpoint) {
  sql("DELETE FROM rows WHERE position = " + std::to_string(commit_ends_.back().value()));
  auto const result = verify();
  EXPECT_EQ(result.code, kCheckFailed);
  EXPECT_FALSE(result.err.empty());
}

TEST_F(CliAudit, AForgedOrMissingCheckpointFails) {
  auto const file = layout().folder / "checkpoint";
  ASSERT_TRUE(std::filesystem::exists(file));
  std::filesystem::rename(file, layout().folder / "away");
  auto const missing = verify();
  EXPECT_EQ(missing.code, kCheckFailed);
  EXPECT_TRUE(contains(missing.err, "checkpoint is missing"));
}

// Whoever can change the log can change what lies beside it, too.
TEST_F(CliAudit, AnExchangedKeyAndCheckpointAreFoundWithTheKeyThatTheAuditorHolds) {
  auto const away = folder_ / "auditor";
  std::filesystem::create_directory(away);
  std::filesystem::copy_file(layout().folder / "checkpoint.pub", away / "florin.pub");
  std::filesystem::copy_file(layout().folder / "checkpoint", away / "note");
  auto const held = (away / "florin.pub").string();
  auto const own = eventstore::CheckpointVerifier::read_key(held);
  ASSERT_TRUE(own);

  auto const trusting = verify();
  ASSERT_EQ(trusting.code, kOk) << trusting.err;
  EXPECT_TRUE(contains(trusting.out, own.value().key_id() + ", taken from the audited folder"));
  EXPECT_TRUE(contains(cli({"audit", "verify", "--json"}).out, R"("key_from":"audited_folder")"));
  std::ifstream file(held);
  std::string text;
  std::getline(file, text);
  for (auto const& key : {held, text}) {
    auto const given = cli({"audit", "verify", "--public-key", key, "--checkpoint", (away / "note").string()});
    ASSERT_EQ(given.code, kOk) << given.err;
    EXPECT_TRUE(contains(given.out, own.value().key_id() + ", as given"));
  }

  // Another environment's key, and this log's end signed with it: the folder vouches for itself.
  auto const other = folder_ / "other";
  std::filesystem::create_directory(other);
  auto const forger = eventstore::CheckpointFile::open(other);
  ASSERT_TRUE(forger);
  auto const stated = own.value().read_note(away / "note");
  ASSERT_TRUE(stated);
  ASSERT_TRUE(forger.value().write(stated.value()));
  for (auto const* name : {"checkpoint", "checkpoint.pub"}) {
    std::filesystem::copy_file(other / name, layout().folder / name, std::filesystem::copy_options::overwrite_existing);
  }
  EXPECT_EQ(verify().code, kOk);
  auto const found = cli({"audit", "verify", "--public-key", held});
  EXPECT_EQ(found.code, kCheckFailed);
  EXPECT_TRUE(contains(found.err, "not a checkpoint signed with the key " + own.value().key_id())) << found.err;
  EXPECT_TRUE(found.out.empty());
  // The note kept elsewhere still proves the log.
  EXPECT_EQ(cli({"audit", "verify", "--public-key", held, "--checkpoint", (away / "note").string()}).code, kOk);
}

TEST_F(CliAudit, ACheckpointKeptElsewhereFindsALogThatWasCutAndSignedAgain) {
  auto const note = folder_ / "note";
  std::filesystem::copy_file(layout().folder / "checkpoint", note);
  sql("DELETE FROM rows WHERE position = " + std::to_string(commit_ends_.back().value()));
  EXPECT_EQ(cli({"audit", "verify", "--checkpoint", note.string()}).code, kCheckFailed);
}

TEST_F(CliAudit, VerifyRefusesWhatIsNoKeyAndNoCheckpoint) {
  EXPECT_EQ(cli({"audit", "verify", "--public-key", "nonsense"}).code, kUsage);
  EXPECT_EQ(cli({"audit", "verify", "--public-key", (layout().folder / "log.db").string()}).code, kUsage);
  auto const nothing = cli({"audit", "verify", "--checkpoint", (folder_ / "nothing").string()});
  EXPECT_EQ(nothing.code, kUsage);
  EXPECT_TRUE(contains(nothing.err, "--checkpoint: ")) << nothing.err;
  auto const log = (layout().folder / "log.db").string();
  EXPECT_EQ(cli({"audit", "verify", "--checkpoint", log}).code, kCheckFailed);
}

TEST_F(CliAudit, AtTheEndShowsTheTrialBalanceAndThePlayer) {
  auto const end = std::to_string(commit_ends_.back().value());
  auto const result =
      cli({"audit", "at", end, "--player", " ADA@example.com ", "--game", std::to_string(game_.value()), "--json"});
  ASSERT_EQ(result.code, kOk) << result.err;
  simdjson::dom::parser parser;
  simdjson::dom::element found;
  ASSERT_EQ(parser.parse(result.out).get(found), simdjson::SUCCESS) << result.out;
  EXPECT_EQ(found["players"].get_uint64().value(), 2u);
  auto const gold = found["trial_balance"].at(0);
  // Starting 2 × 100, credit 50, debit 10, two purchases of 2.50 that stand (fee 10 %).
  EXPECT_EQ(gold["promotional_issuance"].get_string().value(), "-240.00");
  EXPECT_EQ(gold["player_available"].get_string().value(), "235.00");
  EXPECT_EQ(gold["network_fees"].get_string().value(), "0.50");
  EXPECT_EQ(gold["game_revenue"].get_string().value(), "4.50");
  EXPECT_EQ(gold["sum"].get_string().value(), "0.00");
  EXPECT_EQ(found["player"]["balances"].at(0)["available_balance"].get_string().value(), "137.50");
  auto const text = cli({"audit", "at", end, "--player", "ada@example.com", "--game", std::to_string(game_.value())});
  EXPECT_TRUE(contains(text.out, "137.50"));
}

TEST_F(CliAudit, AtShowsWhatIsReservedAndWhatCrossedIntoAnotherGame) {
  send_to_another_game();
  auto const end = std::to_string(store_->head().position.value());
  std::vector<std::string> const words{
      "audit", "at", end, "--player", "ada@example.com", "--game", std::to_string(game_.value())};
  auto as_json = words;
  as_json.push_back("--json");
  auto const result = cli(as_json);
  ASSERT_EQ(result.code, kOk) << result.err;
  simdjson::dom::parser parser;
  simdjson::dom::element found;
  ASSERT_EQ(parser.parse(result.out).get(found), simdjson::SUCCESS) << result.out;
  EXPECT_EQ(found["open_transfers"].get_uint64().value(), 1u);
  // 3.5 % for each game, the rest of the 10 % for the network.
  auto const gold = found["trial_balance"].at(0);
  EXPECT_EQ(gold["player_available"].get_string().value(), "185.00");
  EXPECT_EQ(gold["player_reserved"].get_string().value(), "30.00");
  EXPECT_EQ(gold["game_revenue"].get_string().value(), "5.20");
  EXPECT_EQ(gold["network_fees"].get_string().value(), "1.10");
  EXPECT_EQ(gold["transfer_clearing"].get_string().value(), "18.70");
  EXPECT_EQ(gold["sum"].get_string().value(), "0.00");
  auto const mana = found["trial_balance"].at(2);
  EXPECT_EQ(mana["player_available"].get_string().value(), "18.00");
  EXPECT_EQ(mana["game_revenue"].get_string().value(), "0.70");
  EXPECT_EQ(mana["transfer_clearing"].get_string().value(), "-18.70");
  EXPECT_EQ(mana["sum"].get_string().value(), "0.00");
  auto const wallet = found["player"]["balances"].at(0);
  EXPECT_EQ(wallet["available_balance"].get_string().value(), "87.50");
  EXPECT_EQ(wallet["reserved_balance"].get_string().value(), "30.00");
  EXPECT_EQ(wallet["total_balance"].get_string().value(), "117.50");
  auto const text = cli(words);
  EXPECT_TRUE(contains(text.out, "player_reserved")) << text.out;
  EXPECT_TRUE(contains(text.out, "transfer_clearing")) << text.out;
}

TEST(CliTrialBalance, ClearingOfACrossingIsOneForOneInBothCurrencies) {
  domain::TransferClaimed claim;
  claim.currency = domain::CurrencyId(1);
  claim.target_currency = domain::CurrencyId(2);
  claim.amount = domain::Money::from_minor(100);
  TrialBalance books;
  books.add({domain::Position(1), {}, {}, {claim}});
  EXPECT_EQ(books.total(domain::CurrencyId(1), domain::Account::transfer_clearing).text(), "1.00");
  EXPECT_EQ(books.total(domain::CurrencyId(2), domain::Account::transfer_clearing).text(), "-1.00");
  EXPECT_EQ(books.sum(domain::CurrencyId(1)).text(), "0.00");
  EXPECT_EQ(books.sum(domain::CurrencyId(3)).text(), "0.00");
}

TEST_F(CliAudit, ClearingThatIsNotZeroOverAllCurrenciesIsNamed) {
  domain::TransferClaimed claim;
  claim.currency = domain::CurrencyId(1);
  claim.target_currency = domain::CurrencyId(3);  // of no game
  claim.amount = domain::Money::from_minor(100);
  TrialBalance books;
  books.add({domain::Position(1), {}, {}, {claim}});
  auto const wrong = books.disagreements(store_->state());
  ASSERT_FALSE(wrong.empty());
  EXPECT_EQ(wrong.back(), "transfer_clearing is 1.00 over all currencies, not zero");
}

TEST_F(CliAudit, RefundsInFlightThatNobodyWaitsForAreNamed) {
  TrialBalance books;
  books.add({domain::Position(2),
             {},
             {},
             {domain::RefundRequested{domain::RefundId(2),
                                      domain::OrderId(1),
                                      domain::PlayerId(1),
                                      domain::CurrencyId(1),
                                      domain::Usd::from_minor(100),
                                      {},
                                      "",
                                      "pi_1",
                                      ""}}});
  auto const wrong = books.disagreements(store_->state());
  EXPECT_NE(std::find(wrong.begin(), wrong.end(), "currency 1: refunds_in_flight is 10.00 but the state holds 0.00"),
            wrong.end());
}

std::uint64_t position_in(CliResult const& result) {
  simdjson::dom::parser parser;
  simdjson::dom::element found;
  EXPECT_EQ(parser.parse(result.out).get(found), simdjson::SUCCESS) << result.out << result.err;
  return found["position"].get_uint64().value();
}

TEST_F(CliAudit, AMomentIsTheLastWholeCommitBeforeIt) {
  // Position 3 lies inside the second commit: the state is the one after the first.
  EXPECT_EQ(position_in(cli({"audit", "at", "0", "--json"})), 0u);
  EXPECT_EQ(position_in(cli({"audit", "at", "3", "--json"})), commit_ends_[0].value());
  EXPECT_EQ(position_in(cli({"audit", "at", std::to_string(commit_ends_[1].value()), "--json"})),
            commit_ends_[1].value());
  EXPECT_EQ(position_in(cli({"audit", "at", "2025-01-01T00:00:00Z", "--json"})), 0u);
  EXPECT_EQ(position_in(cli({"audit", "at", "2027-01-01T00:00:00Z", "--json"})), commit_ends_.back().value());
  for (std::size_t i = 0; i < commit_ends_.size(); ++i) {
    auto const time = domain::Timestamp::from_seconds(kStart + 1 + static_cast<std::int64_t>(i));
    EXPECT_EQ(position_in(cli({"audit", "at", domain::to_iso8601(time), "--json"})), commit_ends_[i].value());
    EXPECT_EQ(position_in(cli({"audit", "at", domain::to_iso8601_micros(time + -1), "--json"})),
              i == 0 ? 0 : commit_ends_[i - 1].value());
  }
}

// A reply says 00:01:00 of what happened at some microsecond of that second.
TEST_F(CliAudit, ATimeWithoutAFractionIsAllOfThatSecond) {
  std::vector<domain::Position> ends;
  auto const credit = [&](std::int64_t micros) {
    domain::CreditBalance command{game_, store_->player("ada@example.com"), {}, domain::Money::from_minor(7), "x"};
    auto const at = domain::Timestamp::from_micros((kStart + 60) * 1'000'000 + micros);
    auto const done = store_->run(command, {game_, "m" + std::to_string(micros), {}}, at, 1);
    ASSERT_TRUE(done && done.value());
    ends.push_back(store_->head().position);
  };
  for (auto const micros : {0, 250'000, 999'999, 1'000'000}) credit(micros);
  ASSERT_TRUE(store_->flush());
  std::pair<char const*, std::uint64_t> const moments[] = {
      {"2026-01-01T00:01:00Z", ends[2].value()},
      {"2026-01-01T02:01:00+02:00", ends[2].value()},
      {"2026-01-01T00:01:00.0Z", ends[0].value()},
      {"2026-01-01T00:01:00.25Z", ends[1].value()},
      {"2026-01-01T00:01:00.999998Z", ends[1].value()},
      {"2026-01-01T00:01:01Z", ends[3].value()},
      {"2026-01-01T00:00:59Z", commit_ends_.back().value()},
  };
  for (auto const& [text, position] : moments) {
    EXPECT_EQ(position_in(cli({"audit", "at", text, "--json"})), position) << text;
  }
  std::pair<char const*, std::uint64_t> const starts[] = {
      {"2026-01-01T00:01:00Z", ends[0].value()},
      {"2026-01-01T00:01:00.25Z", ends[1].value()},
      {"2026-01-01T00:01:00.3+00:00", ends[2].value()},
      {"2025-01-01T00:00:00Z", 1},
  };
  for (auto const& [text, position] : starts) {
    auto const tail = cli({"log", "tail", "--from", text, "-n", "1"});
    EXPECT_EQ(tail.out.substr(0, 12),
              std::string(10 - std::to_string(position).size(), ' ') + std::to_string(position) + "  ")
        << text;
  }
  EXPECT_TRUE(cli({"log", "tail", "--from", "2027-01-01T00:00:00Z"}).out.empty());
}

TEST_F(CliAudit, AtRefusesWhatIsNoMoment) {
  EXPECT_EQ(cli({"audit", "at", "yesterday"}).code, kUsage);
  EXPECT_EQ(cli({"audit", "at", "99999"}).code, kUsage);
  EXPECT_EQ(cli({"audit", "at", "1", "--player", "ada@example.com"}).code, kUsage);
  auto const stranger =
      cli({"audit", "at", "1", "--player", "eve@example.com", "--game", std::to_string(game_.value())});
  EXPECT_EQ(stranger.code, kOk);
  EXPECT_TRUE(contains(stranger.out, "not in that game"));
  auto const nowhere = cli({"audit", "at", "1", "--player", "eve@example.com", "--game", "999999999999"});
  EXPECT_EQ(nowhere.code, kOk);
  EXPECT_TRUE(contains(nowhere.out, "there was no game 999999999999 then")) << nowhere.out;
  auto const alone = cli({"audit", "at", "1", "--game", std::to_string(game_.value())});
  EXPECT_EQ(alone.code, kUsage);
  EXPECT_TRUE(contains(alone.err, "--game needs --player")) << alone.err;
}

// As a release up to 1c8f11c registered people: under the text in ASCII lower case.
TEST_F(CliAudit, MailboxesListsPeopleOfOneMailboxAndAddressesThatAreNone) {
  for (auto const* email : {"josÉ@x.example", "josé@x.example", "jose\u0301@x.example", "a..b@c.de", "ÜnÏ@x.example"}) {
    auto const at = domain::Timestamp::from_seconds(kStart + 1'000);
    auto const decision =
        store_->run(domain::CreditBalance{game_, store_->player(email), {}, domain::Money::from_minor(100), "prize"},
                    {game_, email, {}}, at, 17);
    ASSERT_TRUE(decision && decision.value());
  }
  ASSERT_TRUE(store_->flush());
  auto const text = cli({"audit", "mailboxes"});
  ASSERT_EQ(text.code, kOk) << text.err;
  EXPECT_TRUE(contains(text.out, "7 people, 4 of them registered by an earlier release under another key")) << text.out;
  EXPECT_TRUE(text.out.starts_with("environment  sandbox\nfolder       " + layout().folder.string() + "\n"))
      << text.out;
  EXPECT_TRUE(contains(text.out, "\"josÉ@x.example\"  ")) << "it looks like no other: " << text.out;
  EXPECT_TRUE(contains(text.out, "\"josé@x.example\" (U+00E9)")) << text.out;
  EXPECT_TRUE(contains(text.out, "\"jose\u0301@x.example\" (U+0301)")) << text.out;
  EXPECT_TRUE(contains(text.out, "invalid by today's rule")) << text.out;
  EXPECT_TRUE(contains(text.out, "a dot is first, last or doubled")) << text.out;

  auto const result = cli({"audit", "mailboxes", "--json"});
  ASSERT_EQ(result.code, kOk) << result.err;
  simdjson::dom::parser parser;
  simdjson::dom::element found;
  ASSERT_EQ(parser.parse(result.out).get(found), simdjson::SUCCESS) << result.out;
  EXPECT_EQ(found["environment"].get_string().value(), "sandbox");
  EXPECT_EQ(found["folder"].get_string().value(), layout().folder.string());
  ASSERT_EQ(found["mailboxes"].get_array().value().size(), 1u) << result.out;
  auto const first = found["mailboxes"].at(0).at(0);
  auto const second = found["mailboxes"].at(0).at(1);
  EXPECT_EQ(first["email"].get_string().value(), "josé@x.example") << "whoever has the rule's key";
  EXPECT_EQ(first["found_by"].get_string().value(), "every_other_spelling");
  EXPECT_EQ(second["email"].get_string().value(), "josÉ@x.example");
  EXPECT_EQ(second["players"].at(0)["game_id"].get_string().value(), std::to_string(game_.value()));
  EXPECT_EQ(found["no_email"].at(0)["email"].get_string().value(), "a..b@c.de");
  EXPECT_EQ(found["no_email"].get_array().value().size(), 1u);

  auto const end = std::to_string(store_->head().position.value());
  for (auto const* spelling : {"josé@x.example", "JOSÉ@x.example", "jose\u0301@x.example", "ÜNÏ@x.example",
                               "uni\u0308@x.example", "ünï@x.example", "A..b@c.de"}) {
    auto const shown = cli({"audit", "at", end, "--player", spelling, "--game", std::to_string(game_.value())});
    EXPECT_EQ(contains(shown.out, "101.00"), std::string_view(spelling) != "uni\u0308@x.example")
        << spelling << shown.out;
  }
  auto const none = cli({"audit", "at", end, "--player", "x..b@c.de", "--game", std::to_string(game_.value())});
  EXPECT_EQ(none.code, kUsage);
  EXPECT_TRUE(contains(none.err, "--player is not an e-mail address")) << none.err;
}

// A release up to 1c8f11c took a name and an e-mail of any bytes.
TEST_F(CliAudit, ALogWithABadByteIsPrintedAsJsonAllTheSame) {
  auto const decision = store_->run(
      domain::CreditBalance{
          game_, store_->player("\xff@example.com", "Z\xc3"), {}, domain::Money::from_minor(100), "\xfe"},
      {game_, "bad\x80", {}}, domain::Timestamp::from_seconds(kStart + 1'000), 17);
  ASSERT_TRUE(decision && decision.value());
  ASSERT_TRUE(store_->flush());
  for (auto const& command : std::vector<std::vector<std::string>>{
           {"log", "tail", "--from", "1", "--open", "--json"},
           {"log", "tail", "--from", "1", "--json"},
           {"log", "show", std::to_string(store_->head().position.value()), "--open", "--json"},
           {"audit", "mailboxes", "--json"}}) {
    auto const result = cli(command);
    ASSERT_EQ(result.code, kOk) << result.err;
    EXPECT_TRUE(simdjson::validate_utf8(result.out)) << testing::PrintToString(command);
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) {
      simdjson::dom::parser parser;
      EXPECT_EQ(parser.parse(line).error(), simdjson::SUCCESS) << line;
    }
  }
  EXPECT_TRUE(contains(cli({"log", "tail", "--from", "1", "--open", "--json"}).out, "\\ufffd@example.com"));
}

TEST_F(CliAudit, AtOfAChangedLogFails) {
  flip(static_cast<std::int64_t>(commit_ends_[2].value()), "bytes", 40, 1);
  EXPECT_EQ(cli({"audit", "at", std::to_string(commit_ends_[3].value())}).code, kCheckFailed);
}

TEST_F(CliAudit, BenchReplayCountsEveryEvent) {
  auto const result = cli({"bench", "replay", "--json"});
  ASSERT_EQ(result.code, kOk) << result.err;
  EXPECT_TRUE(contains(result.out, R"("events":)" + std::to_string(commit_ends_.back().value()) + ","));
}

}  // namespace
}  // namespace florin::api::cli
