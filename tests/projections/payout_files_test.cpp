// The payouts of a day: what its bank file has, whatever happens later.
#include "projections/payments.h"
#include "tests/projections/views_fixture.h"

namespace florin::projections {
namespace {

using domain::Money;
using domain::PayoutId;
using domain::PayoutStatus;
using domain::Timestamp;

constexpr std::int64_t kHour = 3'600;  // seconds

class PayoutFiles : public ViewsTest {
 protected:
  void SetUp() override { game = town.create_game("g", {"gold"}).id; }

  PayoutId ask() {
    auto const& seller = *town.state().find_game(game);
    town.credit(seller, 0, 1'000);
    town.purchase(seller, 0, 1'000);
    domain::RequestPayout command;
    command.game = game;
    command.usd = domain::Usd::from_minor(50);
    command.contact = {Town::email_index(9), "cfo@example.com"};
    command.holder = "G";
    command.account = "000123456789";
    command.routing = "021000021";
    auto const commit = town.play(command);
    FLORIN_ASSERT(commit != nullptr);
    return std::get<domain::PayoutRequested>(commit->events.back()).payout;
  }
  void advance(PayoutId payout, PayoutStatus status) {
    ASSERT_NE(town.play(domain::AdvancePayout{payout, status, ""}), nullptr);
  }
  PayoutId processing() {
    auto const payout = ask();
    advance(payout, PayoutStatus::approved);
    advance(payout, PayoutStatus::processing);
    return payout;
  }
  std::vector<PayoutId> file(Timestamp day) {
    auto view = read("payments");
    auto const rows = read_processed(view, day, day + domain::kMicrosPerDay);
    EXPECT_TRUE(rows);
    std::vector<PayoutId> payouts;
    for (auto const& row : rows.value()) payouts.push_back(row.payout);
    return payouts;
  }

  domain::GameId game;
  Timestamp const midnight = Timestamp::from_seconds(1'800'000'000 - 8 * kHour);  // the town's clock starts at eight
};

TEST_F(PayoutFiles, ADaysFileHasWhatBecameProcessingThenAndHadNotFailed) {
  auto const kept = processing();
  auto const failed = processing();
  auto const completed = processing();
  auto const given_back = processing();
  auto const approved = ask();
  advance(approved, PayoutStatus::approved);
  advance(failed, PayoutStatus::failed);
  advance(completed, PayoutStatus::completed);
  advance(given_back, PayoutStatus::completed);
  advance(given_back, PayoutStatus::failed);
  EXPECT_EQ(file(midnight), (std::vector{kept, completed}));
  town.pass(24 * kHour);
  advance(approved, PayoutStatus::processing);
  EXPECT_EQ(file(midnight), (std::vector{kept, completed}));
  EXPECT_EQ(file(midnight + domain::kMicrosPerDay), std::vector{approved});
}

TEST_F(PayoutFiles, WhatHappensOnALaterDayDoesNotChangeADaysFile) {
  auto const fails = processing();
  auto const comes_back = processing();
  auto const stays = processing();
  std::vector const all{fails, comes_back, stays};
  EXPECT_EQ(file(midnight), all);
  town.pass(24 * kHour);
  advance(fails, PayoutStatus::failed);
  advance(comes_back, PayoutStatus::completed);
  EXPECT_EQ(file(midnight), all);
  town.pass(24 * kHour);
  advance(comes_back, PayoutStatus::failed);
  EXPECT_EQ(file(midnight), all);
  EXPECT_TRUE(file(midnight + domain::kMicrosPerDay).empty());
}

TEST_F(PayoutFiles, APayoutKnowsWhenItFailed) {
  auto const payout = processing();
  advance(payout, PayoutStatus::failed);
  auto view = read("payments");
  auto const page = read_payouts(view, game, PayoutStatus::failed, 10, std::nullopt);
  ASSERT_TRUE(page);
  auto const at = town.commits().back()->at;
  ASSERT_EQ(page.value().payouts.size(), 1u);
  EXPECT_EQ(page.value().payouts.front().failed_at, at);
  EXPECT_EQ(page.value().payouts.front().payout, payout);
}

}  // namespace
}  // namespace florin::projections
