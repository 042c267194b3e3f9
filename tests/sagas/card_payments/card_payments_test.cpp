// A purchase against the sandbox's processor, fault by fault: what nobody knows is looked up, never guessed.
#include "sagas/card_payments/card_payments.h"

#include <algorithm>
#include <sstream>

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "tests/sagas/card_payments/card_payments_fixture.h"
#include "tests/support/facts.h"

namespace florin::sagas {
namespace {

// ---- the way that it goes ----------------------------------------------------------------------------------------

TEST_F(CardPaymentsTest, ChargesOnlyWhatHasItsNameInTheLog) {
  bool named = false;
  rig->gateway().on_call([&](Call call) {
    if (call == Call::confirm) named = !rig->view().all<domain::PaymentOpened>().empty();
  });
  auto const made = buy();
  EXPECT_TRUE(named);
  EXPECT_EQ(rig->gateway().made(Call::create), 1);
  EXPECT_EQ(rig->gateway().made(Call::confirm), 1);
  auto const payment = world.payment();
  EXPECT_EQ(payment.report.order, made);
  EXPECT_EQ(payment.description, "100.00 Adventure Quest coins");
  EXPECT_EQ(payment.return_url, "https://pay.example/checkout/return");
  EXPECT_EQ(rig->view().all<domain::PaymentOpened>().at(0), (domain::PaymentOpened{made, payment.report.reference}));
  EXPECT_EQ(rig->view().all<domain::CurrencyPurchased>().at(0).fee, usd(59));
  expect_paid();
}

TEST_F(CardPaymentsTest, WhatIsDeclinedIsCancelledBeforeItIsGivenUp) {
  buy(kDeclined);
  EXPECT_EQ(world.payment().report.status, PaymentStatus::cancelled);
  expect_not_paid(PaymentFailure::declined, "insufficient_funds");
}

TEST_F(CardPaymentsTest, AMethodThatIsRefusedIsNotTriedAgain) {
  buy("pm_nobody");
  EXPECT_EQ(rig->gateway().made(Call::confirm), 1);
  EXPECT_EQ(world.payment().report.status, PaymentStatus::cancelled);
  expect_not_paid(PaymentFailure::refused, "resource_missing");
}

TEST_F(CardPaymentsTest, WhatTheProcessorWillNotOpenIsRefused) {
  buy("pm_card_visa", 10);
  EXPECT_EQ(world.statement().payments, 0u);
  expect_not_paid(PaymentFailure::refused, "amount_too_small");
}

// ---- nobody knows ------------------------------------------------------------------------------------------------

TEST_F(CardPaymentsTest, AnUnknownAnswerIsLookedUpAndThePurchaseGoesOn) {
  for (auto const call : {Call::create, Call::confirm}) {
    for (auto const trouble : kTroubles) {
      for (int const times : {1, 3}) {
        for (bool const callbacks : {true, false}) {
          SCOPED_TRACE(testing::Message() << call_name(call) << " trouble " << static_cast<int>(trouble) << " × "
                                          << times << (callbacks ? "" : ", no callbacks"));
          test_support::CardWorld another;
          test_support::MemoryLog own_log;
          test_support::CardRig own(vault.path(), own_log, another, callbacks);
          own.gateway().order(call, trouble, times);
          own.commit(order_currency(test_support::live_game(own), 1, 1000));
          ASSERT_TRUE(own.quiet());
          EXPECT_TRUE(own.view().all<domain::PaymentFailed>().empty());
          ASSERT_TRUE(own.pass_until([&] { return !own.view().all<domain::CurrencyPurchased>().empty(); }));
          EXPECT_EQ(another.statement().payments, 1u);
          EXPECT_EQ(another.statement().charges, 1u);
          EXPECT_EQ(own.view().all<domain::CurrencyPurchased>().size(), 1u);
          EXPECT_EQ(own.sum(domain::Account::card_clearing), -domain::units_of(another.statement().balance));
        }
      }
    }
  }
}

TEST_F(CardPaymentsTest, ALookThatFailsIsMadeAgain) {
  for (auto const trouble : kTroubles) {
    rig->gateway().order(Call::confirm, Trouble::timeout_after);
    rig->gateway().order(Call::retrieve, trouble, 4);
    auto const credited = count<domain::CurrencyPurchased>();
    auto const retrieved = rig->gateway().made(Call::retrieve);
    buy();
    ASSERT_TRUE(
        rig->pass_until([&] { return rig->view().read([](auto const& state) { return state.orders().empty(); }); }));
    EXPECT_EQ(count<domain::CurrencyPurchased>(), credited + 1);
    EXPECT_GT(rig->gateway().made(Call::retrieve), retrieved + 4) << "four answers that are not known, and one that is";
  }
  EXPECT_EQ(count<domain::CurrencyPurchased>(), 3u);
  EXPECT_EQ(world.statement().charges, 3u);
  expect_balanced();
}

TEST_F(CardPaymentsTest, ACancellationThatMayHaveBeenMadeIsMadeAgain) {
  for (auto const trouble : kTroubles) {
    SCOPED_TRACE(static_cast<int>(trouble));
    rig->gateway().order(Call::cancel, trouble, 2);
    auto const made = buy(kDeclined);
    ASSERT_TRUE(rig->pass_until([&] { return !rig->ledger().order(made); }));
    auto const end = rig->view().all<domain::PaymentFailed>().back();
    EXPECT_EQ(end.order, made);
    EXPECT_EQ(end.failure, PaymentFailure::declined);
    EXPECT_EQ(end.code, "insufficient_funds");
  }
  EXPECT_EQ(count<domain::PaymentFailed>(), 3u);
  EXPECT_EQ(world.statement().charges, 0u);
}

// Nobody is charged a quarter of an hour later: the buyer has gone.
TEST_F(CardPaymentsTest, AnOrderThatNobodyCouldOpenIsGivenUp) {
  for (auto const trouble : {Trouble::unreachable, Trouble::timeout_after}) {
    SCOPED_TRACE(static_cast<int>(trouble));
    rig->gateway().heal();
    rig->gateway().order(Call::create, trouble, 1'000);
    auto const made = buy();
    ASSERT_TRUE(rig->pass_until([&] { return !rig->ledger().order(made); }, 40));
    EXPECT_EQ(rig->view().all<domain::PaymentFailed>().back().failure, PaymentFailure::abandoned);
    ASSERT_TRUE(rig->pass(kMinute));
  }
  // Of the second: one for each key that was tried. They are there, and nobody ever confirms them.
  auto const there = test_support::must(world.processor->payments(0, 100));
  EXPECT_GE(there.size(), 1u);
  EXPECT_LE(there.size(), 5u);
  for (auto const& payment : there) EXPECT_EQ(payment.report.status, PaymentStatus::unconfirmed);
  EXPECT_EQ(rig->gateway().made(Call::confirm), 0);
  EXPECT_EQ(available(), Money{});
  EXPECT_EQ(count<domain::PaymentOpened>(), 0u);
}

TEST_F(CardPaymentsTest, AnOrderThatNobodyCouldConfirmIsCancelled) {
  rig->gateway().order(Call::confirm, Trouble::timeout_before, 1'000);
  auto const made = buy();
  ASSERT_TRUE(rig->pass_until([&] { return !rig->ledger().order(made); }, 40));
  EXPECT_EQ(world.payment().report.status, PaymentStatus::cancelled);
  expect_not_paid(PaymentFailure::abandoned, "");
}

// It was charged, and for an hour nobody could ask.
TEST_F(CardPaymentsTest, AChargeIsFoundHoweverLateItIsAsked) {
  start(false);
  rig->gateway().order(Call::confirm, Trouble::timeout_after);
  rig->gateway().order(Call::retrieve, Trouble::unreachable, 1'000);
  rig->gateway().order(Call::list_events, Trouble::unreachable, 1'000);
  auto const made = buy();
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_TRUE(rig->ledger().order(made));
  start();
  ASSERT_TRUE(rig->pass_until([&] { return settled(); }));
  expect_paid();
}

TEST_F(CardPaymentsTest, ABreakerThatOpensRefusesNewOrdersAndForgetsNoOldOne) {
  rig->gateway().order(Call::create, Trouble::unreachable, 8);
  rig->gateway().order(Call::list_events, Trouble::unreachable, 8);
  auto const made = buy();
  for (int i = 0; i < 20 && rig->guarded().available(); ++i) ASSERT_TRUE(rig->pass(kSecond));
  ASSERT_FALSE(rig->guarded().available());
  EXPECT_GE(rig->guarded().retry_after_seconds(), 1);
  auto refused = order_currency(game, 1, 1000);
  refused.can_charge = rig->guarded().available();
  auto const outcome = rig->ask(refused);
  ASSERT_TRUE(std::holds_alternative<domain::Rejection>(outcome));
  EXPECT_EQ(std::get<domain::Rejection>(outcome).code, domain::RejectionCode::payments_unavailable);
  ASSERT_TRUE(rig->pass_until([&] { return !rig->ledger().order(made); }));
  EXPECT_TRUE(rig->guarded().available());
  expect_paid();
}

// ---- callbacks and polls -----------------------------------------------------------------------------------------

TEST_F(CardPaymentsTest, CallbacksBeforeTheResponseTwiceAndLateCreditOnce) {
  for (auto const held : {Call::create, Call::confirm}) {
    SCOPED_TRACE(call_name(held));
    world.processor->set_faults({.doubled_callback = 100, .late_callback = 50});
    auto const credited = count<domain::CurrencyPurchased>();
    rig->gateway().hold(held);
    auto const made = order();
    if (held == Call::confirm) {
      // The callback's own look tells it while the answer is still on its way.
      EXPECT_TRUE(rig->view().wait_for([&](auto const& state) { return state.find_order(made) == nullptr; }));
      EXPECT_EQ(count<domain::CurrencyPurchased>(), credited + 1);
    }
    rig->gateway().release();
    ASSERT_TRUE(rig->quiet());
    EXPECT_EQ(count<domain::CurrencyPurchased>(), credited + 1);
  }
  EXPECT_EQ(available(), units(200));
  EXPECT_EQ(world.statement().charges, 2u);
  expect_balanced();
}

TEST_F(CardPaymentsTest, APollFindsWhatLostCallbacksWouldHaveTold) {
  world.processor->set_faults({.lost_callback = 100});
  buy();
  auto const reference = world.payment().report.reference;
  ASSERT_TRUE(world.processor->refund_at_processor(reference, usd(300)).ok());
  ASSERT_TRUE(rig->quiet());
  EXPECT_EQ(count<domain::RefundRequested>(), 0u);
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_EQ(count<domain::RefundSettled>(), 1u);
  EXPECT_EQ(available(), units(70));
  expect_paid(units(70));
  auto const looks = rig->gateway().made(Call::retrieve);
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_EQ(rig->gateway().made(Call::retrieve), looks);  // what was handled is passed over
}

TEST_F(CardPaymentsTest, APollThatFailsIsMadeUpFor) {
  start(false);
  buy();
  ASSERT_TRUE(world.processor->open_dispute(world.payment().report.reference).ok());
  rig->gateway().order(Call::list_events, Trouble::timeout_before);
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_EQ(count<domain::DisputeMoved>(), 0u);
  EXPECT_TRUE(rig->payments().trouble());
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_FALSE(rig->payments().trouble());
  EXPECT_EQ(count<domain::DisputeMoved>(), 1u);
  EXPECT_EQ(available(), Money{});
}

TEST_F(CardPaymentsTest, WhatIsNotWhatWasOrderedChangesNothing) {
  buy();
  auto const reference = world.payment().report.reference;
  ASSERT_TRUE(world.processor->refund_at_processor(reference, usd(500)).ok());
  ASSERT_TRUE(rig->pass(kMinute));
  ASSERT_EQ(available(), units(50));
  auto const commits = rig->view().commits().size();
  using Change = std::function<void(domain::PaymentReport&)>;
  auto const more = [](domain::PaymentReport& report) {
    report.refunds.push_back({"re_other", {}, usd(100), domain::RefundStatus::succeeded});
  };
  int number = 0;
  for (Change const& change :
       {Change([](auto& report) { report.usd = usd(100'00); }), Change([](auto& report) { report.in_usd = false; }),
        Change([](auto& report) { report.order = OrderId(1); }), Change([](auto& report) { report.order = {}; }),
        Change([](auto& report) { report.refunds.back().usd = usd(10'01); })}) {
    rig->gateway().tamper([&](domain::PaymentReport& report) {
      more(report);
      change(report);
    });
    std::promise<bool> handled;
    rig->payments().handle_event({"evt_other" + std::to_string(++number), reference},
                                 [&](bool done) { handled.set_value(done); });
    EXPECT_TRUE(handled.get_future().get()) << number;
    ASSERT_TRUE(rig->quiet());
    EXPECT_EQ(rig->view().commits().size(), commits) << number;
  }
  rig->gateway().tamper(nullptr);
}

TEST_F(CardPaymentsTest, APaymentThatNobodyKnowsCostsALookAndNoMore) {
  std::promise<bool> handled;
  rig->payments().handle_event({"evt_1", "pi_nobody"}, [&](bool done) { handled.set_value(done); });
  EXPECT_TRUE(handled.get_future().get());
  EXPECT_EQ(rig->gateway().made(Call::retrieve), 1);
  std::promise<bool> again;
  rig->payments().handle_event({"evt_1", "pi_nobody"}, [&](bool done) { again.set_value(done); });
  EXPECT_TRUE(again.get_future().get());
  EXPECT_EQ(rig->gateway().made(Call::retrieve), 1);
}

TEST_F(CardPaymentsTest, ACallbackThatCouldNotBeLookedUpIsRefusedAndLookedUpLater) {
  start(false);
  buy();
  auto const reference = world.payment().report.reference;
  ASSERT_TRUE(world.processor->refund_at_processor(reference, usd(500)).ok());
  rig->gateway().order(Call::retrieve, Trouble::timeout_before);
  std::promise<bool> handled;
  rig->payments().handle_event({"evt_refund", reference}, [&](bool done) { handled.set_value(done); });
  EXPECT_FALSE(handled.get_future().get());  // so the processor posts it again
  EXPECT_EQ(available(), units(100));
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_EQ(available(), units(50));
}

// As after a restore from a backup: the order's position was another order's, which the processor knows.
TEST_F(CardPaymentsTest, APaymentOfAnotherHistoryCreditsNobody) {
  start(false);
  rig->gateway().tamper([](domain::PaymentReport& report) { report.ordered_at = report.ordered_at + -1; });
  rig->gateway().order(Call::confirm, Trouble::timeout_after);  // so that it is a look that finds it charged
  order();
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_EQ(world.statement().charges, 1u);
  EXPECT_EQ(count<domain::CurrencyPurchased>(), 0u);
  rig->gateway().tamper(nullptr);
  ASSERT_TRUE(rig->pass_until([&] { return settled(); }, 100));
  expect_paid();
}

TEST_F(CardPaymentsTest, EveryOrderHasAKeyOfItsOwn) {
  auto const first = buy();
  auto const second = buy("pm_card_visa", 2000);
  EXPECT_NE(first, second);
  auto const payments = test_support::must(world.processor->payments(0, 3));
  ASSERT_EQ(payments.size(), 2u);
  EXPECT_EQ(payments[0].report.order, first);
  EXPECT_EQ(payments[0].report.ordered_at, rig->view().commits().at(1).at);
  EXPECT_EQ(payments[1].report.order, second);
}

// ---- the cardholder is asked -------------------------------------------------------------------------------------

TEST_F(CardPaymentsTest, AChallengeThatIsPassedIsPaid) {
  auto const made = buy(kAsked);
  ASSERT_EQ(count<domain::PaymentChallenged>(), 1u);
  EXPECT_FALSE(settled());
  Watcher watcher;
  rig->payments().watch(made, kWait, watcher.callback());
  ASSERT_TRUE(rig->pass(kSecond));  // it was looked at a moment ago
  ASSERT_EQ(watcher.updates->size(), 1u);
  auto const& asked = watcher.updates->front();
  EXPECT_EQ(asked.state, PaymentUpdate::State::action_required);
  EXPECT_EQ(asked.reference, world.payment().report.reference);
  EXPECT_EQ(asked.client_secret, world.payment().client_secret);
  EXPECT_NE(asked.redirect_url.find(asked.client_secret), std::string::npos);
  ASSERT_TRUE(world.processor->complete_challenge(asked.reference, asked.client_secret, true));
  ASSERT_TRUE(rig->pass_until([&] { return settled(); }, 3));
  expect_paid();
}

TEST_F(CardPaymentsTest, WhoCannotHaveAnsweredYetIsToldOfTheLastLookAtOnce) {
  auto const made = buy(kAsked);
  auto const looks = rig->gateway().made(Call::retrieve);
  Watcher at_once;
  Watcher patient;
  rig->payments().watch(made, kWait, at_once.callback(), true);
  rig->payments().watch(made, kWait, patient.callback());
  ASSERT_TRUE(rig->pass(0));
  ASSERT_EQ(at_once.updates->size(), 1u);
  EXPECT_EQ(at_once.updates->front().state, PaymentUpdate::State::action_required);
  EXPECT_EQ(at_once.updates->front().client_secret, world.payment().client_secret);
  EXPECT_TRUE(patient.updates->empty()) << "who may have answered waits for a look of their own";
  EXPECT_EQ(rig->gateway().made(Call::retrieve), looks);
  ASSERT_TRUE(rig->pass(kSecond));
  ASSERT_EQ(patient.updates->size(), 1u);
  Watcher late;
  ASSERT_TRUE(rig->pass(2 * kSecond));
  auto const before = rig->gateway().made(Call::retrieve);
  rig->payments().watch(made, kWait, late.callback(), true);
  ASSERT_TRUE(rig->pass(0));
  EXPECT_EQ(late.updates->size(), 1u);
  EXPECT_GT(rig->gateway().made(Call::retrieve), before) << "what was found is too old";
}

TEST_F(CardPaymentsTest, AChallengeThatIsNotPassedIsNotPaid) {
  buy(kAsked);
  auto const payment = world.payment();
  ASSERT_TRUE(world.processor->complete_challenge(payment.report.reference, payment.client_secret, false));
  ASSERT_TRUE(rig->pass_until([&] { return settled(); }, 3));
  expect_not_paid(PaymentFailure::challenge_failed, "payment_intent_authentication_failure");
}

TEST_F(CardPaymentsTest, AChallengeThatNobodyAnswersIsCancelled) {
  buy(kAsked);
  ASSERT_TRUE(rig->pass(domain::kChallengeMicros - kSecond));
  EXPECT_FALSE(settled());
  ASSERT_TRUE(rig->pass(kSecond));
  EXPECT_EQ(world.payment().report.status, PaymentStatus::cancelled);
  expect_not_paid(PaymentFailure::challenge_expired, "");
  // Too late: the processor charges nothing any more.
  auto const payment = world.payment();
  (void)world.processor->complete_challenge(payment.report.reference, payment.client_secret, true);
  ASSERT_TRUE(rig->pass(kMinute));
  expect_not_paid(PaymentFailure::challenge_expired, "");
}

// Answered in the moment in which it runs out, and the callback is lost: the cancellation finds the charge.
TEST_F(CardPaymentsTest, AChallengeThatIsPassedAtTheLastMomentIsPaid) {
  start(false);
  buy(kAsked);
  rig->gateway().order(Call::list_events, Trouble::unreachable, 100);
  auto const payment = world.payment();
  ASSERT_TRUE(world.processor->complete_challenge(payment.report.reference, payment.client_secret, true));
  EXPECT_FALSE(settled());
  ASSERT_TRUE(rig->pass(domain::kChallengeMicros));
  ASSERT_TRUE(rig->pass_until([&] { return settled(); }));
  expect_paid();
}

// ---- who waits ---------------------------------------------------------------------------------------------------

TEST_F(CardPaymentsTest, WhoWatchesIsToldOnceAndHow) {
  rig->gateway().hold(Call::confirm);
  auto const made = order();
  Watcher one;
  Watcher two;
  rig->payments().watch(made, kWait, one.callback());
  rig->payments().watch(made, kWait, two.callback());
  rig->gateway().release();
  ASSERT_TRUE(rig->quiet());
  for (auto const* watcher : {&one, &two}) {
    ASSERT_EQ(watcher->updates->size(), 1u);
    EXPECT_EQ(watcher->updates->front().state, PaymentUpdate::State::ended);
    ASSERT_TRUE(watcher->updates->front().purchased);
    EXPECT_EQ(watcher->updates->front().purchased->order, made);
    EXPECT_FALSE(watcher->updates->front().failed);
  }
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_EQ(one.updates->size(), 1u);
  EXPECT_EQ(one.updates.use_count(), 1);  // nothing of it is kept
}

TEST_F(CardPaymentsTest, WhoComesLateIsToldAtOnce) {
  auto const paid = buy();
  auto const declined = buy(kDeclined);
  Watcher one;
  Watcher two;
  rig->payments().watch(paid, kWait, one.callback());
  rig->payments().watch(declined, kWait, two.callback());
  ASSERT_TRUE(rig->quiet());
  ASSERT_EQ(one.updates->size(), 1u);
  ASSERT_TRUE(one.updates->front().purchased);
  EXPECT_EQ(one.updates->front().purchased->available_after, units(100));
  auto const commits = rig->view().commits();
  auto const at = std::find_if(commits.begin(), commits.end(), [&](domain::Commit const& commit) {
    return std::holds_alternative<domain::CurrencyPurchased>(commit.events.back());
  });
  EXPECT_EQ(one.updates->front().position, at->last());
  ASSERT_EQ(two.updates->size(), 1u);
  ASSERT_TRUE(two.updates->front().failed);
  EXPECT_EQ(two.updates->front().failed->code, "insufficient_funds");

  // Of another process's orders only that they are settled.
  start();
  Watcher three;
  rig->payments().watch(paid, kWait, three.callback());
  ASSERT_TRUE(rig->quiet());
  ASSERT_EQ(three.updates->size(), 1u);
  EXPECT_EQ(three.updates->front().state, PaymentUpdate::State::ended);
  EXPECT_FALSE(three.updates->front().purchased || three.updates->front().failed);
}

TEST_F(CardPaymentsTest, WhoHasGoneIsForgottenWhenItStops) {
  rig->gateway().order(Call::create, Trouble::unreachable, 1'000);
  auto const made = buy();
  Watcher watcher;
  rig->payments().watch(made, kWait, watcher.callback());
  ASSERT_TRUE(rig->quiet());
  EXPECT_TRUE(watcher.updates->empty());
  rig.reset();
  EXPECT_TRUE(watcher.updates->empty());
  EXPECT_EQ(watcher.updates.use_count(), 1);
}

TEST_F(CardPaymentsTest, SettlingWaitsForWhatIsUnderWayAndNoLonger) {
  EXPECT_TRUE(rig->quiet(1'000));
  rig->gateway().hold(Call::confirm);
  order();
  EXPECT_FALSE(rig->quiet(30));
  rig->gateway().release();
  EXPECT_TRUE(rig->quiet(10'000));
  EXPECT_TRUE(settled());
}

// ---- refunds and disputes ----------------------------------------------------------------------------------------

TEST_F(CardPaymentsTest, ARefundIsMadeOnceWhateverHappensToTheCall) {
  for (auto const trouble : kTroubles) {
    for (bool const callbacks : {true, false}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(trouble) << (callbacks ? "" : ", no callbacks"));
      start(callbacks);
      buy();
      auto const refunded = world.statement().refunded;
      rig->gateway().order(Call::refund, trouble, 2);
      refund(usd(400));
      ASSERT_TRUE(rig->pass_until([&] { return rig->sum(domain::Account::refunds_in_flight) == Money{}; }));
      EXPECT_EQ(world.statement().refunded, refunded + usd(400));
    }
  }
  EXPECT_EQ(count<domain::RefundSettled>(), 6u);
  EXPECT_EQ(available(), units(6 * 60));
  expect_balanced();
}

TEST_F(CardPaymentsTest, ARefundThatTheProcessorRefusesComesBack) {
  start(false);
  buy();
  // It was disputed there a moment ago; we have not heard.
  ASSERT_TRUE(world.processor->open_dispute(world.payment().report.reference).ok());
  refund();
  ASSERT_TRUE(rig->quiet());
  auto const ends = rig->view().all<domain::RefundSettled>();
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends.front().end, domain::RefundEnd::failed);
  EXPECT_EQ(available(), Money{}) << "the look before told of the dispute";
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_EQ(count<domain::DisputeMoved>(), 1u);
  EXPECT_EQ(available(), Money{});
  expect_balanced();
}

// A processor may have a refund pending for days, and forgets its idempotency key after one.
TEST_F(CardPaymentsTest, ARefundThatIsPendingThereIsAskedForOnce) {
  buy();
  rig->gateway().tamper([](domain::PaymentReport& report) {
    for (auto& made : report.refunds) made.status = domain::RefundStatus::pending;
  });
  refund(usd(400));
  ASSERT_TRUE(rig->quiet());
  EXPECT_EQ(rig->gateway().made(Call::refund), 1);
  refund(usd(100));
  ASSERT_TRUE(rig->quiet());
  EXPECT_EQ(rig->gateway().made(Call::refund), 2) << "the new one alone";
  EXPECT_EQ(count<domain::RefundSettled>(), 0u);
  start();
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_EQ(rig->gateway().made(Call::refund), 0) << "they are there";
  EXPECT_EQ(count<domain::RefundSettled>(), 2u);
  EXPECT_EQ(available(), units(50));
  expect_balanced();
}

TEST_F(CardPaymentsTest, ARefundMadeTwiceUnderOneNameIsOneOfOursAndOneThatIsNot) {
  buy();
  refund(usd(400));
  ASSERT_TRUE(rig->quiet());
  ASSERT_EQ(available(), units(60));
  rig->gateway().tamper([](domain::PaymentReport& report) {
    auto twice = report.refunds.back();
    twice.reference = "re_twice";
    report.refunds.insert(report.refunds.begin(), twice);
  });
  for (int again = 0; again < 2; ++again) {
    std::promise<bool> handled;
    rig->payments().handle_event({"evt_twice" + std::to_string(again), world.payment().report.reference},
                                 [&](bool done) { handled.set_value(done); });
    EXPECT_TRUE(handled.get_future().get());
    ASSERT_TRUE(rig->quiet());
    EXPECT_EQ(available(), units(20)) << "the money went twice";
  }
  rig->gateway().tamper(nullptr);
}

TEST_F(CardPaymentsTest, WhoWaitsAgainAndAgainCostsNoMoreLooks) {
  start(false);  // a callback would be a look of its own
  buy(kAsked);
  auto const before = rig->gateway().made(Call::retrieve);
  auto const order = rig->view().all<domain::CurrencyOrdered>().front().order;
  Watcher watcher;
  for (int i = 0; i < 100; ++i) rig->payments().watch(order, kWait, watcher.callback());
  ASSERT_TRUE(rig->quiet());
  ASSERT_TRUE(rig->pass(2 * kSecond));
  // One a second of the ledger's time at the most, and the machine's goes on meanwhile.
  EXPECT_LE(rig->gateway().made(Call::retrieve), before + 10);
  EXPECT_EQ(watcher.updates->size(), 100u);
}

TEST_F(CardPaymentsTest, ADisputeTakesAndGivesBackAsTheBankDecides) {
  buy(kDisputed);
  ASSERT_TRUE(rig->pass(kMinute));
  auto const reference = world.payment().report.reference;
  EXPECT_EQ(count<domain::DisputeMoved>(), 1u);
  EXPECT_EQ(available(), Money{});
  ASSERT_TRUE(world.processor->close_dispute(reference, true).ok());
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_EQ(available(), units(100));
  EXPECT_EQ(count<domain::DisputeMoved>(), 2u);
  expect_balanced();
}

// What comes after a dispute was over is heard of as all else, by callback or poll, and booked once.
TEST_F(CardPaymentsTest, NoEndOfADisputeIsTheLastWord) {
  buy(kDisputed);
  ASSERT_TRUE(rig->pass(kMinute));
  auto const reference = world.payment().report.reference;
  auto& processor = *world.processor;
  struct Word {
    std::function<bool()> said;
    std::int64_t left;  // units
  };
  std::vector<Word> const words = {
      {[&] { return processor.close_dispute(reference, false).ok(); }, 0},
      {[&] { return processor.close_dispute(reference, true).ok(); }, 100},        // reinstated
      {[&] { return processor.move_dispute(reference, usd(250), {}).ok(); }, 75},  // a second withdrawal
      {[&] { return processor.move_dispute(reference, {}, usd(20)).ok(); }, 75},   // a late fee
      {[&] { return processor.move_dispute(reference, usd(-250), usd(-20)).ok(); }, 100},
      {[&] { return processor.close_dispute(reference, false).ok(); }, 0}};
  for (bool const lost_callbacks : {false, true}) {
    processor.set_faults({.lost_callback = lost_callbacks ? 100u : 0u});
    auto const before = count<domain::DisputeMoved>();
    // The first word of the second round: it is lost already.
    for (std::size_t i = lost_callbacks ? 1 : 0; i < words.size(); ++i) {
      ASSERT_TRUE(words[i].said()) << i;
      ASSERT_TRUE(rig->pass(kMinute));
      ASSERT_TRUE(rig->pass(kMinute));
      EXPECT_EQ(available(), units(words[i].left)) << i;
      expect_balanced();
    }
    EXPECT_EQ(count<domain::DisputeMoved>(), before + words.size() - (lost_callbacks ? 1 : 0));
  }
}

// Nobody would look for it otherwise: the clearing account is not what the processor holds from then on.
TEST_F(CardPaymentsTest, WhatCannotBeBookedIsSaid) {
  rig.reset();
  std::ostringstream said;
  auto const before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("here", std::make_shared<spdlog::sinks::ostream_sink_mt>(said)));
  start();
  buy(kDisputed);
  ASSERT_TRUE(rig->pass(kMinute));
  auto const reference = world.payment().report.reference;
  ASSERT_TRUE(world.processor->close_dispute(reference, false).ok());
  ASSERT_TRUE(rig->pass(kMinute));
  ASSERT_EQ(count<domain::DisputeMoved>(), 2u);
  auto const newest = log.head().value().position;
  rig->gateway().tamper([](domain::PaymentReport& report) {
    report.refunds.push_back({"re_odd", {}, report.usd + usd(1), domain::RefundStatus::succeeded});
    report.disputes.push_back({"dp_odd", usd(200'000), {}, domain::DisputeStatus::open});
  });
  std::promise<bool> handled;
  rig->payments().handle_event({"evt_odd", reference}, [&](bool done) { handled.set_value(done); });
  EXPECT_TRUE(handled.get_future().get());
  EXPECT_EQ(log.head().value().position, newest) << "nothing of it is booked";
  rig.reset();
  spdlog::set_default_logger(before);
  for (char const* words : {"refund re_odd is of 10.01 USD", "dispute dp_odd withholds 2000.00 USD"}) {
    EXPECT_NE(said.str().find(words), std::string::npos) << words << " in: " << said.str();
  }
}

// ---- all at once -------------------------------------------------------------------------------------------------

TEST_F(CardPaymentsTest, ManyPurchasesUnderEveryFaultAtOnceAddUp) {
  constexpr std::size_t kOrders = 150;
  world.processor->set_faults({5, 5, 5, 20, 20, 20});
  std::map<std::string, std::size_t> made;
  char const* const methods[] = {"pm_card_visa", kDeclined, "pm_card_visa", kAsked, "pm_card_visa", kDisputed};
  for (std::size_t i = 0; i < kOrders; ++i) {
    rig->commit(order_currency(game, 1 + i % 7, 1000, methods[i % 6]));
    ++made[methods[i % 6]];
    if (i % 50 == 49) start();  // a restart, with orders in every stage
    auto const paid = rig->view().all<domain::CurrencyPurchased>();
    // Refused when it was disputed or refunded already.
    if (i % 6 == 3 && !paid.empty()) {
      (void)rig->ask(domain::RefundPurchase{game, samples::fact(paid.back()), usd(1), "changed mind", true});
    }
  }
  auto const at_rest = [&] {
    return rig->view().read([](domain::State const& state) { return state.orders().empty(); }) &&
           rig->sum(domain::Account::refunds_in_flight) == Money{};
  };
  ASSERT_TRUE(rig->pass_until(at_rest, 200));
  world.processor->set_faults({});
  ASSERT_TRUE(rig->pass(10 * kMinute));
  ASSERT_TRUE(rig->pass(10 * kMinute));
  EXPECT_EQ(count<domain::CurrencyPurchased>() + count<domain::PaymentFailed>(), kOrders);
  EXPECT_EQ(world.statement().charges, count<domain::CurrencyPurchased>());
  EXPECT_GT(world.statement().charges, kOrders / 2);
  EXPECT_EQ(count<domain::DisputeMoved>(), world.statement().disputes_open);
  std::set<OrderId> credited;
  for (auto const& e : rig->view().all<domain::CurrencyPurchased>()) EXPECT_TRUE(credited.insert(e.order).second);
  expect_balanced();
}

}  // namespace
}  // namespace florin::sagas
