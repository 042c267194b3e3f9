// Purchases that somebody or something stands in the way of: spoilt keys, a log that cannot be read, callers who give
// up or crowd in, code that throws. Whatever it is, it passes, and the order ends as it should.
#include <algorithm>
#include <chrono>
#include <new>
#include <semaphore>

#include "sagas/card_payments/card_payments.h"
#include "tests/sagas/card_payments/card_payments_fixture.h"
#include "tests/support/facts.h"

namespace florin::sagas {
namespace {

// ---- keys and tries ----------------------------------------------------------------------------------------------

TEST_F(CardPaymentsTest, ABadAnswerThatIsKeptForAKeyDoesNotHoldUpTheOrder) {
  for (auto const call : {Call::create, Call::confirm}) {
    for (int const times : {1, 2}) {
      for (bool const restart : {false, true}) {
        SCOPED_TRACE(testing::Message() << call_name(call) << " × " << times << (restart ? ", restarted" : ""));
        auto const paid = count<domain::CurrencyPurchased>();
        rig->gateway().order(call, Trouble::stored, times);
        auto const made = buy();
        EXPECT_TRUE(rig->ledger().order(made));
        if (restart) start();
        ASSERT_TRUE(rig->pass_until([&] { return !rig->ledger().order(made); }, 10)) << "long before patience ends";
        EXPECT_EQ(count<domain::CurrencyPurchased>(), paid + 1);
      }
    }
  }
  EXPECT_EQ(count<domain::PaymentFailed>(), 0u);
  EXPECT_EQ(world.statement().payments, 8u);
  EXPECT_EQ(world.statement().charges, 8u);
  expect_balanced();
}

TEST_F(CardPaymentsTest, AConfirmIsRepeatedUnderAnotherKeyAndOnlyAfterALook) {
  rig->gateway().order(Call::confirm, Trouble::timeout_before, 4);
  rig->gateway().order(Call::retrieve, Trouble::timeout_before, 2);
  buy();
  ASSERT_TRUE(rig->pass_until([&] { return settled(); }));
  bool looked = true;
  for (auto const call : rig->gateway().made()) {
    if (call == Call::retrieve) looked = true;
    if (call != Call::confirm) continue;
    EXPECT_TRUE(looked);
    looked = false;
  }
  auto keys = rig->gateway().keys(Call::confirm);
  ASSERT_EQ(keys.size(), 5u);
  std::ranges::sort(keys);
  EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end());
  expect_paid();
}

// What timed out may be there: while its key is good it is the same payment.
TEST_F(CardPaymentsTest, AnOpeningKeepsItsKeyForAWhile) {
  rig->gateway().order(Call::create, Trouble::timeout_after, 3);
  buy();
  ASSERT_TRUE(rig->pass_until([&] { return settled(); }));
  auto const keys = rig->gateway().keys(Call::create);
  ASSERT_EQ(keys.size(), 4u);
  EXPECT_EQ(keys.front(), keys.back());
  expect_paid();
}

// Four failures wait up to 8 s; when it got on after them, the next failure waits 1 s.
TEST_F(CardPaymentsTest, WhatGotOnStartsTheLadderAnew) {
  rig->gateway().order(Call::create, Trouble::timeout_before, 4);
  rig->gateway().order(Call::confirm, Trouble::timeout_before);
  buy();
  ASSERT_TRUE(rig->pass_until([&] { return rig->gateway().made(Call::confirm) == 1; }));
  ASSERT_FALSE(settled());
  ASSERT_TRUE(rig->pass(kSecond));
  expect_paid();
}

TEST_F(CardPaymentsTest, LooksThatSucceedDoNotHurryConfirmsThatFail) {
  rig->gateway().order(Call::confirm, Trouble::timeout_before, 1'000);
  buy();
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(rig->pass(kSecond));
  EXPECT_LE(rig->gateway().made(Call::confirm), 8) << "1, 2, 4, 8, 16 and 32 s, or half of it";
}

// ---- the log and the writer --------------------------------------------------------------------------------------

TEST_F(CardPaymentsTest, AnOrderThatCannotBeReadForAMomentIsNotGivenUp) {
  rig->gateway().hold(Call::create);
  order();
  await(Call::create, 1);
  log.fail_reads(eventstore::Fault{eventstore::Fault::Kind::io, "no descriptor left"});
  rig->gateway().release();
  ASSERT_TRUE(rig->quiet());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_FALSE(settled());
  EXPECT_EQ(count<domain::PaymentOpened>(), 0u) << "nobody says whose it is";
  log.fail_reads(std::nullopt);
  ASSERT_TRUE(rig->pass_until([&] { return settled(); }));
  expect_paid();
}

// It was charged, and the word of it may or may not be in the log.
TEST_F(CardPaymentsTest, AReportWithoutAnAnswerIsMadeAgainAndCreditsOnce) {
  using test_support::MemoryLog;
  for (auto const how : {MemoryLog::Failure::absent, MemoryLog::Failure::durable}) {
    start(false);
    auto const paid = world.statement().charges;
    rig->gateway().hold(Call::confirm);
    order();
    await(Call::confirm, 1);
    log.fail_next(how);
    rig->gateway().release();
    ASSERT_TRUE(rig->quiet());
    EXPECT_EQ(world.statement().charges, paid + 1);
    EXPECT_EQ(count<domain::CurrencyPurchased>(), paid);
    EXPECT_EQ(count<domain::PaymentFailed>(), 0u);
    auto const looks = rig->gateway().made(Call::retrieve);
    ASSERT_TRUE(rig->pass(kMinute));
    EXPECT_GT(rig->gateway().made(Call::retrieve), looks) << "it is looked at again";
    EXPECT_EQ(rig->gateway().made(Call::confirm), 1);
    start();  // a writer that does not know what is durable writes nothing any more
    ASSERT_TRUE(rig->pass(kMinute));
    EXPECT_EQ(count<domain::CurrencyPurchased>(), paid + 1);
    EXPECT_EQ(world.statement().charges, paid + 1);
  }
  EXPECT_EQ(available(), units(200));
  expect_balanced();
}

// ---- who waits ---------------------------------------------------------------------------------------------------

TEST_F(CardPaymentsTest, WhoLosesPatienceIsToldAndForgotten) {
  rig->gateway().order(Call::create, Trouble::timeout_before, 1'000);
  auto const made = buy();
  Watcher brief;
  Watcher patient;
  rig->payments().watch(made, std::chrono::milliseconds(1), brief.callback());
  rig->payments().watch(made, kWait, patient.callback());
  ASSERT_TRUE(rig->quiet());
  auto const give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (brief.updates->empty() && std::chrono::steady_clock::now() < give_up) ASSERT_TRUE(rig->pass(0));
  ASSERT_EQ(brief.updates->size(), 1u);
  EXPECT_EQ(brief.updates->front().state, PaymentUpdate::State::pending);
  EXPECT_EQ(brief.updates.use_count(), 1);
  EXPECT_TRUE(patient.updates->empty());
  rig->gateway().heal();
  ASSERT_TRUE(rig->pass_until([&] { return settled(); }));
  ASSERT_EQ(patient.updates->size(), 1u);
  EXPECT_TRUE(patient.updates->front().purchased);
  EXPECT_EQ(brief.updates->size(), 1u);
}

TEST_F(CardPaymentsTest, OneTooManyWhoWaitsSendsTheLongestWaitingAway) {
  rig->gateway().hold(Call::confirm);
  auto const made = order();
  std::vector<Watcher> all(CardPayments::kWaitersMax + 2);
  for (auto const& watcher : all) rig->payments().watch(made, kWait, watcher.callback());
  (void)rig->quiet(10);
  rig->gateway().release();
  ASSERT_TRUE(rig->quiet());
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].updates->size(), 1u) << i;
    EXPECT_EQ(all[i].updates->front().state, i < 2 ? PaymentUpdate::State::pending : PaymentUpdate::State::ended) << i;
  }
}

TEST_F(CardPaymentsTest, WhoWaitsForWhatTakesItsTimeIsToldSo) {
  using Change = std::function<void(domain::PaymentReport&)>;
  for (Change const& change :
       {Change([](auto& report) { report.status = PaymentStatus::processing; }),
        Change([](auto& report) { report.status = PaymentStatus::succeeded, report.usd = usd(100'00); })}) {
    rig->gateway().tamper(change);
    rig->gateway().order(Call::confirm, Trouble::timeout_before);
    auto const made = order();
    Watcher before;
    rig->payments().watch(made, kWait, before.callback());
    ASSERT_TRUE(rig->pass(kSecond));
    Watcher after;
    rig->payments().watch(made, kWait, after.callback());
    ASSERT_TRUE(rig->pass(kSecond));
    for (auto const* watcher : {&before, &after}) {
      ASSERT_EQ(watcher->updates->size(), 1u);
      EXPECT_EQ(watcher->updates->front().state, PaymentUpdate::State::pending);
    }
    EXPECT_TRUE(rig->ledger().order(made));
    rig->gateway().tamper(nullptr);
    ASSERT_TRUE(rig->pass_until([&] { return !rig->ledger().order(made); }, 70));
  }
  EXPECT_EQ(count<domain::CurrencyPurchased>(), 1u);
  EXPECT_EQ(failed().failure, PaymentFailure::abandoned) << "an hour later, uncharged";
}

// ---- who comes first ---------------------------------------------------------------------------------------------

constexpr long kCallers = 32;

TEST_F(CardPaymentsTest, NewOrdersLeaveRoomForWhatIsCalledBack) {
  start(false);
  rig->gateway().hold(Call::create);
  for (long i = 0; i < 2 * kCallers; ++i) order();
  await(Call::create, kCallers);
  for (int i = 0; i < 4; ++i) rig->payments().handle_event({"evt_" + std::to_string(i), "pi_nobody"}, [](bool) {});
  rig->gateway().release();
  ASSERT_TRUE(rig->quiet());
  long opens = 0;
  long looks = 0;
  for (auto const call : rig->gateway().made()) {
    if (call == Call::create) ++opens;
    if (call != Call::retrieve) continue;
    ++looks;
    EXPECT_LE(opens, kCallers + 3 * looks);
  }
  EXPECT_EQ(looks, 4);
}

// It rests after a refund that failed, its time comes while all are busy, and then somebody asks for another refund.
TEST_F(CardPaymentsTest, WhatIsQueuedIsBroughtForwardAndTakenUpOnce) {
  start(false);
  buy();
  auto const reference = world.payment().report.reference;
  rig->gateway().order(Call::refund, Trouble::timeout_before);
  refund(usd(100));
  ASSERT_TRUE(rig->quiet());
  rig->gateway().hold(Call::create);
  for (long i = 0; i < kCallers; ++i) order();
  await(Call::create, 1 + kCallers);
  auto const before = rig->gateway().retrieved().size();
  for (int i = 0; i < 20; ++i) rig->payments().handle_event({"evt_" + std::to_string(i), "pi_nobody"}, [](bool) {});
  rig->gateway().order(Call::list_events, Trouble::timeout_before);  // which would tell of the payment, too
  world.clock.advance(kSecond);
  rig->loop().check();
  (void)rig->quiet(20);
  auto const first = rig->view().all<domain::CurrencyPurchased>().front();
  rig->commit(domain::RefundPurchase{game, samples::fact(first), usd(200), "changed mind", true});
  (void)rig->quiet(20);
  rig->gateway().release();
  ASSERT_TRUE(rig->quiet());
  auto const looked = rig->gateway().retrieved();
  auto const begin = looked.begin() + static_cast<std::ptrdiff_t>(before);
  EXPECT_EQ(std::find(begin, looked.end(), reference), begin);
  EXPECT_EQ(std::count(begin, looked.end(), reference), 2) << "one for each refund";
  EXPECT_EQ(rig->gateway().made(Call::refund), 3);
  EXPECT_EQ(world.statement().refunded, usd(300));
}

TEST_F(CardPaymentsTest, WhatIsTakenUpBeforeItsTimeLeavesNothingBehind) {
  buy(kAsked);
  auto const made = rig->view().all<domain::CurrencyOrdered>().front().order;
  for (int i = 0; i < 200; ++i) {
    Watcher watcher;
    rig->payments().watch(made, kWait, watcher.callback());
    ASSERT_TRUE(rig->pass(kSecond));
    ASSERT_EQ(watcher.updates->size(), 1u);
    ASSERT_LE(rig->payments().delayed(), 64u);
  }
  ASSERT_TRUE(rig->pass(domain::kChallengeMicros));
  EXPECT_TRUE(settled());
}

TEST_F(CardPaymentsTest, OfTooManyCardsAtOnceTheLastAreToldSoAndTheBreakerIsNot) {
  constexpr long kMore = 10;
  Card const card{"4242424242424242", "12", "2031", "123"};
  std::vector<MethodAnswer> answers;  // the effects thread's until `answered` says so
  std::counting_semaphore<> answered{0};
  auto const keep = [&](MethodAnswer const& answer) {
    answers.push_back(answer);
    answered.release();
  };
  auto const await_answers = [&](long more) {
    for (long i = 0; i < more; ++i) ASSERT_TRUE(answered.try_acquire_for(std::chrono::seconds(10)));
  };
  rig->gateway().hold(Call::tokenize);
  for (long i = 0; i < kCallers + kMore; ++i) rig->payments().tokenize(card, keep);
  await_answers(kMore);
  EXPECT_EQ(rig->gateway().made(Call::tokenize), kCallers);
  EXPECT_EQ(std::ranges::count(answers, kBusy, &MethodAnswer::code), kMore);
  EXPECT_EQ(std::ranges::count(answers, PaymentOutcome::unknown, &MethodAnswer::outcome), kMore);
  EXPECT_TRUE(rig->guarded().available());
  buy();  // orders go on meanwhile
  expect_paid();
  rig->gateway().release();
  await_answers(kCallers);
  EXPECT_EQ(std::ranges::count(answers, PaymentOutcome::answered, &MethodAnswer::outcome), kCallers);
  rig->payments().tokenize(card, keep);
  await_answers(1);
  EXPECT_EQ(answers.back().outcome, PaymentOutcome::answered) << "there is room again";
}

// ---- what throws -------------------------------------------------------------------------------------------------

// Once at each call of each of more orders than there are callers.
TEST_F(CardPaymentsTest, WhatThrowsCostsNoCallerAndNoOrder) {
  std::map<Call, int> left{{Call::create, 40}, {Call::confirm, 40}, {Call::retrieve, 20}, {Call::list_events, 2}};
  rig->gateway().on_call([&](Call call) {
    if (left[call]-- > 0) throw std::bad_alloc();
  });
  for (long i = 0; i < kCallers + 8; ++i) order();
  ASSERT_TRUE(
      rig->pass_until([&] { return rig->view().read([](auto const& state) { return state.orders().empty(); }); }));
  EXPECT_EQ(count<domain::CurrencyPurchased>(), static_cast<std::size_t>(kCallers + 8));
  EXPECT_EQ(world.statement().charges, static_cast<std::size_t>(kCallers + 8));
  expect_balanced();
}

TEST_F(CardPaymentsTest, ALookThatThrowsIsRefusedAndMadeAgain) {
  start(false);
  buy();
  auto const reference = world.payment().report.reference;
  ASSERT_TRUE(world.processor->refund_at_processor(reference, usd(500)).ok());
  bool thrown = false;
  rig->gateway().on_call([&](Call call) {
    if (call == Call::retrieve && !std::exchange(thrown, true)) throw std::bad_alloc();
  });
  std::promise<bool> handled;
  rig->payments().handle_event({"evt_refund", reference}, [&](bool done) { handled.set_value(done); });
  EXPECT_FALSE(handled.get_future().get());
  ASSERT_TRUE(rig->pass(kSecond));
  EXPECT_EQ(available(), units(50));
}

TEST_F(CardPaymentsTest, APollThatThrowsIsTroubleUntilTheNext) {
  start(false);
  buy();
  ASSERT_TRUE(world.processor->open_dispute(world.payment().report.reference).ok());
  bool thrown = false;
  rig->gateway().on_call([&](Call call) {
    if (call == Call::list_events && !std::exchange(thrown, true)) throw std::bad_alloc();
  });
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_TRUE(rig->payments().trouble());
  ASSERT_TRUE(rig->pass(kMinute));
  EXPECT_FALSE(rig->payments().trouble());
  EXPECT_EQ(count<domain::DisputeMoved>(), 1u);
}

// ---- long away ---------------------------------------------------------------------------------------------------

TEST_F(CardPaymentsTest, WhatNobodyCouldTellOfWhileItWasAwayIsSaid) {
  buy();
  auto const last = rig->view().commits().back().at;
  rig.reset();
  world.clock.advance(29 * domain::kMicrosPerDay);
  start();
  EXPECT_FALSE(rig->payments().trouble());
  rig.reset();
  world.clock.advance(2 * domain::kMicrosPerDay);
  start();
  ASSERT_TRUE(rig->quiet());
  auto const trouble = rig->payments().trouble();
  ASSERT_TRUE(trouble);
  auto const until = world.clock.now() + -30 * domain::kMicrosPerDay;
  EXPECT_NE(trouble->find("from " + domain::to_iso8601(last) + " to " + domain::to_iso8601(until)), std::string::npos)
      << *trouble;
  buy();  // with a commit of today there is nothing to say after the next start
  start();
  EXPECT_FALSE(rig->payments().trouble());
}

}  // namespace
}  // namespace florin::sagas
