// CONTRACT, Currency purchase: orders, what the processor says of them, refunds and disputes.
#include "tests/domain/ledger_dsl.h"
#include "tests/support/facts.h"

namespace florin::domain::testing {
namespace {

constexpr OrderId kOrder(7);  // behind ann_with_gold
constexpr PlayerId kAnn(1);

CurrencyOrdered ordered() { return {kOrder, kAnn, kGold, usd("10.00"), "pm_card_visa", {}}; }
PaymentOpened opened() { return {kOrder, "pi_1"}; }
CurrencyPurchased purchased(std::string_view after) {
  return {kOrder, kAnn, kGold, usd("10.00"), usd("0.59"), "pi_1", units(after)};
}

PaymentReport said(PaymentStatus status) {
  PaymentReport report;
  report.reference = "pi_1";
  report.order = kOrder;
  report.status = status;
  report.usd = usd("10.00");
  if (status == PaymentStatus::succeeded) report.fee = usd("0.59");
  return report;
}
ReportPayment reported(PaymentReport report) { return {std::move(report), samples::fact(ordered()), {}}; }

// Ann has five gold and an order that is open at the processor.
std::vector<Event> waiting() { return ann_with_gold(units("5.00")) + std::vector<Event>{ordered(), opened()}; }
std::vector<Event> paid() { return waiting() + std::vector<Event>{purchased("105.00")}; }
RefundPurchase refund(std::optional<Usd> amount) {
  return {kGame, samples::fact(purchased("105.00")), amount, "changed mind", true};
}
RefundRequested refunded(std::uint64_t at, std::string_view amount, Money after) {
  return {RefundId(at), kOrder, kAnn, kGold, usd(amount), after, "changed mind", "pi_1", ""};
}

TEST(CurrencyOrder, IsMadeAndChargesNothing) {
  given(ann_with_gold(units("5.00")))
      .when(OrderCurrency{kGame, player("ann@example.com"), {}, usd("10.00"), "pm_card_visa", {}, true})
      .then({ordered()});
}

TEST(CurrencyOrder, IsRefusedWhileNobodyCanBeCharged) {
  given(ann_with_gold(units("5.00")))
      .when(OrderCurrency{kGame, player("ann@example.com"), {}, usd("10.00"), "pm_card_visa", {}, false})
      .then(RejectionCode::payments_unavailable);
}

TEST(CurrencyOrder, IsBetweenOneCentAndTheLargest) {
  for (auto const* amount : {"0.01", "999.99"}) {
    OrderCurrency const command{kGame, player("ann@example.com"), {}, usd(amount), "pm", {}, true};
    EXPECT_TRUE(decide_in(ann_with_gold(units("5.00")), command).ok()) << amount;
  }
  for (auto const amount : {Usd{}, usd("1000.00"), -usd("1.00")}) {
    given(ann_with_gold(units("5.00")))
        .when(OrderCurrency{kGame, player("ann@example.com"), {}, amount, "pm", {}, true})
        .then(RejectionCode::invalid_amount);
  }
}

TEST(PaymentReport, OpensTheFirstTimeItIsHeardOf) {
  given(ann_with_gold(units("5.00")) + std::vector<Event>{ordered()})
      .when(reported(said(PaymentStatus::unconfirmed)))
      .then({opened()});
}

TEST(PaymentReport, ASuccessCreditsTenUnitsADollar) {
  given(waiting()).when(reported(said(PaymentStatus::succeeded))).then({purchased("105.00")});
}

TEST(PaymentReport, ASuccessBeforeTheAnswerDoesBoth) {
  given(ann_with_gold(units("5.00")) + std::vector<Event>{ordered()})
      .when(reported(said(PaymentStatus::succeeded)))
      .then({opened(), purchased("105.00")});
}

TEST(PaymentReport, ASecondSuccessIsNothingNew) {
  given(paid()).when(reported(said(PaymentStatus::succeeded))).then(RejectionCode::nothing_new);
}

TEST(PaymentReport, OfAnotherAmountCurrencyOrPaymentIsRefused) {
  auto amount = said(PaymentStatus::succeeded);
  amount.usd = usd("1000.00");
  auto other_currency = said(PaymentStatus::succeeded);
  other_currency.in_usd = false;
  auto other_payment = said(PaymentStatus::succeeded);
  other_payment.reference = "pi_2";
  auto other_order = said(PaymentStatus::succeeded);
  other_order.order = OrderId(1);
  for (auto const& report : {amount, other_currency, other_payment, other_order}) {
    given(waiting()).when(reported(report)).then(RejectionCode::payment_mismatch);
  }
}

TEST(PaymentReport, ADeclineDecidesNothingUntilItIsCancelled) {
  auto declined = said(PaymentStatus::declined);
  declined.decline_code = "insufficient_funds";
  given(waiting()).when(reported(declined)).then(RejectionCode::nothing_new);
  declined.status = PaymentStatus::cancelled;
  given(waiting())
      .when(reported(declined))
      .then({PaymentFailed{kOrder, kAnn, PaymentFailure::declined, "insufficient_funds"}});
}

TEST(PaymentReport, AChallengeIsAskedOnceAndEndsEitherWay) {
  PaymentChallenged const asked{kOrder, kNow + kChallengeMicros};
  given(waiting()).when(reported(said(PaymentStatus::requires_action))).then({asked});
  auto const challenged = waiting() + std::vector<Event>{asked};
  given(challenged).when(reported(said(PaymentStatus::requires_action))).then(RejectionCode::nothing_new);
  given(challenged).when(reported(said(PaymentStatus::succeeded))).then({purchased("105.00")});
  given(challenged)
      .when(reported(said(PaymentStatus::cancelled)))
      .then({PaymentFailed{kOrder, kAnn, PaymentFailure::challenge_expired, ""}});
  auto not_passed = said(PaymentStatus::cancelled);
  not_passed.decline_code = "payment_intent_authentication_failure";
  given(challenged)
      .when(reported(not_passed))
      .then({PaymentFailed{kOrder, kAnn, PaymentFailure::challenge_failed, not_passed.decline_code}});
}

TEST(FailOrder, OnlyWithoutAPaymentThatCouldBeCharged) {
  given(ann_with_gold(units("5.00")) + std::vector<Event>{ordered()})
      .when(FailOrder{kOrder, PaymentFailure::refused, "amount_too_small"})
      .then({PaymentFailed{kOrder, kAnn, PaymentFailure::refused, "amount_too_small"}});
  given(waiting()).when(FailOrder{kOrder, PaymentFailure::abandoned, ""}).then(RejectionCode::order_not_open);
}

TEST(CurrencyRefund, TakesTheUnitsAtOnceEvenBelowZero) {
  auto const spent = paid() + std::vector<Event>{debited(1, kGold, units("100.00"), units("5.00"))};
  given(spent).when(refund(std::nullopt)).then({refunded(11, "10.00", -units("95.00"))});
}

TEST(CurrencyRefund, NeverMoreThanWasPaid) {
  given(paid())
      .when(refund(usd("10.01")))
      .then(Rejection{
          .code = RejectionCode::refund_exceeds_payment, .usd_available = usd("10.00"), .usd_required = usd("10.01")});
  auto const once = paid() + std::vector<Event>{refunded(10, "6.00", units("45.00"))};
  given(once)
      .when(refund(usd("4.01")))
      .then(Rejection{
          .code = RejectionCode::refund_exceeds_payment, .usd_available = usd("4.00"), .usd_required = usd("4.01")});
  given(once).when(refund(usd("4.00"))).then({refunded(11, "4.00", units("5.00"))});
  given(once + std::vector<Event>{refunded(11, "4.00", units("5.00"))})
      .when(refund(std::nullopt))
      .then(RejectionCode::already_refunded);
}

TEST(CurrencyRefund, ARefusedOneComesBack) {
  RefundSettled const failed{RefundId(10), kOrder, kAnn, kGold, usd("6.00"), RefundEnd::failed, "", units("105.00")};
  auto const asked = paid() + std::vector<Event>{refunded(10, "6.00", units("45.00"))};
  given(asked).when(FailRefund{samples::fact(ordered()), RefundId(10)}).then({failed});
  given(asked + std::vector<Event>{failed})
      .when(FailRefund{samples::fact(ordered()), RefundId(10)})
      .then(RejectionCode::order_not_open);
}

TEST(CurrencyRefund, OneMadeAtTheProcessorIsTakenOver) {
  auto report = said(PaymentStatus::succeeded);
  report.refunds = {{"re_1", {}, usd("2.00"), RefundStatus::succeeded}};
  auto made = refunded(10, "2.00", units("85.00"));
  made.reason = "made at the processor";
  made.reference = "re_1";
  RefundSettled const settled{RefundId(10),         kOrder, kAnn,          kGold, usd("2.00"),
                              RefundEnd::succeeded, "re_1", units("85.00")};
  given(paid()).when(reported(report)).then({made, settled});
  given(paid() + std::vector<Event>{made, settled}).when(reported(report)).then(RejectionCode::nothing_new);
}

// Heard of when it had failed already, and then the older report comes: it must not take the units.
TEST(CurrencyRefund, OneThatFailedAtTheProcessorStaysFailed) {
  auto report = said(PaymentStatus::succeeded);
  report.refunds = {{"re_1", {}, usd("2.00"), RefundStatus::failed}};
  auto made = refunded(10, "2.00", units("85.00"));
  made.reason = "made at the processor";
  made.reference = "re_1";
  RefundSettled const failed{RefundId(10),      kOrder, kAnn,           kGold, usd("2.00"),
                             RefundEnd::failed, "re_1", units("105.00")};
  given(paid()).when(reported(report)).then({made, failed});
  report.refunds[0].status = RefundStatus::succeeded;
  given(paid() + std::vector<Event>{made, failed}).when(reported(report)).then(RejectionCode::nothing_new);
}

// What the processor says of one dispute: withheld, fee, status, and after how many entries of its account.
PaymentReport disputed(std::string_view withheld, std::string_view fee, DisputeStatus status,
                       std::uint32_t entries = 0) {
  auto report = said(PaymentStatus::succeeded);
  report.disputes = {{"dp_1", usd(withheld), fee.starts_with('-') ? -usd(fee.substr(1)) : usd(fee), status, entries}};
  return report;
}
DisputeMoved movement(Usd given_back, Usd fee, DisputeStatus status, std::uint32_t entries, std::string_view after) {
  return {kOrder, "dp_1", kAnn, kGold, given_back, fee, status, entries, units(after)};
}
constexpr auto kOpen = DisputeStatus::open;
constexpr auto kWon = DisputeStatus::won;
constexpr auto kLost = DisputeStatus::lost;

// Whatever the processor says, one word after the other, becomes these movements; said again it becomes nothing.
void expect_movements(std::vector<Event> history,
                      std::vector<std::pair<PaymentReport, std::optional<DisputeMoved>>> const& words) {
  for (auto const& [word, movement] : words) {
    if (movement) {
      given(history).when(reported(word)).then({*movement});
      history.push_back(*movement);
    }
    given(history).when(reported(word)).then(RejectionCode::nothing_new);
  }
}

TEST(Dispute, TakesTheAmountAndGivesItBackWhenItIsWon) {
  auto const taken = movement(-usd("10.00"), usd("15.00"), kOpen, 1, "5.00");
  expect_movements(paid(),
                   {{disputed("10.00", "15.00", kOpen, 1), taken},
                    {disputed("0.00", "0.00", kWon, 2), movement(usd("10.00"), -usd("15.00"), kWon, 2, "105.00")}});
  expect_movements(paid(), {{disputed("10.00", "15.00", kOpen, 1), taken},
                            {disputed("10.00", "15.00", kLost, 1), movement({}, {}, kLost, 1, "5.00")}});
}

TEST(Dispute, WhatWasLostMayBeReinstatedAndTakenAgain) {
  expect_movements(paid(),
                   {{disputed("10.00", "15.00", kOpen, 1), movement(-usd("10.00"), usd("15.00"), kOpen, 1, "5.00")},
                    {disputed("10.00", "15.00", kLost, 1), movement({}, {}, kLost, 1, "5.00")},
                    {disputed("0.00", "15.00", kWon, 2), movement(usd("10.00"), {}, kWon, 2, "105.00")},
                    {disputed("10.00", "30.00", kLost, 3), movement(-usd("10.00"), usd("15.00"), kLost, 3, "5.00")},
                    {disputed("0.00", "0.00", kWon, 5), movement(usd("10.00"), -usd("30.00"), kWon, 5, "105.00")}});
}

TEST(Dispute, PartsLateFeesAndSecondWithdrawalsAreBookedToTheCent) {
  expect_movements(
      paid(),
      {{disputed("10.00", "15.00", kOpen, 1), movement(-usd("10.00"), usd("15.00"), kOpen, 1, "5.00")},
       {disputed("10.00", "15.20", kOpen, 2), movement({}, usd("0.20"), kOpen, 2, "5.00")},  // a fee while open
       {disputed("6.01", "15.20", kOpen, 3), movement(usd("3.99"), {}, kOpen, 3, "44.90")},  // a part came back
       {disputed("0.00", "0.20", kWon, 4), movement(usd("6.01"), -usd("15.00"), kWon, 4, "105.00")},
       {disputed("0.00", "20.20", kWon, 5), movement({}, usd("20.00"), kWon, 5, "105.00")},  // a late fee
       {disputed("7.77", "20.20", kWon, 6), movement(-usd("7.77"), {}, kWon, 6, "27.30")},   // taken again
       {disputed("7.77", "-0.50", kWon, 7), movement({}, -usd("20.70"), kWon, 7, "27.30")},  // more than it took
       {disputed("7.77", "-0.50", kOpen, 8), movement({}, {}, kOpen, 8, "27.30")}});         // heard anew
}

TEST(Dispute, AnOlderWordThatArrivesLateChangesNothing) {
  std::vector<PaymentReport> const words = {disputed("10.00", "15.00", kOpen, 1), disputed("10.00", "15.00", kLost, 1),
                                            disputed("0.00", "0.00", kWon, 2), disputed("10.00", "15.00", kLost, 3),
                                            disputed("4.00", "15.00", kLost, 4)};
  auto const last = movement(-usd("4.00"), usd("15.00"), kLost, 4, "65.00");
  given(paid()).when(reported(words.back())).then({last});
  for (auto const& word : words) {
    given(paid() + std::vector<Event>{last}).when(reported(word)).then(RejectionCode::nothing_new);
  }
}

// The two events that were written before an end could be taken back are folded as ever, and later words go on there.
TEST(Dispute, OneOfAnOldLogGoesOn) {
  DisputeOpened const opened_then{kOrder, "dp_1", kAnn, kGold, usd("10.00"), usd("15.00"), units("5.00")};
  DisputeClosed const lost_then{kOrder, "dp_1", kAnn, kGold, usd("10.00"), false, units("5.00"), usd("0.50")};
  DisputeClosed const won_then{kOrder, "dp_1", kAnn, kGold, usd("10.00"), true, units("105.00"), -usd("15.00")};
  auto const opened_before = paid() + std::vector<Event>{opened_then};
  expect_movements(opened_before, {{disputed("10.00", "15.00", kOpen, 1), std::nullopt},
                                   {disputed("10.00", "15.00", kLost, 1), movement({}, {}, kLost, 1, "5.00")}});
  expect_movements(opened_before + std::vector<Event>{lost_then},
                   {{disputed("10.00", "15.50", kOpen, 1), std::nullopt},
                    {disputed("10.00", "15.50", kLost, 1), std::nullopt},
                    {disputed("0.00", "15.50", kWon, 2), movement(usd("10.00"), {}, kWon, 2, "105.00")}});
  expect_movements(opened_before + std::vector<Event>{won_then},
                   {{disputed("0.00", "0.00", kWon, 2), std::nullopt},
                    {disputed("10.00", "15.00", kLost, 3), movement(-usd("10.00"), usd("15.00"), kLost, 3, "5.00")}});
}

TEST(Dispute, AboveTheChargeThePlayerPaysWhatWasPaidAndTheRestIsAFee) {
  expect_movements(paid(),
                   {{disputed("10.13", "15.00", kOpen, 1), movement(-usd("10.00"), usd("15.13"), kOpen, 1, "5.00")},
                    {disputed("10.05", "15.00", kOpen, 2), movement({}, -usd("0.08"), kOpen, 2, "5.00")},
                    {disputed("9.95", "15.00", kLost, 3), movement(usd("0.05"), -usd("0.05"), kLost, 3, "5.50")},
                    {disputed("0.00", "15.00", kWon, 4), movement(usd("9.95"), {}, kWon, 4, "105.00")}});
}

// Whoever has the money twice owes the units twice; whichever is heard of first.
TEST(Dispute, TakesTheAmountWhateverWasRefundedBesideIt) {
  auto report = disputed("10.00", "15.00", kOpen, 1);
  report.refunds = {{"re_1", {}, usd("10.00"), RefundStatus::succeeded}};
  RefundRequested const asked{RefundId(10), kOrder, kAnn, kGold, usd("10.00"), units("5.00"), "made at the processor",
                              "pi_1",       "re_1"};
  RefundSettled const sent{RefundId(10),         kOrder, kAnn,         kGold, usd("10.00"),
                           RefundEnd::succeeded, "re_1", units("5.00")};
  auto opened_now = movement(-usd("10.00"), usd("15.00"), kOpen, 1, "95.00");
  opened_now.available_after = -units("95.00");
  given(paid()).when(reported(report)).then({asked, sent, opened_now});

  // The refund comes back: then it was the dispute alone that took something.
  auto const both = paid() + std::vector<Event>{asked, sent, opened_now};
  report.refunds[0].status = RefundStatus::failed;
  report.disputes[0].status = DisputeStatus::lost;
  given(both)
      .when(reported(report))
      .then({RefundSettled{RefundId(10), kOrder, kAnn, kGold, usd("10.00"), RefundEnd::reversed, "re_1", units("5.00")},
             movement({}, {}, kLost, 1, "5.00")});
}

TEST(Dispute, OfTwoEachIsBookedForItself) {
  auto report = disputed("0.00", "0.00", kWon, 2);
  report.disputes.push_back({"dp_2", usd("10.00"), usd("15.00"), kLost, 1});
  auto second = movement(-usd("10.00"), usd("15.00"), kLost, 1, "5.00");
  second.reference = "dp_2";
  given(paid()).when(reported(report)).then({movement({}, {}, kWon, 2, "105.00"), second});
}

// ---- what is shown is granted, and a cent more is not -------------------------------------------------------------

struct RefundableCase {
  char const* what;
  std::vector<Event> history;
  Usd most;
  RejectionCode otherwise;  // why, with nothing left
  GameId game = kGame;
  bool can_charge = true;
};

std::vector<RefundableCase> refundable_cases() {
  auto const with = [](std::vector<Event> more) { return paid() + std::move(more); };
  auto const open = movement(-usd("6.00"), usd("15.00"), kOpen, 1, "45.00");
  std::vector<Event> many;
  auto after = units("105.00");
  for (std::size_t i = 0; i < kRefundsMax; ++i) {
    after -= units("0.10");
    many.emplace_back(refunded(10 + i, "0.01", after));
  }
  return {{"paid", paid(), usd("10.00"), {}},
          {"partly refunded", with({refunded(10, "6.00", units("45.00"))}), usd("4.00"), {}},
          {"refunded", with({refunded(10, "10.00", units("5.00"))}), {}, RejectionCode::already_refunded},
          {"disputed", with({open}), {}, RejectionCode::order_disputed},
          {"lost", with({open, movement({}, {}, kLost, 1, "45.00")}), {}, RejectionCode::order_disputed},
          {"won", with({open, movement(usd("6.00"), {}, kWon, 2, "105.00")}), usd("10.00"), {}},
          {"won, and a part is withheld", with({open, movement(usd("4.00"), {}, kWon, 2, "85.00")}), usd("8.00"), {}},
          {"won, and taken again",
           with({open, movement(usd("6.00"), {}, kWon, 2, "105.00"), movement(-usd("10.00"), {}, kWon, 3, "5.00")}),
           {},
           RejectionCode::order_disputed},
          {"lost and reinstated",
           with({open, movement({}, {}, kLost, 1, "45.00"), movement(usd("6.00"), {}, kWon, 2, "105.00")}),
           usd("10.00"),
           {}},
          {"refunded too often", with(many), {}, RejectionCode::too_many_refunds},
          {"nobody can be charged", paid(), {}, RejectionCode::payments_unavailable, kGame, false},
          {"a suspended game", paid(), {}, RejectionCode::game_not_active, kSuspended},
          {"another game's", paid(), {}, RejectionCode::order_not_found, kTesting},
          {"a game that is none", paid(), {}, RejectionCode::game_not_found, kUnknown}};
}

TEST(Refundable, WhatIsShownIsGrantedAndACentMoreIsNot) {
  for (auto const& row : refundable_cases()) {
    SCOPED_TRACE(row.what);
    State state;
    for (auto const& event : row.history) apply(state, event, kNow);
    auto const shown = refundable_usd(state, row.game, purchased("105.00"), row.can_charge);
    EXPECT_EQ(shown ? shown.value() : Usd{}, row.most);
    auto const ask = [&](std::optional<Usd> amount) {
      auto command = refund(amount);
      command.game = row.game;
      command.can_charge = row.can_charge;
      return decide(state, command, {kNow, Position(100), 7});
    };
    auto const cent = Usd::from_minor(1);
    if (row.most == Usd{}) {
      for (auto const& amount : {std::optional<Usd>(), std::optional(cent)}) {
        auto const decision = ask(amount);
        ASSERT_FALSE(decision.ok());
        EXPECT_EQ(decision.error().code, row.otherwise);
      }
      continue;
    }
    EXPECT_TRUE(ask(row.most).ok());
    auto const all = ask(std::nullopt);
    ASSERT_TRUE(all.ok());
    EXPECT_EQ(std::get<RefundRequested>(all.value().front()).usd, row.most);
    auto const more = ask(row.most + cent);
    ASSERT_FALSE(more.ok());
    EXPECT_EQ(more.error().code, RejectionCode::refund_exceeds_payment);
    EXPECT_EQ(more.error().usd_available, row.most);
  }
}

TEST(PaymentReport, AnOddRefundOrDisputeHidesNoOther) {
  auto report = said(PaymentStatus::succeeded);
  report.refunds = {{"re_0", {}, usd("0.00"), RefundStatus::succeeded},
                    {"re_1", {}, usd("10.01"), RefundStatus::succeeded},
                    {"re_2", {}, usd("2.00"), RefundStatus::succeeded}};
  report.disputes = {{"dp_0", usd("1999.99"), usd("15.00"), DisputeStatus::open},
                     {"dp_1", -usd("0.01"), usd("15.00"), DisputeStatus::open},
                     {"", usd("1.00"), usd("15.00"), DisputeStatus::open},
                     {"dp_2", usd("1.00"), usd("1000.00"), DisputeStatus::open},
                     {"dp_3", usd("1.00"), -usd("1000.00"), DisputeStatus::open},
                     {"dp_4", usd("1.00"), usd("15.00"), DisputeStatus::open}};
  given(paid())
      .when(reported(report))
      .then(
          {RefundRequested{RefundId(10), kOrder, kAnn, kGold, usd("2.00"), units("85.00"), "made at the processor",
                           "pi_1", "re_2"},
           RefundSettled{RefundId(10), kOrder, kAnn, kGold, usd("2.00"), RefundEnd::succeeded, "re_2", units("85.00")},
           DisputeMoved{kOrder, "dp_4", kAnn, kGold, -usd("1.00"), usd("15.00"), kOpen, 0, units("75.00")}});
}

TEST(Dispute, ADebtIsRepaidBeforeAnythingIsSpent) {
  auto const owing = paid() + std::vector<Event>{debited(1, kGold, units("105.00"), units("0.00")),
                                                 DisputeOpened{kOrder, "dp_1", kAnn, kGold, usd("10.00"), usd("15.00"),
                                                               -units("100.00")}};
  given(owing)
      .when(DebitBalance{kGame, player("ann@example.com"), kGold, units("0.01"), "spend"})
      .then(Rejection{
          .code = RejectionCode::insufficient_balance, .available = -units("100.00"), .required = units("0.01")});
  given(owing)
      .when(CreditBalance{kGame, player("ann@example.com"), kGold, units("60.00"), "repaid"})
      .then({BalanceCredited{kAnn, kGold, units("60.00"), -units("40.00"), "repaid"}});
}

}  // namespace
}  // namespace florin::domain::testing
