// CONTRACT, Currency purchase: orders, what the processor says of them, refunds and disputes.
#include "tests/domain/ledger_dsl.h"

namespace florin::domain::testing {
namespace {

constexpr Position kOrder(7);  // behind ann_with_gold
constexpr PlayerId kAnn(1);

Money usd(std::string_view text) { return units(text); }

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
ReportPayment reported(PaymentReport report) { return {std::move(report), ordered(), {}}; }

// Ann has five gold and an order that is open at the processor.
std::vector<Event> waiting() { return ann_with_gold(units("5.00")) + std::vector<Event>{ordered(), opened()}; }
std::vector<Event> paid() { return waiting() + std::vector<Event>{purchased("105.00")}; }
RefundPurchase refund(std::optional<Money> amount) {
  return {kGame, purchased("105.00"), amount, "changed mind", true};
}
RefundRequested refunded(std::uint64_t at, std::string_view amount, Money after) {
  return {Position(at), kOrder, kAnn, kGold, usd(amount), after, "changed mind", "pi_1", ""};
}

TEST(CurrencyOrder, IsMadeAndChargesNothing) {
  given(ann_with_gold(units("5.00")))
      .when(OrderCurrency{kGame, player("ann@example.com"), {}, usd("10.00"), "pm_card_visa", {}, true})
      .then({ordered()});
}

TEST(CurrencyOrder, IsRefusedWhileNobodyCanBeCharged) {
  given(ann_with_gold(units("5.00")))
      .when(OrderCurrency{kGame, player("ann@example.com"), {}, usd("10.00"), "pm_card_visa", {}, false})
      .then(Rejection::payments_unavailable);
}

TEST(CurrencyOrder, IsBetweenOneCentAndTheLargest) {
  for (auto const* amount : {"0.01", "999.99"}) {
    OrderCurrency const command{kGame, player("ann@example.com"), {}, usd(amount), "pm", {}, true};
    EXPECT_TRUE(decide_in(ann_with_gold(units("5.00")), command).ok()) << amount;
  }
  for (auto const amount : {Money{}, usd("1000.00"), -usd("1.00")}) {
    given(ann_with_gold(units("5.00")))
        .when(OrderCurrency{kGame, player("ann@example.com"), {}, amount, "pm", {}, true})
        .then(Rejection::invalid_amount);
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
  given(paid()).when(reported(said(PaymentStatus::succeeded))).then(Rejection::nothing_new);
}

TEST(PaymentReport, OfAnotherAmountCurrencyOrPaymentIsRefused) {
  auto amount = said(PaymentStatus::succeeded);
  amount.usd = usd("1000.00");
  auto other_currency = said(PaymentStatus::succeeded);
  other_currency.in_usd = false;
  auto other_payment = said(PaymentStatus::succeeded);
  other_payment.reference = "pi_2";
  auto other_order = said(PaymentStatus::succeeded);
  other_order.order = Position(1);
  for (auto const& report : {amount, other_currency, other_payment, other_order}) {
    given(waiting()).when(reported(report)).then(Rejection::payment_mismatch);
  }
}

TEST(PaymentReport, ADeclineDecidesNothingUntilItIsCancelled) {
  auto declined = said(PaymentStatus::declined);
  declined.decline_code = "insufficient_funds";
  given(waiting()).when(reported(declined)).then(Rejection::nothing_new);
  declined.status = PaymentStatus::cancelled;
  given(waiting())
      .when(reported(declined))
      .then({PaymentFailed{kOrder, kAnn, PaymentFailure::declined, "insufficient_funds"}});
}

TEST(PaymentReport, AChallengeIsAskedOnceAndEndsEitherWay) {
  PaymentChallenged const asked{kOrder, kNow + kChallengeMicros};
  given(waiting()).when(reported(said(PaymentStatus::requires_action))).then({asked});
  auto const challenged = waiting() + std::vector<Event>{asked};
  given(challenged).when(reported(said(PaymentStatus::requires_action))).then(Rejection::nothing_new);
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
  given(waiting()).when(FailOrder{kOrder, PaymentFailure::abandoned, ""}).then(Rejection::order_not_open);
}

TEST(CurrencyRefund, TakesTheUnitsAtOnceEvenBelowZero) {
  auto const spent = paid() + std::vector<Event>{debited(1, kGold, units("100.00"), units("5.00"))};
  given(spent).when(refund(std::nullopt)).then({refunded(11, "10.00", -units("95.00"))});
}

TEST(CurrencyRefund, NeverMoreThanWasPaid) {
  given(paid())
      .when(refund(usd("10.01")))
      .then(Refusal{.reason = Rejection::refund_exceeds_payment, .available = usd("10.00"), .required = usd("10.01")});
  auto const once = paid() + std::vector<Event>{refunded(10, "6.00", units("45.00"))};
  given(once)
      .when(refund(usd("4.01")))
      .then(Refusal{.reason = Rejection::refund_exceeds_payment, .available = usd("4.00"), .required = usd("4.01")});
  given(once).when(refund(usd("4.00"))).then({refunded(11, "4.00", units("5.00"))});
  given(once + std::vector<Event>{refunded(11, "4.00", units("5.00"))})
      .when(refund(std::nullopt))
      .then(Rejection::already_refunded);
}

TEST(CurrencyRefund, ARefusedOneComesBack) {
  RefundSettled const failed{Position(10), kOrder, kAnn, kGold, usd("6.00"), RefundEnd::failed, "", units("105.00")};
  auto const asked = paid() + std::vector<Event>{refunded(10, "6.00", units("45.00"))};
  given(asked).when(FailRefund{kOrder, Position(10), ordered()}).then({failed});
  given(asked + std::vector<Event>{failed})
      .when(FailRefund{kOrder, Position(10), ordered()})
      .then(Rejection::order_not_open);
}

TEST(CurrencyRefund, OneMadeAtTheProcessorIsTakenOver) {
  auto report = said(PaymentStatus::succeeded);
  report.refunds = {{"re_1", {}, usd("2.00"), RefundStatus::succeeded}};
  auto made = refunded(10, "2.00", units("85.00"));
  made.reason = "made at the processor";
  made.reference = "re_1";
  RefundSettled const settled{Position(10),         kOrder, kAnn,          kGold, usd("2.00"),
                              RefundEnd::succeeded, "re_1", units("85.00")};
  given(paid()).when(reported(report)).then({made, settled});
  given(paid() + std::vector<Event>{made, settled}).when(reported(report)).then(Rejection::nothing_new);
}

// Heard of when it had failed already, and then the older report comes: it must not take the units.
TEST(CurrencyRefund, OneThatFailedAtTheProcessorStaysFailed) {
  auto report = said(PaymentStatus::succeeded);
  report.refunds = {{"re_1", {}, usd("2.00"), RefundStatus::failed}};
  auto made = refunded(10, "2.00", units("85.00"));
  made.reason = "made at the processor";
  made.reference = "re_1";
  RefundSettled const failed{Position(10),      kOrder, kAnn,           kGold, usd("2.00"),
                             RefundEnd::failed, "re_1", units("105.00")};
  given(paid()).when(reported(report)).then({made, failed});
  report.refunds[0].status = RefundStatus::succeeded;
  given(paid() + std::vector<Event>{made, failed}).when(reported(report)).then(Rejection::nothing_new);
}

TEST(Dispute, TakesTheAmountAndGivesItBackWhenItIsWon) {
  auto report = said(PaymentStatus::succeeded);
  report.disputes = {{"dp_1", usd("10.00"), usd("15.00"), DisputeStatus::open}};
  DisputeOpened const opened_now{kOrder, "dp_1", kAnn, kGold, usd("10.00"), usd("15.00"), units("5.00")};
  given(paid()).when(reported(report)).then({opened_now});
  auto const disputed = paid() + std::vector<Event>{opened_now};
  given(disputed).when(reported(report)).then(Rejection::nothing_new);
  given(disputed).when(refund(std::nullopt)).then(Rejection::order_disputed);
  report.disputes[0].status = DisputeStatus::won;
  given(disputed)
      .when(reported(report))
      .then({DisputeClosed{kOrder, "dp_1", kAnn, kGold, usd("10.00"), true, units("105.00")}});
  report.disputes[0].status = DisputeStatus::lost;
  given(disputed)
      .when(reported(report))
      .then({DisputeClosed{kOrder, "dp_1", kAnn, kGold, usd("10.00"), false, units("5.00")}});
}

TEST(Dispute, TheFeeIsCorrectedWhenItIsClosed) {
  DisputeOpened const opened_now{kOrder, "dp_1", kAnn, kGold, usd("10.00"), usd("15.00"), units("5.00")};
  auto const disputed = paid() + std::vector<Event>{opened_now};
  auto report = said(PaymentStatus::succeeded);
  report.disputes = {{"dp_1", usd("10.00"), usd("0.00"), DisputeStatus::won}};
  DisputeClosed closed{kOrder, "dp_1", kAnn, kGold, usd("10.00"), true, units("105.00"), -usd("15.00")};
  given(disputed).when(reported(report)).then({closed});
  given(disputed + std::vector<Event>{closed}).when(reported(report)).then(Rejection::nothing_new);
  report.disputes[0].fee = -usd("0.50");  // more came back than was taken
  closed.fee = -usd("15.50");
  given(disputed).when(reported(report)).then({closed});
  report.disputes[0] = {"dp_1", usd("10.00"), usd("30.00"), DisputeStatus::lost};
  given(disputed)
      .when(reported(report))
      .then({DisputeClosed{kOrder, "dp_1", kAnn, kGold, usd("10.00"), false, units("5.00"), usd("15.00")}});
}

TEST(Dispute, AboveTheChargeThePlayerPaysWhatWasPaidAndTheRestIsAFee) {
  auto report = said(PaymentStatus::succeeded);
  report.disputes = {{"dp_1", usd("10.13"), usd("15.00"), DisputeStatus::open}};
  DisputeOpened const opened_now{kOrder, "dp_1", kAnn, kGold, usd("10.00"), usd("15.13"), units("5.00")};
  given(paid()).when(reported(report)).then({opened_now});
  auto const disputed = paid() + std::vector<Event>{opened_now};
  report.disputes[0].status = DisputeStatus::won;
  given(disputed)
      .when(reported(report))
      .then({DisputeClosed{kOrder, "dp_1", kAnn, kGold, usd("10.00"), true, units("105.00"), -usd("0.13")}});
  report.disputes[0].status = DisputeStatus::lost;
  given(disputed)
      .when(reported(report))
      .then({DisputeClosed{kOrder, "dp_1", kAnn, kGold, usd("10.00"), false, units("5.00"), usd("0.00")}});
}

// Whoever has the money twice owes the units twice; whichever is heard of first.
TEST(Dispute, TakesTheAmountWhateverWasRefundedBesideIt) {
  auto report = said(PaymentStatus::succeeded);
  report.refunds = {{"re_1", {}, usd("10.00"), RefundStatus::succeeded}};
  report.disputes = {{"dp_1", usd("10.00"), usd("15.00"), DisputeStatus::open}};
  RefundRequested const asked{Position(10), kOrder, kAnn, kGold, usd("10.00"), units("5.00"), "made at the processor",
                              "pi_1",       "re_1"};
  RefundSettled const sent{Position(10),         kOrder, kAnn,         kGold, usd("10.00"),
                           RefundEnd::succeeded, "re_1", units("5.00")};
  DisputeOpened const opened_now{kOrder, "dp_1", kAnn, kGold, usd("10.00"), usd("15.00"), -units("95.00")};
  given(paid()).when(reported(report)).then({asked, sent, opened_now});

  // The refund comes back: then it was the dispute alone that took something.
  auto const both = paid() + std::vector<Event>{asked, sent, opened_now};
  report.refunds[0].status = RefundStatus::failed;
  report.disputes[0].status = DisputeStatus::lost;
  given(both)
      .when(reported(report))
      .then({RefundSettled{Position(10), kOrder, kAnn, kGold, usd("10.00"), RefundEnd::reversed, "re_1", units("5.00")},
             DisputeClosed{kOrder, "dp_1", kAnn, kGold, usd("10.00"), false, units("5.00")}});
}

TEST(Dispute, OfTwoEachTakesItsAmountAndTheOneThatIsWonGivesItBack) {
  auto report = said(PaymentStatus::succeeded);
  report.disputes = {{"dp_1", usd("10.00"), usd("15.00"), DisputeStatus::won},
                     {"dp_2", usd("10.00"), usd("15.00"), DisputeStatus::lost}};
  given(paid())
      .when(reported(report))
      .then({DisputeOpened{kOrder, "dp_1", kAnn, kGold, usd("10.00"), usd("15.00"), units("5.00")},
             DisputeClosed{kOrder, "dp_1", kAnn, kGold, usd("10.00"), true, units("105.00")},
             DisputeOpened{kOrder, "dp_2", kAnn, kGold, usd("10.00"), usd("15.00"), units("5.00")},
             DisputeClosed{kOrder, "dp_2", kAnn, kGold, usd("10.00"), false, units("5.00")}});
}

TEST(PaymentReport, AnOddRefundOrDisputeHidesNoOther) {
  auto report = said(PaymentStatus::succeeded);
  report.refunds = {{"re_0", {}, usd("0.00"), RefundStatus::succeeded},
                    {"re_1", {}, usd("10.01"), RefundStatus::succeeded},
                    {"re_2", {}, usd("2.00"), RefundStatus::succeeded}};
  report.disputes = {{"dp_0", usd("1999.99"), usd("15.00"), DisputeStatus::open},
                     {"dp_1", usd("0.00"), usd("15.00"), DisputeStatus::open},
                     {"dp_2", usd("1.00"), usd("1000.00"), DisputeStatus::open},
                     {"dp_3", usd("1.00"), -usd("1000.00"), DisputeStatus::open},
                     {"dp_4", usd("1.00"), usd("15.00"), DisputeStatus::open}};
  given(paid())
      .when(reported(report))
      .then(
          {RefundRequested{Position(10), kOrder, kAnn, kGold, usd("2.00"), units("85.00"), "made at the processor",
                           "pi_1", "re_2"},
           RefundSettled{Position(10), kOrder, kAnn, kGold, usd("2.00"), RefundEnd::succeeded, "re_2", units("85.00")},
           DisputeOpened{kOrder, "dp_4", kAnn, kGold, usd("1.00"), usd("15.00"), units("75.00")}});
}

TEST(Dispute, ADebtIsRepaidBeforeAnythingIsSpent) {
  auto const owing = paid() + std::vector<Event>{debited(1, kGold, units("105.00"), units("0.00")),
                                                 DisputeOpened{kOrder, "dp_1", kAnn, kGold, usd("10.00"), usd("15.00"),
                                                               -units("100.00")}};
  given(owing)
      .when(DebitBalance{kGame, player("ann@example.com"), kGold, units("0.01"), "spend"})
      .then(
          Refusal{.reason = Rejection::insufficient_balance, .available = -units("100.00"), .required = units("0.01")});
  given(owing)
      .when(CreditBalance{kGame, player("ann@example.com"), kGold, units("60.00"), "repaid"})
      .then({BalanceCredited{kAnn, kGold, units("60.00"), -units("40.00"), "repaid"}});
}

}  // namespace
}  // namespace florin::domain::testing
