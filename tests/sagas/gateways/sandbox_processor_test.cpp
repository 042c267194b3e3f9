#include "sagas/gateways/sandbox_processor.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "eventstore/store/sqlite.h"
#include "sagas/gateways/guarded_payments.h"
#include "sagas/gateways/stripe_signature.h"
#include "tests/sagas/run.h"
#include "tests/support/fixed_clock.h"
#include "tests/support/temp_folder.h"
#include "tests/support/two_hands_clock.h"

namespace florin::sagas {
namespace {

using namespace std::chrono_literals;
using domain::DisputeStatus;
using domain::OrderId;
using domain::PaymentStatus;
using domain::Usd;

constexpr char kReturn[] = "https://game.example/done?x=1#end";

Usd usd(std::int64_t cents) { return Usd::from_minor(cents); }

struct Processor : testing::Test {
  test_support::TempFolder folder;
  test_support::FixedClock clock;
  boost::asio::io_context io;
  SandboxProcessorOptions options;
  std::unique_ptr<SandboxProcessor> processor;

  void SetUp() override {
    options.file = folder.path() / "processor.db";
    options.public_base = "http://127.0.0.1:8080/sandbox/processor";
    options.webhook_secret = "whsec_sandbox";
    options.fault_wait = 1ms;
    options.late_by = 60ms;
    options.retry_first = 5ms;
    options.retry_cap = 20ms;
    reopen();
  }
  void reopen() {
    processor.reset();
    auto opened = SandboxProcessor::open(clock, options);
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    processor = std::move(opened).value();
  }

  PaymentAnswer open(std::string key = "open-1", std::int64_t cents = 1000, std::uint64_t order = 7) {
    CreatePayment request{std::move(key), OrderId(order), usd(cents), "100.00 Gold", ordered_at};
    return test_support::run(io, processor->create(std::move(request)));
  }
  PaymentAnswer confirm(std::string const& reference, std::string method = "pm_card_visa",
                        std::string key = "confirm-1") {
    ConfirmPayment request{std::move(key), reference, std::move(method), kReturn};
    return test_support::run(io, processor->confirm(std::move(request)));
  }
  PaymentAnswer retrieve(std::string const& reference) { return test_support::run(io, processor->retrieve(reference)); }
  PaymentAnswer refund(std::string const& reference, std::int64_t cents, std::string key = "refund-1",
                       std::uint64_t position = 9) {
    RefundPayment request{std::move(key), reference, domain::RefundId(position), usd(cents), asked_at};
    return test_support::run(io, processor->refund(std::move(request)));
  }
  MethodAnswer tokenize(Card card) { return test_support::run(io, processor->tokenize(std::move(card))); }
  std::string paid(std::int64_t cents = 1000, std::string const& method = "pm_card_visa") {
    std::string const reference = open("o" + std::to_string(++paid_), cents).payment.reference;
    EXPECT_EQ(confirm(reference, method, "c" + std::to_string(paid_)).payment.status, PaymentStatus::succeeded);
    return reference;
  }
  domain::Timestamp ordered_at = domain::Timestamp::from_micros(1'770'000'000'000'001);
  domain::Timestamp asked_at = domain::Timestamp::from_micros(1'770'000'000'000'002);
  int paid_ = 0;
};

TEST_F(Processor, ChargesWhatIsOpenedAndConfirmedAndKeepsItsFee) {
  auto const opened = open();
  EXPECT_EQ(opened.outcome, PaymentOutcome::answered);
  EXPECT_EQ(opened.payment.status, PaymentStatus::unconfirmed);
  EXPECT_EQ(opened.payment.order, OrderId(7));
  EXPECT_EQ(opened.payment.ordered_at, ordered_at);
  EXPECT_TRUE(opened.payment.reference.starts_with("pi_"));
  auto const done = confirm(opened.payment.reference);
  EXPECT_EQ(done.payment.status, PaymentStatus::succeeded);
  EXPECT_EQ(done.payment.fee, usd(59));  // 2.9 % of 10.00 and 0.30
  EXPECT_EQ(retrieve(opened.payment.reference).payment, done.payment);
  EXPECT_EQ(processor->statement().value().balance, usd(941));
}

TEST_F(Processor, AKeyHasOneEffectForEverAndOneMeaning) {
  auto const first = open();
  confirm(first.payment.reference);
  reopen();
  EXPECT_EQ(open().payment.status, PaymentStatus::succeeded);  // the same payment, as it is now
  EXPECT_EQ(open().payment.reference, first.payment.reference);
  EXPECT_EQ(confirm(first.payment.reference).payment.status, PaymentStatus::succeeded);
  EXPECT_EQ(open("open-1", 2000).code, "idempotency_error");
  EXPECT_EQ(open("open-1", 2000).outcome, PaymentOutcome::unknown);
  ordered_at = asked_at;  // another order, at the same position
  EXPECT_EQ(open().code, "idempotency_error");
  EXPECT_EQ(processor->statement().value().payments, 1u);
}

TEST_F(Processor, TestCardsDoWhatTheContractSays) {
  struct Row {
    char const* number;
    char const* method;
    PaymentStatus status;
    char const* code;
  };
  int key = 0;
  for (Row const& row : {Row{"4242424242424242", "pm_card_visa", PaymentStatus::succeeded, ""},
                         Row{"4000000000000002", "pm_card_chargeDeclined", PaymentStatus::declined, "generic_decline"},
                         Row{"4000000000009995", "pm_card_chargeDeclinedInsufficientFunds", PaymentStatus::declined,
                             "insufficient_funds"},
                         Row{"4000002760003184", "pm_card_threeDSecure2Required", PaymentStatus::requires_action, ""},
                         Row{"4000000000000259", "pm_card_createDispute", PaymentStatus::succeeded, ""}}) {
    auto const method = tokenize({row.number, "12", "2031", "123"});
    ASSERT_EQ(method.outcome, PaymentOutcome::answered) << row.number;
    for (std::string const& by : {method.method, std::string(row.method)}) {
      std::string const number = std::to_string(++key);
      auto const opened = open("o" + number);
      auto const done = confirm(opened.payment.reference, by, "c" + number);
      EXPECT_EQ(done.payment.status, row.status) << by;
      EXPECT_EQ(done.payment.decline_code, row.code) << by;
      bool const disputed = std::string_view(row.number).ends_with("0259");
      EXPECT_EQ(done.payment.disputes.size(), disputed ? 1u : 0u);
    }
  }
  EXPECT_EQ(confirm(open("o99").payment.reference, "pm_nobody", "c99").code, "resource_missing");
}

TEST_F(Processor, RefusesCardsAsTestModeDoesAndKeepsNoNumber) {
  auto const code = [&](Card card) { return tokenize(std::move(card)).code; };
  EXPECT_EQ(code({"4242424242424241", "12", "2031", "123"}), "incorrect_number");
  EXPECT_EQ(code({"4242 4242", "12", "2031", "123"}), "incorrect_number");
  EXPECT_EQ(code({"4012888888881881", "12", "2031", "123"}), "test_mode_live_card");
  EXPECT_EQ(code({"4242424242424242", "13", "2031", "123"}), "invalid_expiry_month");
  EXPECT_EQ(code({"4242424242424242", "x", "2031", "123"}), "invalid_expiry_month");
  EXPECT_EQ(code({"4242424242424242", "12", "2020", "123"}), "invalid_expiry_year");
  EXPECT_EQ(code({"4242424242424242", "12", "2131", "123"}), "invalid_expiry_year");
  EXPECT_EQ(code({"4242424242424242", "12", "2031", "12"}), "invalid_cvc");
  EXPECT_EQ(code({"4242424242424242", "12", "31", "123"}), "");
  for (auto const& entry : std::filesystem::directory_iterator(folder.path())) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::string const bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(bytes.find("4242424242424242"), std::string::npos) << entry.path();
  }
}

TEST_F(Processor, TheBankAsksAndItsAnswerCounts) {
  auto const asked = [&](std::string const& number) {
    auto const reference = open("o" + number).payment.reference;
    return confirm(reference, "pm_card_threeDSecure2Required", "c" + number);
  };
  auto const one = asked("1");
  std::string const reference = one.payment.reference;
  EXPECT_EQ(one.redirect_url, options.public_base + "/challenge?payment=" + reference + "&secret=" + one.client_secret);
  EXPECT_FALSE(processor->challenge(reference, "pi_wrong"));
  EXPECT_FALSE(processor->complete_challenge(reference, one.client_secret + "x", true));
  EXPECT_EQ(processor->challenge(reference, one.client_secret)->usd, usd(1000));
  reopen();
  EXPECT_EQ(processor->complete_challenge(reference, one.client_secret, true),
            "https://game.example/done?x=1&payment_intent=" + reference + "&redirect_status=succeeded#end");
  EXPECT_EQ(retrieve(reference).payment.status, PaymentStatus::succeeded);
  EXPECT_TRUE(retrieve(reference).client_secret.empty());
  auto const again = processor->complete_challenge(reference, one.client_secret, false);
  EXPECT_NE(again->find("succeeded"), std::string::npos);
  EXPECT_EQ(processor->statement().value().charges, 1u);

  auto const two = asked("2");
  EXPECT_NE(processor->complete_challenge(two.payment.reference, two.client_secret, false)->find("failed"),
            std::string::npos);
  EXPECT_EQ(retrieve(two.payment.reference).payment.decline_code, "payment_intent_authentication_failure");
}

TEST_F(Processor, CancelsWhatIsNotCharged) {
  auto const reference = open().payment.reference;
  EXPECT_EQ(test_support::run(io, processor->cancel(reference)).payment.status, PaymentStatus::cancelled);
  EXPECT_EQ(confirm(reference).payment.status, PaymentStatus::cancelled);
  auto const charged = paid();
  EXPECT_EQ(test_support::run(io, processor->cancel(charged)).payment.status, PaymentStatus::succeeded);
  EXPECT_EQ(test_support::run(io, processor->cancel("pi_nobody")).code, "resource_missing");
}

TEST_F(Processor, RefundsNoMoreThanWasCharged) {
  auto const reference = paid(1000);
  EXPECT_EQ(refund(reference, 1001, "r0").code, "amount_too_large");
  auto const part = refund(reference, 400);
  ASSERT_EQ(part.payment.refunds.size(), 1u);
  EXPECT_EQ(part.payment.refunds[0].refund, domain::RefundId(9));
  EXPECT_EQ(part.payment.refunds[0].refund_at, asked_at);
  EXPECT_EQ(refund(reference, 400).payment.refunds.size(), 1u);  // the same key
  EXPECT_EQ(refund(reference, 601, "r2").code, "amount_too_large");
  EXPECT_TRUE(processor->refund_at_processor(reference, usd(600)).ok());
  EXPECT_EQ(refund(reference, 1, "r3").code, "charge_already_refunded");
  EXPECT_EQ(refund(open("other").payment.reference, 1, "r4").code, "payment_intent_unexpected_state");
  auto const statement = processor->statement().value();
  EXPECT_EQ(statement.refunded, usd(1000));
  EXPECT_EQ(statement.balance, usd(-59));  // the fee is not given back
}

TEST_F(Processor, DisputesHoldTheMoneyBackAndGiveItBackWhenWon) {
  auto const reference = paid(1000);
  EXPECT_TRUE(refund(reference, 300).code.empty());
  EXPECT_EQ(processor->open_dispute(reference, usd(701)).error(), "amount_too_large");
  ASSERT_TRUE(processor->open_dispute(reference).ok());
  EXPECT_EQ(processor->open_dispute(reference).error(), "charge_not_disputable");
  EXPECT_EQ(refund(reference, 1, "r2").code, "charge_disputed");
  auto const held = retrieve(reference).payment.disputes.at(0);
  EXPECT_EQ(held.withheld, usd(700));
  EXPECT_EQ(held.fee, usd(1500));
  EXPECT_EQ(processor->statement().value().balance, usd(1000 - 300 - 700 - 59 - 1500));
  ASSERT_TRUE(processor->close_dispute(reference, true).ok());
  EXPECT_EQ(retrieve(reference).payment.disputes.at(0).status, DisputeStatus::won);
  EXPECT_EQ(processor->statement().value().balance, usd(1000 - 300 - 59));
  EXPECT_EQ(processor->close_dispute(reference, true).error(), "no_open_dispute") << "it is won already";
  ASSERT_TRUE(processor->open_dispute(reference, usd(700)).ok());
  ASSERT_TRUE(processor->close_dispute(reference, false).ok());
  EXPECT_EQ(processor->statement().value().disputes_lost, 1u);
}

TEST_F(Processor, NoEndOfADisputeIsFinal) {
  auto const reference = paid(1000);
  EXPECT_EQ(processor->move_dispute(reference, usd(1), {}).error(), "no_open_dispute");
  ASSERT_TRUE(processor->open_dispute(reference).ok());
  auto const expect = [&](domain::DisputeReport const& wanted) {
    auto dispute = retrieve(reference).payment.disputes.at(0);
    dispute.reference.clear();
    EXPECT_EQ(dispute, wanted);
    EXPECT_EQ(processor->statement().value().balance, usd(1000 - 59) - wanted.withheld - wanted.fee);
    EXPECT_EQ(processor->statement().value().disputed, wanted.withheld);
  };
  expect({"", usd(1000), usd(1500), DisputeStatus::open, 1});
  ASSERT_TRUE(processor->close_dispute(reference, false).ok());
  expect({"", usd(1000), usd(1500), DisputeStatus::lost, 1});
  ASSERT_TRUE(processor->close_dispute(reference, true).ok());
  expect({"", {}, {}, DisputeStatus::won, 2});
  ASSERT_TRUE(processor->close_dispute(reference, false).ok());
  expect({"", usd(1000), usd(1500), DisputeStatus::lost, 3});
  ASSERT_TRUE(processor->move_dispute(reference, usd(-400), {}).ok());
  expect({"", usd(600), usd(1500), DisputeStatus::lost, 4});
  ASSERT_TRUE(processor->move_dispute(reference, {}, usd(20)).ok());
  expect({"", usd(600), usd(1520), DisputeStatus::lost, 5});
  ASSERT_TRUE(processor->move_dispute(reference, usd(100), usd(-1520)).ok());
  expect({"", usd(700), {}, DisputeStatus::lost, 6});
  EXPECT_EQ(processor->move_dispute(reference, {}, {}).error(), "parameter_invalid_integer");
  EXPECT_EQ(processor->move_dispute(reference, usd(301), {}).error(), "amount_too_large");
  EXPECT_EQ(processor->move_dispute(reference, usd(-701), {}).error(), "amount_too_large");
  EXPECT_EQ(processor->move_dispute(reference, {}, usd(100'000)).error(), "amount_too_large");
  EXPECT_EQ(processor->move_dispute("pi_nobody", usd(1), {}).error(), "resource_missing");
  expect({"", usd(700), {}, DisputeStatus::lost, 6});
}

TEST_F(Processor, FaultsComeOnDemand) {
  processor->set_faults({.refused_connection = 100});
  EXPECT_EQ(open().code, "unreachable");
  processor->set_faults({.timeout_before = 100});
  EXPECT_EQ(open().code, "timeout");
  EXPECT_EQ(processor->statement().value().payments, 0u);
  processor->set_faults({.timeout_after = 100});
  auto const lost = open();
  EXPECT_EQ(lost.outcome, PaymentOutcome::unknown);
  EXPECT_TRUE(lost.payment.reference.empty());
  EXPECT_EQ(processor->statement().value().payments, 1u);
  processor->set_faults({});
  EXPECT_EQ(confirm(open().payment.reference).payment.status, PaymentStatus::succeeded);
  EXPECT_EQ(processor->statement().value().payments, 1u);
}

TEST_F(Processor, TellsWhatHappenedSinceATimeInPages) {
  for (int i = 0; i < 130; ++i) paid();
  clock.advance(domain::kMicrosPerSecond);
  auto const since = clock.now();
  auto const last = paid();
  auto const all = test_support::run(io, processor->list_events(domain::Timestamp(), ""));
  EXPECT_EQ(all.events.size(), 100u);
  EXPECT_TRUE(all.more);
  auto const rest = test_support::run(io, processor->list_events(domain::Timestamp(), all.next));
  EXPECT_EQ(rest.events.size(), 31u);
  EXPECT_FALSE(rest.more);
  auto const late = test_support::run(io, processor->list_events(since, ""));
  ASSERT_EQ(late.events.size(), 1u);
  EXPECT_EQ(late.events[0].reference, last);
  EXPECT_EQ(test_support::run(io, processor->list_events(since, "x")).outcome, PaymentOutcome::refused);
}

struct Callbacks : Processor {
  std::vector<std::string> received;  // the payments that callbacks named
  int refuse = 0;                     // the next so many

  void start() {
    processor->start(io, [this](std::string body, std::string signature) { return take(body, signature); });
  }
  Awaitable<bool> take(std::string body, std::string signature) {
    auto const callback = processor->read_callback(signature, body, clock.now());
    EXPECT_TRUE(callback.ok());
    EXPECT_TRUE(!callback.ok() || callback.value().event.has_value());
    if (refuse > 0) {
      --refuse;
      co_return false;
    }
    if (callback.ok()) received.push_back(callback.value().event->reference);
    co_return true;
  }
  void run_for(std::chrono::milliseconds time) {
    io.restart();
    io.run_for(time);
  }
  std::uint64_t waiting() { return processor->statement().value().callbacks_waiting; }
  void TearDown() override {
    if (processor) processor->stop();
    run_for(20ms);
  }
};

TEST_F(Callbacks, AreSignedAndTakenOnce) {
  start();
  auto const reference = paid(1000, "pm_card_createDispute");
  run_for(100ms);
  EXPECT_EQ(received, (std::vector<std::string>{reference, reference}));
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(Callbacks, AreTriedAgainUntilTheyAreTaken) {
  refuse = 3;
  start();
  auto const reference = paid();
  run_for(300ms);
  EXPECT_EQ(received, std::vector<std::string>{reference});
}

TEST_F(Callbacks, WaitInTheFileForTheNextStart) {
  options.attempts_max = 2;
  reopen();
  refuse = 1000;
  start();
  auto const reference = paid();
  run_for(100ms);
  EXPECT_EQ(refuse, 998);
  EXPECT_EQ(waiting(), 1u);
  processor->stop();
  reopen();
  refuse = 0;
  start();
  run_for(100ms);
  EXPECT_EQ(received, std::vector<std::string>{reference});
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(Callbacks, AreLostDoubledAndLateOnDemand) {
  start();
  processor->set_faults({.lost_callback = 100});
  paid();
  run_for(100ms);
  EXPECT_TRUE(received.empty());
  EXPECT_EQ(test_support::run(io, processor->list_events(domain::Timestamp(), "")).events.size(), 1u);
  processor->set_faults({.doubled_callback = 100});
  paid();
  run_for(100ms);
  EXPECT_EQ(received.size(), 2u);
  processor->set_faults({.late_callback = 100});
  auto const reference = open("late").payment.reference;
  ConfirmPayment request{"late-c", reference, "pm_card_visa", kReturn};
  boost::asio::co_spawn(io, processor->confirm(std::move(request)), [](std::exception_ptr, PaymentAnswer const&) {});
  run_for(20ms);
  EXPECT_EQ(received.size(), 2u);
  run_for(200ms);
  EXPECT_EQ(received.size(), 3u);
}

TEST_F(Processor, BehindABreakerAnOutageIsNotAskedTwice) {
  GuardedPayments guarded(*processor, clock, [] { return std::uint64_t{0}; });
  auto const look_at = [&] { return test_support::run(io, guarded.retrieve("pi_nobody")); };
  for (int i = 0; i < 20; ++i) EXPECT_EQ(look_at().code, "resource_missing");
  EXPECT_TRUE(guarded.available());
  processor->set_faults({.refused_connection = 100});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(look_at().code, "unreachable");
  EXPECT_FALSE(guarded.available());
  EXPECT_EQ(guarded.retry_after_seconds(), 3);
  processor->set_faults({});
  EXPECT_EQ(look_at().code, "circuit_open");
  EXPECT_EQ(test_support::run(io, guarded.tokenize({})).code, "circuit_open");
  clock.advance(3 * domain::kMicrosPerSecond);
  EXPECT_EQ(look_at().outcome, PaymentOutcome::refused);
  EXPECT_TRUE(guarded.available());
  EXPECT_EQ(guarded.name(), "sandbox");
  EXPECT_EQ(guarded.read_callback("", "", clock.now()).error(), CallbackFault::unsigned_post);
}

// A processor that gives one answer to everything.
struct OneAnswer final : PaymentGateway {
  PaymentAnswer answer;

  [[nodiscard]] std::string_view name() const override { return "one"; }
  Awaitable<PaymentAnswer> create(CreatePayment) override { return reply(); }
  Awaitable<PaymentAnswer> confirm(ConfirmPayment) override { return reply(); }
  Awaitable<PaymentAnswer> retrieve(std::string) override { return reply(); }
  Awaitable<PaymentAnswer> cancel(std::string) override { return reply(); }
  Awaitable<PaymentAnswer> refund(RefundPayment) override { return reply(); }
  Awaitable<MethodAnswer> tokenize(Card) override { co_return MethodAnswer{}; }
  Awaitable<EventsAnswer> list_events(domain::Timestamp, std::string) override { co_return EventsAnswer{}; }
  [[nodiscard]] Result<Callback, CallbackFault> read_callback(std::string_view, std::string_view,
                                                              domain::Timestamp) const override {
    return fail(CallbackFault::malformed);
  }
  Awaitable<PaymentAnswer> reply() { co_return answer; }
};

// The processor signs by the true time. Either the wall clock or the ledger's time may show it.
TEST_F(Processor, ACallbackThatIsFreshByEitherHandIsTaken) {
  constexpr std::string_view kBody = R"({"id":"evt_1","object":"event","type":"ping","data":{"object":{}}})";
  test_support::Machine machine;
  eventstore::LedgerClock hands(machine.reader());
  auto const taken = [&](domain::Timestamp signed_at) {
    auto const signature = stripe_signature(options.webhook_secret, kBody, signed_at);
    auto const read = read_fresh_callback(*processor, signature, kBody, hands);
    return read.ok() || read.error() != CallbackFault::stale;
  };
  for (auto const jump : {7'200, -7'200}) {
    auto const before = machine.wall();
    machine.set_wall_by(jump);
    (void)hands.now();
    EXPECT_TRUE(taken(before)) << jump;
    EXPECT_TRUE(taken(machine.wall())) << jump;
    EXPECT_FALSE(taken(before + 3'600 * domain::kMicrosPerSecond)) << jump;
    EXPECT_FALSE(taken(before + -3'600 * domain::kMicrosPerSecond)) << jump;
    machine.set_wall_by(-jump);
    (void)hands.confirm();
  }
}

struct GuardedCards : testing::Test {
  test_support::FixedClock clock;
  boost::asio::io_context io;
  OneAnswer gateway;
  GuardedPayments guarded{gateway, clock, [] { return std::uint64_t{0}; }};

  std::vector<std::string> after(std::string code, bool reached, int calls = 20) {
    gateway.answer = {};
    gateway.answer.code = std::move(code);
    gateway.answer.reached = reached;
    for (int i = 0; i < calls; ++i) (void)test_support::run(io, guarded.retrieve("pi_1"));
    return guarded.troubles();
  }
};

TEST_F(GuardedCards, AReplyThatNobodyCanReadStopsNoOtherPayment) {
  EXPECT_TRUE(after("reply_malformed", true).empty());
  EXPECT_TRUE(guarded.available());
}

TEST_F(GuardedCards, OurOwnBoundIsNoFailureOfTheProcessor) {
  EXPECT_TRUE(after("timeout", false, 4).empty());
  EXPECT_TRUE(after("busy", false).empty());
  EXPECT_TRUE(guarded.available());
  EXPECT_EQ(after("timeout", false, 1).size(), 1u) << "nor does it make up for one";
}

TEST_F(GuardedCards, WhatIsWrongIsSaidInTheSameWordsForAsLongAsItLasts) {
  EXPECT_TRUE(after("timeout", false, 4).empty());
  auto const open = after("timeout", false, 1);
  ASSERT_EQ(open.size(), 1u);
  EXPECT_TRUE(open[0].starts_with("the card processor has failed since ")) << open[0];
  EXPECT_TRUE(open[0].ends_with(" (timeout): no card is charged, purchases answer 503")) << open[0];
  clock.advance(600 * domain::kMicrosPerSecond);
  EXPECT_EQ(after("unreachable", false), open);  // the probe failed too
  clock.advance(600 * domain::kMicrosPerSecond);
  EXPECT_TRUE(after("resource_missing", true).empty());
}

TEST_F(GuardedCards, AKeyThatIsRefusedIsSaidAtOnce) {
  for (std::string const code : {"http_401", "http_403"}) {
    auto const found = after(code, false, 1);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(found[0].starts_with("the card processor refuses our key: check FLORIN_PAYMENTS_SECRET_KEY"));
    EXPECT_EQ(after("timeout", false, 1), found);  // a time-out says nothing of the key
    EXPECT_TRUE(after("", true, 1).empty());
  }
  EXPECT_EQ(after("http_401", false).size(), 2u);
}

TEST_F(Processor, OlderBooksGetTheColumnsThatTheyLack) {
  auto const reference = paid();
  EXPECT_TRUE(refund(reference, 400).code.empty());
  processor.reset();
  {
    auto older = eventstore::sqlite::open(options.file.string(), SQLITE_OPEN_READWRITE);
    ASSERT_TRUE(older.ok());
    ASSERT_TRUE(eventstore::sqlite::execute(older.value().get(),
                                            "ALTER TABLE payments DROP COLUMN ordered_at;"
                                            "ALTER TABLE refunds DROP COLUMN asked_at")
                    .ok());
  }
  reopen();
  auto const before = retrieve(reference).payment;
  EXPECT_EQ(before.order, OrderId(7));
  EXPECT_EQ(before.ordered_at, domain::Timestamp());
  EXPECT_EQ(before.refunds.at(0).refund_at, domain::Timestamp());
  EXPECT_EQ(refund(reference, 100, "r2").payment.refunds.at(1).refund_at, asked_at);
  EXPECT_EQ(open("later").payment.ordered_at, ordered_at);
}

TEST_F(Processor, BooksOfSomethingElseAreNotTouched) {
  processor.reset();
  options.file = folder.path() / "other.db";
  std::ofstream(options.file) << "this is no database, and long enough to be taken for one by nobody";
  EXPECT_FALSE(SandboxProcessor::open(clock, options).ok());
}

}  // namespace
}  // namespace florin::sagas
