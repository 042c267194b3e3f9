// Brings an order as far as it can be brought now: asks the processor step by step (payment_plan.h), reports what it
// says, and sends the order's refunds when the payment has ended.
//
// The effects thread; one call for an order at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "sagas/card_payments/context.h"
#include "sagas/card_payments/payment_plan.h"
#include "sagas/card_payments/payment_reports.h"
#include "sagas/card_payments/refund_flow.h"
#include "sagas/card_payments/waiters.h"

namespace florin::sagas {

class PaymentFlow {
 public:
  PaymentFlow(CardContext& context, PaymentReports& reports, RefundFlow& refunds, Waiters& waiters)
      : context_(context), reports_(reports), refunds_(refunds), waiters_(waiters) {}

  // In how many microseconds it is to be called again; nullopt: nothing is left to do.
  [[nodiscard]] Awaitable<std::optional<std::int64_t>> advance(domain::OrderId order);
  // advance ended with an exception: how long to wait.
  [[nodiscard]] std::int64_t note_failure(domain::OrderId order);
  // By the last answer in this run: the cardholder is asked by their bank.
  [[nodiscard]] std::optional<PaymentUpdate> action_required(domain::OrderId order) const;

 private:
  // What is known of an order besides the ledger's state. A restart forgets it.
  struct Progress {
    unsigned failures = 0;  // since it last got on
    unsigned creates = 0;   // that were answered with nothing of use
    unsigned confirms = 0;
    std::optional<PaymentUpdate> action_required;
  };
  Awaitable<std::optional<std::int64_t>> advance(domain::OrderId order, Progress& progress);
  Awaitable<PaymentAnswer> call(PaymentStep::Kind kind, domain::OpenOrder const& open, LoggedOrder const& ordered,
                                Progress& progress);
  Awaitable<bool> give_up(domain::OpenOrder const& open, domain::PaymentFailure failure, std::string code);

  CardContext& context_;
  PaymentReports& reports_;
  RefundFlow& refunds_;
  Waiters& waiters_;
  std::unordered_map<domain::OrderId, Progress> progress_;
};

}  // namespace florin::sagas
