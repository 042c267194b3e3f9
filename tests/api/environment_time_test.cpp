// An environment whose machine's clock is set: times that are stored, and times that are only waited for
// (eventstore/runtime/clock.h).
#include <gtest/gtest.h>

#include "api/environment.h"
#include "api/limits.h"
#include "api/readiness.h"
#include "tests/api/await.h"
#include "tests/support/store.h"
#include "tests/support/temp_folder.h"
#include "tests/support/two_hands_clock.h"

namespace florin::api {
namespace {

using namespace test_support;
using domain::GameId;
using domain::RejectionCode;
using domain::Timestamp;
using eventstore::LedgerClock;

constexpr std::int64_t kSecond = domain::kMicrosPerSecond;
constexpr std::int64_t kTwoHours = 7'200;

class EnvironmentTime : public ::testing::Test {
 protected:
  void open() {
    clock_ = std::make_unique<LedgerClock>(machine_.reader());
    EnvironmentOptions options;
    options.sandbox_phone = true;
    options.public_url = "http://localhost";
    auto opened = Environment::open("production", environment_layout(folder_.path(), false), *clock_, options);
    ASSERT_TRUE(opened) << opened.error().what;
    environment_ = std::move(opened).value();
    auto const started = environment_->start();
    ASSERT_TRUE(started) << started.error().what;
  }
  void close() {
    EXPECT_TRUE(environment_->stop());
    environment_.reset();
  }
  void TearDown() override {
    if (environment_) close();
  }

  eventstore::Outcome ask(domain::Command command) {
    Payload const payload("test");
    return await([&](Inbox& inbox) {
      return environment_->ledger().commands.execute(inbox, std::move(command), {}, "", payload);
    });
  }
  eventstore::CommitPtr commit(domain::Command command) {
    return std::get<eventstore::Committed>(ask(std::move(command))).commit;
  }
  // The refusal's retry_after, which is above zero; 0: it was committed.
  std::int64_t wait_for(domain::Command command) {
    auto const outcome = ask(std::move(command));
    auto const* refused = std::get_if<domain::Rejection>(&outcome);
    return refused == nullptr ? 0 : refused->retry_after;
  }
  // Time goes by, and the clock is read each second as the server does.
  void pass(std::int64_t seconds) {
    for (; seconds > 0; --seconds) {
      machine_.pass_seconds(1);
      (void)clock_->now();
    }
  }
  GameId make_game() {
    auto command = create_game();
    command.settings.status = domain::GameStatus::live;
    auto const game = std::get<domain::GameCreated>(commit(command)->events.at(0)).game;
    commit(credit(game, 1, units(1'000)));
    return game;
  }
  static domain::TransferId transaction_of(domain::Commit const& commit) {
    return std::get<domain::TransferInitiated>(commit.events.back()).transaction;
  }

  TempFolder folder_;
  Machine machine_;
  std::unique_ptr<LedgerClock> clock_;
  std::unique_ptr<Environment> environment_;
};

// The issue's scenario: begun with a clock that is two hours ahead, which is then set right.
TEST_F(EnvironmentTime, AfterTheClockWasSetRightWaitsAreRightWithinATenth) {
  machine_.set_wall_by(kTwoHours);
  open();
  auto const game = make_game();
  auto const initiated = commit(send(game, 1, game, 2, units(5)));
  machine_.set_wall_by(-kTwoHours);

  // The same again within 30 s, and a second PIN: the wait is 30 s of the ledger's, 34 of the machine's.
  EXPECT_EQ(wait_for(send(game, 1, game, 2, units(5))), 30);
  domain::ResendPin const resend{game, domain::Flavour::send, transaction_of(*initiated)};
  EXPECT_EQ(wait_for(resend), 30);
  pass(33);
  EXPECT_GT(wait_for(send(game, 1, game, 2, units(5))), 0);
  EXPECT_GT(wait_for(resend), 0);
  pass(1);
  auto const again = commit(send(game, 1, game, 2, units(5)));
  EXPECT_EQ(again->at, initiated->at + 34 * kSecond * 9 / 10) << "commits do not carry one time for two hours";
  auto const resent = commit(resend);
  EXPECT_EQ(std::get<domain::PinReissued>(resent->events.at(0)).expires_at, resent->at + 600 * kSecond);

  // A PIN of ten minutes ends with the twelfth, and not in two hours.
  pass(666);
  EXPECT_TRUE(environment_->ledger().state.read(
      [&](domain::State const& state) { return state.find_transfer(transaction_of(*again)) != nullptr; }));
  pass(1);
  domain::VerifyPin const late{game, domain::Flavour::send, transaction_of(*again), ~0u};
  auto const outcome = ask(late);
  auto const* refused = std::get_if<domain::Rejection>(&outcome);
  ASSERT_NE(refused, nullptr);
  EXPECT_TRUE(refused->code == RejectionCode::pin_expired || refused->code == RejectionCode::transfer_not_open);
}

TEST_F(EnvironmentTime, ALogThatIsAheadIsGoneOnWithAndNotWaitedFor) {
  machine_.set_wall_by(kTwoHours);
  open();
  auto const game = make_game();
  auto const last = commit(credit(game, 1, units(1)));
  close();
  machine_.set_wall_by(-kTwoHours);
  open();
  EXPECT_GE(commit(credit(game, 1, units(1)))->at, last->at);
  pass(100);
  EXPECT_EQ(commit(credit(game, 1, units(1)))->at, last->at + 90 * kSecond);
  pass(72'000);
  EXPECT_EQ(commit(credit(game, 1, units(1)))->at, machine_.wall()) << "two hours heal within a day";
}

TEST_F(EnvironmentTime, RateLimitsKnowNothingOfTheWallClock) {
  open();
  domain::Game game;
  game.id = GameId(123'456'789'012);
  auto const kind = domain::LimitKind::item_purchases_per_player_minute;
  game.settings.limits.push_back({kind, 60});
  Limits limits(true);
  auto const take = [&] { return limits.take(game, kind, 7, environment_->ledger().clock.read().steady); };
  for (auto const jump : {std::int64_t{0}, kTwoHours, -2 * kTwoHours, kTwoHours}) {
    machine_.set_wall_by(jump);
    for (int i = 0; i < 90; ++i) ASSERT_EQ(take(), 0) << jump;
    EXPECT_EQ(take(), 1) << jump;
    machine_.set_wall_by(1'000);
    EXPECT_EQ(take(), 1) << "and a jump ends no wait";
    machine_.set_wall_by(-1'000);
    machine_.pass_seconds(600);
  }
}

TEST_F(EnvironmentTime, ReadinessSaysHowTheClockStands) {
  open();
  auto const time = [&] {
    for (auto const& check : readiness_checks(*environment_)) {
      if (check.name == "time") return check;
    }
    return ReadinessCheck{};
  };
  EXPECT_EQ(time().status, CheckStatus::pass);
  EXPECT_EQ(time().message, "");
  EXPECT_EQ(time().details,
            R"({"wall":"2027-01-15T08:00:00Z","ledger":"2027-01-15T08:00:00Z","lead_seconds":0,"following":true,)"
            R"("wall_jumps":0})");
  machine_.set_wall_by(kTwoHours);
  EXPECT_EQ(time().status, CheckStatus::warn);
  EXPECT_NE(time().message.find("7200 s ahead of the ledger's time and is not followed"), std::string::npos);
  EXPECT_EQ(time().details,
            R"({"wall":"2027-01-15T10:00:00Z","ledger":"2027-01-15T08:00:00Z","lead_seconds":-7200,"following":false,)"
            R"("wall_jumps":1})");
  EXPECT_EQ(environment_->ledger().clock.confirm(), kTwoHours * kSecond);
  EXPECT_EQ(time().status, CheckStatus::pass);
  machine_.set_wall_by(-kTwoHours);
  EXPECT_EQ(time().status, CheckStatus::warn);
  EXPECT_NE(time().message.find("7200 s ahead of the wall clock"), std::string::npos);
}

}  // namespace
}  // namespace florin::api
