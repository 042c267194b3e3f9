#include "domain/postings.h"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/domain/ledger_dsl.h"

namespace florin::domain::testing {
namespace {

constexpr PlayerId kPlayer(1);

std::vector<Event> one_of_each() {
  ItemPurchased const sale{kPlayer, kGold, {}, 3, units("10.05"), units("30.15"), units("3.02"), units("27.13"), {}};
  return {game_created(kGame, GameStatus::live, {currency(kGold, "gold")}),
          GameUpdated{kGame, {}},
          SdkKeyRotated{kGame, {}, {}},
          registered(1, "ann@example.com"),
          joined(1, kGame, 1, "ann@example.com"),
          PlayerRenamed{kPlayer, IdentityId(1), {}, 0},
          StartingBalanceGranted{kPlayer, kGold, units("1.00"), units("1.00")},
          credited(1, kGold, units("2.00"), {}),
          debited(1, kGold, units("0.50"), {}),
          sale,
          ItemRefunded{Position(9), kPlayer, kGold, sale.total, sale.platform_fee, sale.developer_revenue, {}, ""}};
}

TEST(Postings, OfEveryEventSumToZeroPerCurrency) {
  auto const events = one_of_each();
  ASSERT_EQ(events.size(), std::variant_size_v<Event>);
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(events[i].index(), i);
    std::map<CurrencyId, Money> sums;
    for (auto const& posting : postings(events[i])) sums[posting.currency] += posting.amount;
    for (auto const& [currency, sum] : sums) EXPECT_EQ(sum, Money{}) << event_name(events[i]);
  }
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
  auto const events = one_of_each();
  auto const sale = postings(events[9]);
  EXPECT_EQ(sale, (std::vector<Posting>{{Account::player_available, kPlayer, kGold, -units("30.15")},
                                        {Account::game_revenue, {}, kGold, units("27.13")},
                                        {Account::network_fees, {}, kGold, units("3.02")}}));
  auto const refund = postings(events[10]);
  ASSERT_EQ(refund.size(), sale.size());
  for (std::size_t i = 0; i < sale.size(); ++i) {
    EXPECT_EQ(refund[i].account, sale[i].account);
    EXPECT_EQ(refund[i].player, sale[i].player);
    EXPECT_EQ(refund[i].amount, -sale[i].amount);
  }
}

TEST(Postings, AccountsHaveDistinctNames) {
  std::set<std::string> names;
  for (auto const account : {Account::player_available, Account::player_reserved, Account::game_revenue,
                             Account::network_fees, Account::promotional_issuance}) {
    EXPECT_TRUE(names.insert(account_name(account)).second);
  }
  EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace florin::domain::testing
