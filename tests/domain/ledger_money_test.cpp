// Credits, debits, item purchases and refunds.
#include <gtest/gtest.h>

#include "tests/domain/ledger_dsl.h"
#include "tests/support/facts.h"

namespace florin::domain::testing {
namespace {

constexpr auto kAnn = "ann@example.com";
constexpr auto kBob = "bob@example.com";

CreditBalance credit(Money amount, CurrencyId currency = {}) {
  return {kGame, player(kAnn), currency, amount, "reward"};
}
DebitBalance debit(Money amount, CurrencyId currency = {}) { return {kGame, player(kAnn), currency, amount, "spent"}; }

PurchaseItem purchase(std::uint32_t quantity, Money unit_price, Money total_price) {
  return {kGame,    player(kAnn), {},         Item{"sword_001", "Iron Sword", "weapons", "sharp"},
          quantity, unit_price,   total_price};
}

ItemPurchased purchased(PurchaseItem const& command, Money fee, Money after) {
  return {PlayerId(1),
          kGold,
          command.item,
          command.quantity,
          command.unit_price,
          command.total_price,
          fee,
          command.total_price - fee,
          after};
}

// ---- credit ------------------------------------------------------------------------------------------------------

TEST(Credit, TheFirstOneRegistersThePersonAndThePlayer) {
  given(three_games())
      .when(credit(units("12.50")))
      .then({registered(1, kAnn), joined(1, kGame, 1, kAnn), credited(1, kGold, units("12.50"), units("12.50"))});
}

TEST(Credit, AKnownPersonInANewGameOnlyJoins) {
  auto const world = ann_with_gold(units("5.00"));
  given(world)
      .when(CreditBalance{kTesting, player(kAnn), {}, units("1.00"), "reward"})
      .then({joined(2, kTesting, 1, kAnn), credited(2, kDust, units("1.00"), units("1.00"))});
}

TEST(Credit, StartingAmountsAreGrantedOnJoiningAndNeverAgain) {
  auto const world = three_games(units("10.00"), units("3.00"));
  std::vector<Event> const welcome{registered(1, kAnn), joined(1, kGame, 1, kAnn),
                                   StartingBalanceGranted{PlayerId(1), kGold, units("10.00"), units("10.00")},
                                   StartingBalanceGranted{PlayerId(1), kGems, units("3.00"), units("3.00")},
                                   credited(1, kGems, units("1.00"), units("4.00"))};
  given(world).when(credit(units("1.00"), kGems)).then(welcome);
  given(world + welcome).when(credit(units("1.00"), kGold)).then({credited(1, kGold, units("1.00"), units("11.00"))});
}

TEST(Credit, ANewNameIsRecordedOnlyWhenTheCallerGaveOne) {
  auto command = credit(units("1.00"));
  command.player.name = "Annie";
  command.player.name_tag = 8;
  command.player.renamed = true;
  given(ann_with_gold(units("5.00")))
      .when(command)
      .then({PlayerRenamed{PlayerId(1), IdentityId(1), PersonalText{"Annie", false}, 8},
             credited(1, kGold, units("1.00"), units("6.00"))});
  command.player.name.clear();
  given(ann_with_gold(units("5.00"))).when(command).then({credited(1, kGold, units("1.00"), units("6.00"))});
}

TEST(Credit, StopsAtTheLargestBalance) {
  auto const room = units("1.00");
  given(ann_with_gold(kMaxBalance - room)).when(credit(room)).then({credited(1, kGold, room, kMaxBalance)});
  given(ann_with_gold(kMaxBalance - room)).when(credit(units("1.01"))).then(RejectionCode::balance_limit);
}

TEST(Credit, TheLargestAmountIsAccepted) {
  given(ann_with_gold(units("1.00")))
      .when(credit(kMaxAmount))
      .then({credited(1, kGold, kMaxAmount, kMaxAmount + units("1.00"))});
}

TEST(Credit, RefusalsComeInOrder) {
  expect_precedence<CreditBalance>(
      ann_with_gold(kMaxBalance), credit(units("1.00")),
      {{RejectionCode::game_not_found, [](CreditBalance& c) { c.game = kUnknown; }},
       {RejectionCode::game_not_active, [](CreditBalance& c) { c.game = kSuspended; }},
       {RejectionCode::currency_not_found, [](CreditBalance& c) { c.currency = kDust; }},
       {RejectionCode::currency_not_found, [](CreditBalance& c) { c.currency = CurrencyId(77); }},
       {RejectionCode::invalid_amount, [](CreditBalance& c) { c.amount = Money{}; }},
       {RejectionCode::invalid_amount, [](CreditBalance& c) { c.amount = Money::from_minor(-1); }},
       {RejectionCode::invalid_amount, [](CreditBalance& c) { c.amount = kMaxAmount + Money::from_minor(1); }},
       {RejectionCode::balance_limit, [](CreditBalance&) {}}});
}

// ---- debit -------------------------------------------------------------------------------------------------------

TEST(Debit, TakesWhatIsThereToTheLastCent) {
  given(ann_with_gold(units("5.00"))).when(debit(units("5.00"))).then({debited(1, kGold, units("5.00"), Money{})});
}

TEST(Debit, PastAvailableNamesBothSides) {
  given(ann_with_gold(units("5.00")))
      .when(debit(units("5.01")))
      .then(Rejection{
          .code = RejectionCode::insufficient_balance, .available = units("5.00"), .required = units("5.01")});
}

TEST(Debit, OneCurrencyNeverPaysForAnother) {
  given(ann_with_gold(units("5.00")))
      .when(debit(units("1.00"), kGems))
      .then(Rejection{.code = RejectionCode::insufficient_balance, .available = Money{}, .required = units("1.00")});
}

TEST(Debit, NeverMakesAPlayer) {
  given(three_games(units("10.00"))).when(debit(units("1.00"))).then(RejectionCode::player_not_found);
  // Ann plays elsewhere; here she is nobody.
  given(ann_with_gold(units("5.00")))
      .when(DebitBalance{kTesting, player(kAnn), {}, units("1.00"), "spent"})
      .then(RejectionCode::player_not_found);
}

TEST(Debit, RefusalsComeInOrder) {
  expect_precedence<DebitBalance>(
      ann_with_gold(units("5.00")), debit(units("1.00")),
      {{RejectionCode::game_not_found, [](DebitBalance& c) { c.game = kUnknown; }},
       {RejectionCode::game_not_active, [](DebitBalance& c) { c.game = kSuspended; }},
       {RejectionCode::currency_not_found, [](DebitBalance& c) { c.currency = kDust; }},
       {RejectionCode::player_not_found, [](DebitBalance& c) { c.player = player(kBob); }},
       {RejectionCode::invalid_amount, [](DebitBalance& c) { c.amount = Money{}; }},
       {RejectionCode::invalid_amount, [](DebitBalance& c) { c.amount = kMaxAmount + Money::from_minor(1); }},
       {RejectionCode::insufficient_balance, [](DebitBalance& c) { c.amount = units("6.00"); }}});
}

// ---- purchase ----------------------------------------------------------------------------------------------------

TEST(Purchase, SplitsTheTotalBetweenTheGameAndTheNetwork) {
  auto const command = purchase(3, units("10.05"), units("30.15"));
  given(ann_with_gold(units("100.00"))).when(command).then({purchased(command, units("3.02"), units("69.85"))});
}

TEST(Purchase, TheFeeIsTheGamesOwnRate) {
  auto const command = purchase(1, units("10.00"), units("10.00"));
  for (auto const& [rate, fee] : {std::pair{0, "0.00"}, {1, "0.00"}, {5, "0.01"}, {2'500, "2.50"}, {10'000, "10.00"}}) {
    GameUpdated updated{kGame, {}};
    updated.settings.name = "game";
    updated.settings.item_fee = BasisPoints(rate);
    given(ann_with_gold(units("10.00")) + std::vector<Event>{updated})
        .when(command)
        .then({purchased(command, units(fee), Money{})});
  }
}

TEST(Purchase, HalfACentOfFeeRoundsUp) {
  auto const half = purchase(1, units("0.05"), units("0.05"));
  given(ann_with_gold(units("1.00"))).when(half).then({purchased(half, units("0.01"), units("0.95"))});
  auto const less = purchase(1, units("0.04"), units("0.04"));
  given(ann_with_gold(units("1.00"))).when(less).then({purchased(less, units("0.00"), units("0.96"))});
}

TEST(Purchase, ANewPlayerMaySpendTheStartingAmount) {
  auto const command = purchase(2, units("5.00"), units("10.00"));
  given(three_games(units("10.00")))
      .when(command)
      .then({registered(1, kAnn), joined(1, kGame, 1, kAnn),
             StartingBalanceGranted{PlayerId(1), kGold, units("10.00"), units("10.00")},
             purchased(command, units("1.00"), Money{})});
}

TEST(Purchase, ARefusedOneDoesNotMakeAPlayer) {
  given(three_games(units("9.99")))
      .when(purchase(2, units("5.00"), units("10.00")))
      .then(Rejection{
          .code = RejectionCode::insufficient_balance, .available = units("9.99"), .required = units("10.00")});
}

TEST(Purchase, TheTotalMustBeExact) {
  auto const world = ann_with_gold(units("100.00"));
  given(world).when(purchase(3, units("0.33"), units("1.00"))).then(RejectionCode::total_mismatch);
  given(world).when(purchase(1, units("1.00"), units("0.99"))).then(RejectionCode::total_mismatch);
}

TEST(Purchase, ATotalStaysBelowItsLimit) {
  auto const world = ann_with_gold(kMaxBalance);
  auto const most = purchase(1, units("999999.98"), units("999999.98"));
  given(world).when(most).then({purchased(most, units("100000.00"), kMaxBalance - units("999999.98"))});
  given(world).when(purchase(1, units("999999.99"), units("999999.99"))).then(RejectionCode::invalid_amount);
  given(world).when(purchase(1'000, units("1000.00"), units("1000000.00"))).then(RejectionCode::invalid_amount);
}

TEST(Purchase, QuantityGoesFromOneToAThousand) {
  auto const world = ann_with_gold(units("10.00"));
  auto const most = purchase(1'000, units("0.01"), units("10.00"));
  given(world).when(most).then({purchased(most, units("1.00"), Money{})});
  given(world).when(purchase(1'001, units("0.01"), units("10.01"))).then(RejectionCode::invalid_quantity);
  given(world).when(purchase(0, units("0.01"), units("0.01"))).then(RejectionCode::invalid_quantity);
}

TEST(Purchase, RefusalsComeInOrder) {
  expect_precedence<PurchaseItem>(
      ann_with_gold(units("5.00")), purchase(1, units("1.00"), units("1.00")),
      {{RejectionCode::game_not_found, [](PurchaseItem& c) { c.game = kUnknown; }},
       {RejectionCode::game_not_active, [](PurchaseItem& c) { c.game = kSuspended; }},
       {RejectionCode::currency_not_found, [](PurchaseItem& c) { c.currency = kDust; }},
       {RejectionCode::invalid_amount, [](PurchaseItem& c) { c.unit_price = Money{}; }},
       {RejectionCode::invalid_amount, [](PurchaseItem& c) { c.unit_price = kMaxAmount + Money::from_minor(1); }},
       {RejectionCode::invalid_amount, [](PurchaseItem& c) { c.total_price = Money::from_minor(-1); }},
       {RejectionCode::invalid_amount, [](PurchaseItem& c) { c.total_price = kItemTotalLimit; }},
       {RejectionCode::invalid_quantity, [](PurchaseItem& c) { c.quantity = 0; }},
       {RejectionCode::invalid_quantity, [](PurchaseItem& c) { c.quantity = 4'294'967'295; }},
       {RejectionCode::total_mismatch, [](PurchaseItem& c) { c.total_price = units("2.00"); }},
       {RejectionCode::insufficient_balance, [](PurchaseItem& c) {
          c.unit_price = units("6.00");
          c.total_price = units("6.00");
        }}});
}

// ---- refund ------------------------------------------------------------------------------------------------------

constexpr OrderId kOrder(7);

RefundItem refund(ItemPurchased const& original) {
  return {kGame, samples::fact(original, kOrder.position()), "broken"};
}
ItemRefunded refunded(ItemPurchased const& original, Money after) {
  return {kOrder, original.player, original.currency, original.total, original.platform_fee, original.developer_revenue,
          after,  "broken"};
}

ItemPurchased sold() { return purchased(purchase(3, units("10.05"), units("30.15")), units("3.02"), units("69.85")); }
std::vector<Event> after_a_sale() { return ann_with_gold(units("100.00")) + std::vector<Event>{sold()}; }

TEST(Refund, GivesBackTheWholeOrderWithItsFee) {
  given(after_a_sale()).when(refund(sold())).then({refunded(sold(), units("100.00"))});
}

TEST(Refund, ReturnsTheFeeOfTheSaleNotTodaysRate) {
  GameUpdated updated{kGame, {}};
  updated.settings.name = "game";
  updated.settings.item_fee = BasisPoints(5'000);
  given(after_a_sale() + std::vector<Event>{updated}).when(refund(sold())).then({refunded(sold(), units("100.00"))});
}

TEST(Refund, AnOrderIsRefundedOnce) {
  given(after_a_sale() + std::vector<Event>{refunded(sold(), units("100.00"))})
      .when(refund(sold()))
      .then(RejectionCode::already_refunded);
}

TEST(Refund, AnotherGamesOrderIsNotFound) {
  auto command = refund(sold());
  command.game = kTesting;
  given(after_a_sale()).when(command).then(RejectionCode::order_not_found);
}

TEST(Refund, RefusalsComeInOrder) {
  auto const full = after_a_sale() + std::vector<Event>{credited(1, kGold, kMaxBalance - units("69.85"), kMaxBalance)};
  std::vector<Provocation<RefundItem>> const wrongs{
      {RejectionCode::game_not_found, [](RefundItem& c) { c.game = kUnknown; }},
      {RejectionCode::game_not_active, [](RefundItem& c) { c.game = kSuspended; }},
      {RejectionCode::order_not_found,
       [](RefundItem& c) {
         auto other = *c.original;
         other.currency = kDust;
         c.original = samples::fact(other, kOrder.position());
       }},
      {RejectionCode::balance_limit, [](RefundItem&) {}}};
  expect_precedence<RefundItem>(full, refund(sold()), wrongs);

  auto const done = after_a_sale() + std::vector<Event>{refunded(sold(), units("100.00")),
                                                        credited(1, kGold, kMaxBalance - units("100.00"), kMaxBalance)};
  auto again = wrongs;
  again.back().reason = RejectionCode::already_refunded;
  expect_precedence<RefundItem>(done, refund(sold()), again);
}

}  // namespace
}  // namespace florin::domain::testing
