#include "tests/api/cli_fixture.h"

#include "api/serve.h"
#include "tests/support/facts.h"

namespace florin::api {

Served serve(Config const& config, StartLine) {
  cli::served_config() = config;
  return {};
}

}  // namespace florin::api

namespace florin::api::cli {

std::optional<Config>& served_config() {
  static std::optional<Config> config;
  return config;
}

void CliStoreTest::SetUp() {
  using domain::Money;
  auto const* info = testing::UnitTest::GetInstance()->current_test_info();
  folder_ = std::filesystem::temp_directory_path() /
            ("florin_cli_" + std::string(info->name()) + "_" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder_);
  auto created = tests::OfflineStore::create(layout());
  ASSERT_TRUE(created) << created.error().what;
  store_.emplace(std::move(created).value());
  auto& store = *store_;

  std::int64_t step = 0;
  std::vector<domain::Event> events;
  auto const run = [&](domain::Command const& command, std::string id) {
    auto decision =
        store.run(command, {game_, std::move(id), {}}, domain::Timestamp::from_seconds(kStart + ++step), 17);
    ASSERT_TRUE(decision) << decision.error().what;
    ASSERT_TRUE(decision.value());
    events = decision.value().value();
    commit_ends_.push_back(store.head().position);
    ASSERT_TRUE(store.flush());  // a row of its own
  };

  domain::CreateGame create;
  create.settings.name = "Knights";
  create.settings.status = domain::GameStatus::live;
  create.currencies = {{{}, "Gold", "GLD", Money::from_minor(10'000), Money::from_minor(1), {}},
                       {{}, "Gems", "GEM", Money{}, Money::from_minor(1), {}}};
  run(create, "");
  game_ = std::get<domain::GameCreated>(events.front()).game;

  auto const ada = store.player("ada@example.com", "Ada");
  auto const bob = store.player("bob@example.com");
  run(domain::CreditBalance{game_, ada, {}, Money::from_minor(5'000), "prize"}, "c1");
  run(domain::DebitBalance{game_, ada, {}, Money::from_minor(1'000), "fine"}, "d1");
  for (int i = 1; i <= 3; ++i) {
    domain::PurchaseItem purchase{
        game_, i == 3 ? bob : ada, {}, {"sword", "Sword", "", ""}, 1, Money::from_minor(250), Money::from_minor(250)};
    auto const order = domain::next(store.head().position);
    run(purchase, "p" + std::to_string(i));
    if (i != 2) continue;
    refunded_order_ = domain::OrderId(order);
    run(domain::RefundItem{game_, samples::fact(std::get<domain::ItemPurchased>(events.back()), order), "broken"},
        "r1");
  }
  auto const written = store.write_checkpoint();
  ASSERT_TRUE(written) << written.error().what;
}

void CliStoreTest::send_to_another_game() {
  using domain::Flavour;
  using domain::Money;
  auto& store = *store_;
  std::int64_t second = 100;
  auto const run = [&](domain::Command const& command) {
    second += 100;
    auto const at = domain::Timestamp::from_seconds(kStart + second);
    auto const decision = store.run(command, {game_, "t" + std::to_string(second), {}}, at, 18);
    ASSERT_TRUE(decision) << decision.error().what;
    ASSERT_TRUE(decision.value()) << static_cast<int>(decision.value().error().code);
  };
  domain::CreateGame create;
  create.settings.name = "Wizards";
  create.settings.status = domain::GameStatus::live;
  create.currencies = {{{}, "Mana", "MAN", Money{}, Money::from_minor(1), {}}};
  run(create);
  auto const wizards = store.state().games().back().id;

  auto const phone = [&](std::string number) {
    return domain::PhoneRef{store.vault().phone_index(number), std::move(number)};
  };
  auto const bob = store.player("bob@example.com");
  domain::InitiateTransfer send;
  send.flavour = Flavour::send;
  send.game = game_;
  send.sender = store.player("ada@example.com");
  send.sender_phone = phone("+46701234567");
  send.target = wizards;
  send.receiver = {bob.email_index, bob.email};
  send.receiver_phone = phone("+46707654321");
  send.amount = Money::from_minor(2'000);
  domain::TransferId const transaction(domain::next(store.head().position));
  run(send);
  run(domain::VerifyPin{game_, Flavour::send, transaction, 1});
  run(domain::ClaimTransfer{wizards, Flavour::send, transaction, bob, send.receiver_phone, {}, {}});
  send.amount = Money::from_minor(3'000);
  run(send);
  ASSERT_TRUE(store.flush());
}

void CliStoreTest::TearDown() {
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace florin::api::cli
