#include "domain/postings.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/domain/ledger_dsl.h"
#include "tests/eventstore/samples.h"

namespace florin::domain::testing {
namespace {

constexpr PlayerId kPlayer(1);

constexpr PlayerId kReceiver(2);
TransferFees fees() { return {units("0.35"), units("0.50"), units("0.16")}; }

TransferInitiated initiated() {
  TransferInitiated event;
  event.sender = kPlayer;
  event.currency = kGold;
  event.amount = units("10.05");
  event.fees = fees();
  return event;
}

TransferClaimed claimed(CurrencyId target_currency) {
  return {TransferId(9),
          Flavour::send,
          kPlayer,
          kGold,
          kReceiver,
          target_currency,
          units("10.05"),
          fees(),
          {},
          {},
          {},
          {},
          {}};
}

TEST(Postings, OfEveryEventSumToZeroPerCurrency) {
  std::set<std::size_t> kinds;
  for (auto const& event : samples::events()) {
    EXPECT_TRUE(kinds.insert(event.index()).second) << event_name(event);
    std::map<CurrencyId, Money> sums;
    for (auto const& posting : postings(event)) sums[posting.currency] += posting.amount;
    for (auto const& [currency, sum] : sums) EXPECT_EQ(sum, Money{}) << event_name(event);
    EXPECT_TRUE(is_balanced(event)) << event_name(event);
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Event>);
}

TEST(Postings, WhatDoesNotSumToZeroIsNotBalanced) {
  ItemPurchased sold{kPlayer, kGold, {}, 1, units("10.00"), units("10.00"), units("1.00"), units("9.00"), {}};
  EXPECT_TRUE(is_balanced(sold));
  sold.platform_fee += units("0.01");
  EXPECT_FALSE(is_balanced(sold));
  sold.developer_revenue -= units("0.01");
  EXPECT_TRUE(is_balanced(sold));
  sold.total = {};
  EXPECT_FALSE(is_balanced(sold));
  ItemRefunded const refunded{OrderId(9), kPlayer, kGold, units("10.00"), units("1.01"), units("9.00"), {}, ""};
  EXPECT_FALSE(is_balanced(refunded));
}

TEST(Postings, APayoutOfManyCurrenciesIsBalanced) {
  PayoutRequested payout;
  for (std::uint64_t currency = 1; currency <= 50; ++currency) {
    payout.shares.push_back({CurrencyId(currency), units("7.00")});
  }
  EXPECT_EQ(postings(payout).size(), 100u);
  EXPECT_TRUE(is_balanced(payout));
}

TEST(Postings, CreditsAndDebitsAreIssuanceByTheGame) {
  std::vector<Posting> const in{{Account::player_available, kPlayer, kGold, units("2.00")},
                                {Account::promotional_issuance, {}, kGold, -units("2.00")}};
  std::vector<Posting> const out{{Account::player_available, kPlayer, kGold, -units("2.00")},
                                 {Account::promotional_issuance, {}, kGold, units("2.00")}};
  EXPECT_EQ(postings(credited(1, kGold, units("2.00"), {})), in);
  EXPECT_EQ(postings(StartingBalanceGranted{kPlayer, kGold, units("2.00"), {}}), in);
  EXPECT_EQ(postings(debited(1, kGold, units("2.00"), {})), out);
}

TEST(Postings, ASaleGoesToTheGameAndTheNetworkAndARefundUndoesIt) {
  ItemPurchased const sold{kPlayer, kGold, {}, 3, units("10.05"), units("30.15"), units("3.02"), units("27.13"), {}};
  ItemRefunded const refunded{OrderId(9), kPlayer, kGold, sold.total, sold.platform_fee, sold.developer_revenue,
                              {},         ""};
  auto const sale = postings(sold);
  EXPECT_EQ(sale, (std::vector<Posting>{{Account::player_available, kPlayer, kGold, -units("30.15")},
                                        {Account::game_revenue, {}, kGold, units("27.13")},
                                        {Account::network_fees, {}, kGold, units("3.02")}}));
  auto const refund = postings(refunded);
  ASSERT_EQ(refund.size(), sale.size());
  for (std::size_t i = 0; i < sale.size(); ++i) {
    EXPECT_EQ(refund[i].account, sale[i].account);
    EXPECT_EQ(refund[i].player, sale[i].player);
    EXPECT_EQ(refund[i].amount, -sale[i].amount);
  }
}

TEST(Postings, InitiatingReservesAndReturningUndoesIt) {
  TransferReleased const released{
      TransferId(9), Flavour::send, ReturnReason::cancelled, kPlayer, kGold, units("10.05"), {}, {}, {}, {}};
  std::vector<Posting> const reserve{{Account::player_available, kPlayer, kGold, -units("10.05")},
                                     {Account::player_reserved, kPlayer, kGold, units("10.05")}};
  std::vector<Posting> const release{{Account::player_available, kPlayer, kGold, units("10.05")},
                                     {Account::player_reserved, kPlayer, kGold, -units("10.05")}};
  EXPECT_EQ(postings(initiated()), reserve);
  EXPECT_EQ(postings(released), release);
}

TEST(Postings, AClaimInTheSameCurrencyNeedsNoClearing) {
  EXPECT_EQ(postings(claimed(kGold)),
            (std::vector<Posting>{{Account::player_reserved, kPlayer, kGold, -units("10.05")},
                                  {Account::game_revenue, {}, kGold, units("0.35")},
                                  {Account::network_fees, {}, kGold, units("0.16")},
                                  {Account::game_revenue, {}, kGold, units("0.50")},
                                  {Account::player_available, kReceiver, kGold, units("9.04")}}));
}

TEST(Postings, AClaimInAnotherCurrencyGoesThroughClearing) {
  EXPECT_EQ(postings(claimed(kDust)),
            (std::vector<Posting>{{Account::player_reserved, kPlayer, kGold, -units("10.05")},
                                  {Account::game_revenue, {}, kGold, units("0.35")},
                                  {Account::network_fees, {}, kGold, units("0.16")},
                                  {Account::transfer_clearing, {}, kGold, units("9.54")},
                                  {Account::transfer_clearing, {}, kDust, -units("9.54")},
                                  {Account::game_revenue, {}, kDust, units("0.50")},
                                  {Account::player_available, kReceiver, kDust, units("9.04")}}));
}

TEST(Postings, ClearingIsZeroOverAllCurrencies) {
  for (auto const target : {kGold, kGems, kDust}) {
    Money clearing;
    for (auto const& posting : postings(claimed(target))) {
      if (posting.account == Account::transfer_clearing) clearing += posting.amount;
    }
    EXPECT_EQ(clearing, Money{});
  }
}

TEST(Postings, AClaimWithoutFeesPostsNoEmptyLines) {
  auto free = claimed(kGold);
  free.fees = {};
  EXPECT_EQ(postings(free), (std::vector<Posting>{{Account::player_reserved, kPlayer, kGold, -units("10.05")},
                                                  {Account::player_available, kReceiver, kGold, units("10.05")}}));
}

TEST(Postings, EveryPlayersAccountHasAnOwnerAndNoOtherHas) {
  for (auto const& event : samples::events()) {
    for (auto const& posting : postings(event)) {
      auto const owned = posting.account == Account::player_available || posting.account == Account::player_reserved;
      EXPECT_EQ(bool{posting.player}, owned) << event_name(event);
    }
  }
}

TEST(Postings, AccountsHaveDistinctNames) {
  std::set<std::string> names;
  for (auto const account : {Account::player_available, Account::player_reserved, Account::game_revenue,
                             Account::network_fees, Account::promotional_issuance, Account::transfer_clearing}) {
    EXPECT_TRUE(names.insert(account_name(account)).second);
  }
  EXPECT_FALSE(names.contains(""));
}

TEST(Postings, AClosedDisputeCorrectsItsFee) {
  auto const closed = [](bool won, Usd fee) {
    return postings(DisputeClosed{OrderId(9), "dp", kPlayer, kGold, usd("1.00"), won, {}, fee});
  };
  EXPECT_EQ(closed(false, {}), std::vector<Posting>{});
  EXPECT_EQ(closed(false, usd("15.00")),
            (std::vector<Posting>{{Account::card_clearing, {}, kGold, units("150.00")},
                                  {Account::processor_fees, {}, kGold, -units("150.00")}}));
  EXPECT_EQ(closed(true, -usd("15.00")),
            (std::vector<Posting>{{Account::player_available, kPlayer, kGold, units("10.00")},
                                  {Account::card_clearing, {}, kGold, -units("160.00")},
                                  {Account::processor_fees, {}, kGold, units("150.00")}}));
}

TEST(Postings, ADisputeMovesEitherWayAndChargesByItself) {
  auto const moved = [](Usd usd, Usd fee) {
    return postings(DisputeMoved{OrderId(9), "dp", kPlayer, kGold, usd, fee, DisputeStatus::lost, 1, {}});
  };
  EXPECT_EQ(moved({}, {}), std::vector<Posting>{});
  EXPECT_EQ(moved(-usd("1.00"), usd("15.00")),
            (std::vector<Posting>{{Account::player_available, kPlayer, kGold, -units("10.00")},
                                  {Account::card_clearing, {}, kGold, units("160.00")},
                                  {Account::processor_fees, {}, kGold, -units("150.00")}}));
  EXPECT_EQ(moved(usd("0.01"), -usd("0.20")),
            (std::vector<Posting>{{Account::player_available, kPlayer, kGold, units("0.10")},
                                  {Account::card_clearing, {}, kGold, -units("2.10")},
                                  {Account::processor_fees, {}, kGold, units("2.00")}}));
}

}  // namespace
}  // namespace florin::domain::testing
