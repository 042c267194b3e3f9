// CONTRACT, Withdrawals: what a game may ask for, and every step of a payout from every place it can stand.
#include "domain/payout.h"

#include <algorithm>
#include <array>
#include <map>

#include "tests/domain/ledger_dsl.h"

namespace florin::domain::testing {
namespace {

constexpr PlayerId kAnn(1);

// An item is sold to Ann for all of `total`, of which `owed` is the game's.
ItemPurchased sold(CurrencyId currency, std::string_view total, std::string_view owed, std::string_view left = "0.00") {
  return {kAnn, currency, {}, 1, units(total), units(total), units(total) - units(owed), units(owed), units(left)};
}

// The game has earned 90.00 gold: nine dollars. Seven events.
std::vector<Event> earned() {
  return ann_with_gold(units("100.00")) + std::vector<Event>{sold(kGold, "100.00", "90.00")};
}
constexpr PayoutId kPayout(8);

RequestPayout payout(Usd amount) {
  return {kGame,
          {index_of("cfo@example.com"), "cfo@example.com"},
          amount,
          "Gold Games",
          "000123456789",
          "021000021",
          AccountType::checking};
}
RequestPayout payout(std::string_view amount) { return payout(usd(amount)); }

PayoutRequested requested(std::string_view amount, std::vector<PayoutShare> shares, PayoutId at = kPayout,
                          std::uint64_t contact = 2) {
  return {at,
          kGame,
          usd(amount),
          std::move(shares),
          IdentityId(contact),
          {"Gold Games", false},
          {"000123456789", false},
          "021000021",
          "6789",
          AccountType::checking};
}
PayoutAdvanced advanced(PayoutStatus status, std::string note = "note") {
  PayoutAdvanced event{kPayout, kGame, usd("9.00"), {{kGold, units("90.00")}}, status, std::move(note)};
  event.dated_by_export = status == PayoutStatus::processing;
  return event;
}
// The bank gave back what it had paid.
PayoutAdvanced given_back(std::string note = "note") {
  auto event = advanced(PayoutStatus::failed, std::move(note));
  event.was_completed = true;
  return event;
}
Rejection more_than(Usd available, Usd required) {
  return {.code = RejectionCode::payout_exceeds_balance, .usd_available = available, .usd_required = required};
}

std::vector<Event> asked() {
  return earned() + std::vector<Event>{registered(2, "cfo@example.com"), requested("9.00", {{kGold, units("90.00")}})};
}

constexpr std::array kStatuses{PayoutStatus::requested, PayoutStatus::approved, PayoutStatus::processing,
                               PayoutStatus::completed, PayoutStatus::rejected, PayoutStatus::failed};

// The shortest way there.
std::vector<Event> standing(PayoutStatus status) {
  using enum PayoutStatus;
  switch (status) {
    case requested: return asked();
    case approved: return asked() + std::vector<Event>{advanced(approved)};
    case processing: return standing(approved) + std::vector<Event>{advanced(processing)};
    case completed: return standing(processing) + std::vector<Event>{advanced(completed)};
    case rejected: return asked() + std::vector<Event>{advanced(rejected)};
    case failed: return standing(processing) + std::vector<Event>{advanced(failed)};
  }
  return {};
}

// ---- asking ------------------------------------------------------------------------------------------------------

TEST(PayoutRequest, TakesWhatItAsksForAtOnce) {
  given(earned())
      .when(payout("9.00"))
      .then({registered(2, "cfo@example.com"), requested("9.00", {{kGold, units("90.00")}})});
  auto const state = state_after(asked());
  EXPECT_EQ(state.revenue(kGold), (Revenue{Money{}, units("90.00"), Money{}}));
  EXPECT_EQ(payable_usd(state, *state.find_game(kGame)), Usd{});
  ASSERT_NE(state.find_payout(kPayout), nullptr);
  EXPECT_EQ(state.find_payout(kPayout)->status, PayoutStatus::requested);
}

TEST(PayoutRequest, OfSomebodyKnownRegistersNobody) {
  auto const known = earned() + std::vector<Event>{registered(2, "cfo@example.com")};
  given(known).when(payout("1.00")).then({requested("1.00", {{kGold, units("10.00")}}, PayoutId(9))});
}

TEST(PayoutRequest, TheSecondOfTwoForEverythingIsRefused) {
  given(earned()).when(payout("9.01")).then(more_than(usd("9.00"), usd("9.01")));
  given(asked()).when(payout("9.00")).then(more_than(Usd{}, usd("9.00")));
  given(asked()).when(payout("0.01")).then(more_than(Usd{}, usd("0.01")));
}

TEST(PayoutRequest, SeveralRunAtATimeUpToWhatIsOwed) {
  auto const once =
      earned() + std::vector<Event>{registered(2, "cfo@example.com"), requested("4.00", {{kGold, units("40.00")}})};
  given(once).when(payout("5.01")).then(more_than(usd("5.00"), usd("5.01")));
  auto outcome = given(once).when(payout("5.00"));
  outcome.then({requested("5.00", {{kGold, units("50.00")}}, PayoutId(10))});
}

TEST(PayoutRequest, IsAtLeastACent) {
  for (auto const amount : {Usd{}, -usd("0.01"), -kMaxPayoutUsd, kMaxPayoutUsd + usd("0.01")}) {
    given(earned()).when(payout(amount)).then(RejectionCode::invalid_amount);
  }
  given(earned())
      .when(payout("0.01"))
      .then({registered(2, "cfo@example.com"), requested("0.01", {{kGold, units("0.10")}})});
  given(earned()).when(payout(kMaxPayoutUsd)).then(more_than(usd("9.00"), kMaxPayoutUsd));
}

TEST(PayoutRequest, WhatIsLeftBelowACentStaysOwed) {
  for (auto const* owed : {"0.10", "0.19"}) {
    auto const world = ann_with_gold(units("1.00")) + std::vector<Event>{sold(kGold, "1.00", owed)};
    given(world).when(payout("0.02")).then(more_than(usd("0.01"), usd("0.02")));
    given(world)
        .when(payout("0.01"))
        .then({registered(2, "cfo@example.com"), requested("0.01", {{kGold, units("0.10")}})});
  }
  auto const less = ann_with_gold(units("1.00")) + std::vector<Event>{sold(kGold, "1.00", "0.09")};
  given(less).when(payout("0.01")).then(more_than(Usd{}, usd("0.01")));
}

TEST(PayoutRequest, TakesFromOneCurrencyAfterTheOther) {
  auto const both =
      earned() + std::vector<Event>{credited(1, kGems, units("50.00"), units("50.00")), sold(kGems, "50.00", "30.00")};
  given(both)
      .when(payout("10.00"))
      .then({registered(2, "cfo@example.com"),
             requested("10.00", {{kGold, units("90.00")}, {kGems, units("10.00")}}, PayoutId(10))});
  given(both).when(payout("12.01")).then(more_than(usd("12.00"), usd("12.01")));
}

// Half a cent of one and half a cent of the other are a cent.
TEST(PayoutRequest, CentsAreCountedOverAllCurrencies) {
  auto const both = ann_with_gold(units("1.00")) + std::vector<Event>{sold(kGold, "1.00", "0.05"),
                                                                      credited(1, kGems, units("1.00"), units("1.00")),
                                                                      sold(kGems, "1.00", "0.05")};
  given(both)
      .when(payout("0.01"))
      .then({registered(2, "cfo@example.com"),
             requested("0.01", {{kGold, units("0.05")}, {kGems, units("0.05")}}, PayoutId(10))});
}

// Sold, paid out, and then refunded: the game owes what the other currency earns.
TEST(PayoutRequest, WhatOneCurrencyIsShortOfTheOthersPay) {
  auto const owing = asked() + std::vector<Event>{ItemRefunded{OrderId(7), kAnn, kGold, units("100.00"), units("10.00"),
                                                               units("90.00"), units("100.00"), "broken"},
                                                  credited(1, kGems, units("200.00"), units("200.00")),
                                                  sold(kGems, "200.00", "100.00")};
  EXPECT_EQ(state_after(owing).revenue(kGold).owed, -units("90.00"));
  given(owing).when(payout("1.01")).then(more_than(usd("1.00"), usd("1.01")));
  given(owing).when(payout("1.00")).then({requested("1.00", {{kGems, units("10.00")}}, PayoutId(13))});
  // When the bank gives the first one back, there is enough again.
  given(owing + std::vector<Event>{advanced(PayoutStatus::rejected)})
      .when(payout("10.00"))
      .then({requested("10.00", {{kGems, units("100.00")}}, PayoutId(14))});
}

TEST(PayoutRequest, IsNothingWhileMoreWasRefundedThanIsOwed) {
  auto const owing = asked() + std::vector<Event>{ItemRefunded{OrderId(7), kAnn, kGold, units("100.00"), units("10.00"),
                                                               units("90.00"), units("100.00"), ""}};
  auto const state = state_after(owing);
  EXPECT_EQ(payable_usd(state, *state.find_game(kGame)), Usd{});
  given(owing).when(payout("0.01")).then(more_than(Usd{}, usd("0.01")));
}

TEST(PayoutRequest, IsForGamesThatMayCall) {
  auto const dust =
      three_games() + std::vector<Event>{registered(1, "ann@example.com"), joined(1, kTesting, 1, "ann@example.com"),
                                         credited(1, kDust, units("10.00"), units("10.00")),
                                         sold(kDust, "10.00", "10.00")};
  auto testing = payout("1.00");
  testing.game = kTesting;
  EXPECT_TRUE(decide_in(dust, testing).ok());
  testing.game = kSuspended;
  given(dust).when(testing).then(RejectionCode::game_not_active);
  testing.game = kUnknown;
  given(dust).when(testing).then(RejectionCode::game_not_found);
  testing.game = kGame;  // another game's money is not its own
  given(dust).when(testing).then(more_than(Usd{}, usd("1.00")));
}

TEST(PayoutRequest, NamesTheFirstOfTwoWrongs) {
  expect_precedence<RequestPayout>(
      earned(), payout("9.00"),
      {{RejectionCode::game_not_found, [](RequestPayout& c) { c.game = kUnknown; }},
       {RejectionCode::game_not_active, [](RequestPayout& c) { c.game = kSuspended; }},
       {RejectionCode::invalid_amount, [](RequestPayout& c) { c.usd = Usd{}; }},
       {RejectionCode::payout_exceeds_balance, [](RequestPayout& c) { c.usd = usd("9.01"); }}});
}

TEST(PayoutRequest, ShowsOnlyTheLastFourOfTheAccount) {
  for (auto const& [account, last4] : {std::pair{"000123456789", "6789"}, std::pair{"1234", ""},
                                       std::pair{"123456", "56"}, std::pair{"12345678901234567", "4567"}}) {
    auto command = payout("1.00");
    command.account = account;
    auto const outcome = given(earned()).when(command);
    auto const& made = std::get<PayoutRequested>(outcome.events().back());
    EXPECT_EQ(made.last4, last4);
    EXPECT_EQ(made.account, (PersonalText{account, false}));
  }
}

// ---- steps -------------------------------------------------------------------------------------------------------

TEST(PayoutStep, EachIsPossibleFromItsPlaceAndFromNoOther) {
  using enum PayoutStatus;
  std::map<PayoutStatus, std::vector<PayoutStatus>> const possible{{requested, {approved, rejected}},
                                                                   {approved, {processing, rejected}},
                                                                   {processing, {completed, failed}},
                                                                   {completed, {failed}}};
  for (auto const now : kStatuses) {
    for (auto const wanted : kStatuses) {
      SCOPED_TRACE(std::string(payout_status_name(now)) + " to " + payout_status_name(wanted));
      auto outcome = given(standing(now)).when(AdvancePayout{kPayout, wanted, "why"});
      auto const found = possible.find(now);
      bool const allowed = found != possible.end() && std::count(found->second.begin(), found->second.end(), wanted);
      EXPECT_EQ(can_follow(wanted, now), allowed);
      if (allowed) {
        outcome.then({now == completed ? given_back("why") : advanced(wanted, "why")});
      } else {
        outcome.then(now == rejected || now == failed ? RejectionCode::payout_not_found
                                                      : RejectionCode::payout_not_next);
      }
    }
  }
}

TEST(PayoutStep, TheAmountIsPaidReturnedOrUnderWay) {
  using enum PayoutStatus;
  auto const gold = units("90.00");
  Revenue const under_way{Money{}, gold, Money{}};
  Revenue const back{gold, Money{}, Money{}};
  Revenue const paid{Money{}, Money{}, gold};
  std::map<PayoutStatus, Revenue> const expected{{requested, under_way}, {approved, under_way}, {processing, under_way},
                                                 {completed, paid},      {rejected, back},      {failed, back}};
  for (auto const& [status, revenue] : expected) {
    SCOPED_TRACE(payout_status_name(status));
    auto const state = state_after(standing(status));
    EXPECT_EQ(state.revenue(kGold), revenue);
    EXPECT_EQ(state.find_payout(kPayout) == nullptr, status == rejected || status == failed);
    EXPECT_EQ(payable_usd(state, *state.find_game(kGame)), revenue.owed == gold ? usd("9.00") : Usd{});
  }
}

TEST(PayoutStep, WhatCameBackCanBeAskedForAgain) {
  for (auto const status : {PayoutStatus::rejected, PayoutStatus::failed}) {
    auto const world = standing(status);
    given(world).when(payout("9.00")).then({requested("9.00", {{kGold, units("90.00")}}, PayoutId(world.size() + 1))});
  }
  given(standing(PayoutStatus::completed)).when(payout("0.01")).then(more_than(Usd{}, usd("0.01")));
}

TEST(PayoutStep, WhatTheBankGivesBackAfterPayingIsOwedAgain) {
  auto const paid = standing(PayoutStatus::completed);
  auto const world = paid + std::vector<Event>{given_back()};
  auto const state = state_after(world);
  EXPECT_EQ(state.revenue(kGold), (Revenue{units("90.00"), Money{}, Money{}}));
  EXPECT_EQ(state.find_payout(kPayout), nullptr);
  EXPECT_EQ(postings(given_back()), (std::vector<Posting>{{Account::payouts_paid, {}, kGold, -units("90.00")},
                                                          {Account::game_revenue, {}, kGold, units("90.00")}}));
  given(world).when(payout("9.00")).then({requested("9.00", {{kGold, units("90.00")}}, PayoutId(world.size() + 1))});
  given(world).when(AdvancePayout{kPayout, PayoutStatus::failed, ""}).then(RejectionCode::payout_not_found);
}

TEST(PayoutStep, ACompletedOneComesBackWithinSixtyDays) {
  auto const paid = standing(PayoutStatus::completed);
  AdvancePayout const back{kPayout, PayoutStatus::failed, "note"};
  given(paid).at(kNow + kPayoutReturnMicros + -1).when(back).then({given_back()});
  given(paid).at(kNow + kPayoutReturnMicros).when(back).then(RejectionCode::payout_not_next);
}

// When the next one is completed, those that can no longer come back are forgotten; whatever is under way is not.
TEST(PayoutStep, ACompletedOneIsRememberedAsLongAsItCanComeBack) {
  constexpr PayoutId kSecond(13);
  auto const once =
      earned() + std::vector<Event>{registered(2, "cfo@example.com"), requested("4.00", {{kGold, units("40.00")}})};
  auto const step = [](PayoutId at, PayoutStatus status) {
    return PayoutAdvanced{at, kGame, usd("4.00"), {{kGold, units("40.00")}}, status, ""};
  };
  auto const both =
      once +
      std::vector<Event>{step(kPayout, PayoutStatus::approved),  step(kPayout, PayoutStatus::processing),
                         step(kPayout, PayoutStatus::completed), requested("4.00", {{kGold, units("40.00")}}, kSecond),
                         step(kSecond, PayoutStatus::approved),  step(kSecond, PayoutStatus::processing)};
  for (auto const age : {kPayoutReturnMicros - 1, kPayoutReturnMicros}) {
    auto const later = given(both).at(kNow + age).also({step(kSecond, PayoutStatus::completed)});
    EXPECT_EQ(later.state().find_payout(kPayout) == nullptr, age == kPayoutReturnMicros);
    EXPECT_NE(later.state().find_payout(kSecond), nullptr);
    EXPECT_EQ(later.state().revenue(kGold), (Revenue{units("10.00"), Money{}, units("80.00")}));
  }
}

TEST(PayoutStep, IsOfAPayoutThatThereIs) {
  for (auto const unknown : {PayoutId(7), PayoutId(9), PayoutId(1'000)}) {
    given(asked()).when(AdvancePayout{unknown, PayoutStatus::approved, ""}).then(RejectionCode::payout_not_found);
  }
}

// Its money is on its way already: a suspended game keeps nobody's payout from its end.
TEST(PayoutStep, GoesOnForASuspendedGame) {
  auto settings = state_after(asked()).find_game(kGame)->settings;
  settings.status = GameStatus::suspended;
  auto const world = asked() + std::vector<Event>{GameUpdated{kGame, settings}};
  given(world).when(payout("0.01")).then(RejectionCode::game_not_active);
  given(world).when(AdvancePayout{kPayout, PayoutStatus::approved, "note"}).then({advanced(PayoutStatus::approved)});
}

TEST(PayoutStep, KnowsSinceWhenItStandsThere) {
  auto const later = kNow + 3 * kMicrosPerSecond;
  auto const world = given(asked()).at(later).also({advanced(PayoutStatus::approved)});
  EXPECT_EQ(world.state().find_payout(kPayout)->since, later);
}

TEST(PayoutStep, IsAFactThatMustFit) {
  auto other = advanced(PayoutStatus::approved);
  other.usd = usd("8.00");
  EXPECT_DEATH((void)state_after(asked() + std::vector<Event>{other}), "payout.usd == e.usd");
  EXPECT_DEATH((void)state_after(asked() + std::vector<Event>{advanced(PayoutStatus::completed)}), "can_follow");
  EXPECT_DEATH((void)state_after(earned() + std::vector<Event>{advanced(PayoutStatus::approved)}), "payouts_.end");
  EXPECT_DEATH((void)state_after(standing(PayoutStatus::processing) + std::vector<Event>{given_back()}), "was_compl");
  EXPECT_DEATH((void)state_after(earned() + std::vector<Event>{requested("9.00", {{kGold, units("89.99")}})}), "sum");
}

}  // namespace
}  // namespace florin::domain::testing
