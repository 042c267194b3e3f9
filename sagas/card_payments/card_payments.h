// The card payments saga: from an order to the end of its payment, and what comes after it: refunds and disputes.
//
//   commits ─▶ orders, refunds ─▶ PaymentGateway ─▶ what it says ─▶ ReportPayment ─▶ writer
//   callbacks, polls ─▶ "something happened to payment X" ─▶ retrieve X ────┘
//
// Nothing is concluded from a time-out, and nothing from a callback's contents: the processor is asked what it knows of
// the payment, and its whole word is reported. Whatever it repeats changes nothing. So a call that may or may not have
// been made is looked up, a lost callback is found by the poll, and a forged one only costs a call.
//
// Nothing is kept on disk: the open orders and refunds are in the ledger's state, so a restart resumes from the log.
//
// The rooms: work_queue and payment_plan decide, purely; payment_flow and refund_flow carry out; payment_reports
// writes; event_poll finds; waiters tell. This class drives them.
//
// Threads: resume and start by the owner; what is Saga's on the effects thread; the rest by any, unless it says
// otherwise.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "eventstore/store/log.h"
#include "sagas/card_payments/context.h"
#include "sagas/card_payments/waiters.h"
#include "sagas/effects_loop.h"

namespace florin::sagas {

class CardPayments final : public Saga {
 public:
  // All references outlive it.
  CardPayments(EffectsLoop& loop, PaymentGateway& gateway, LedgerView const& view, eventstore::Log& log,
               eventstore::Vault const& vault, eventstore::Clock const& clock, CardPaymentsOptions options);
  ~CardPayments() override;

  // Before start: every open order and refund; what happened at the processor since `last_commit` is asked for.
  void resume(domain::State const& state, domain::Timestamp last_commit);
  // Before the loop's.
  void start(eventstore::Submitter& writer);

  // `then` is called on the effects thread, once: as soon as the order has ended or waits for the cardholder; `pending`
  // when the processor says that it takes its time, or something of it that cannot be; and `pending`, up to a second
  // late, when `patience` is over. Retrieves the order's payment now when it is waiting already. stop() drops whoever
  // waits still. At most kWaitersMax wait for one order: one more, and the one who has waited longest is told
  // `pending`. With `accept_last_answer`, told at once that the cardholder is asked when an answer of the last second
  // said so: for somebody who cannot have answered yet.
  void watch(domain::OrderId order, std::chrono::milliseconds patience, std::function<void(PaymentUpdate const&)> then,
             bool accept_last_answer = false);
  static constexpr std::size_t kWaitersMax = Waiters::kPerOrderMax;
  // An event that a callback told of. then(true): what it is about is in the log, or does not concern us; false: post
  // it again.
  void handle_event(ProcessorEvent event, std::function<void(bool)> then);
  // The effects thread. A callback as it was posted: does what the route of the webhook does. True: it was taken.
  [[nodiscard]] Awaitable<bool> take_callback(std::string body, std::string signature);
  // `then` on the effects thread, once, unless it stops. Too many under way: unknown "busy" at once, nobody is called.
  void tokenize(Card card, std::function<void(MethodAnswer const&)> then);

  // What keeps it from finding what lost callbacks would have told, in a sentence; nullopt: nothing.
  [[nodiscard]] std::optional<std::string> trouble() const;
  // What is to be done later, stale entries among it: at most twice what waits, or 64. Blocks.
  [[nodiscard]] std::size_t delayed();

  // Saga's.
  void on_commits(std::span<eventstore::CommitPtr const> commits) override;
  void check() override;
  [[nodiscard]] bool is_idle() override;
  void stop() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::sagas
