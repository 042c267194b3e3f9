// Refunds that a game asked for, on their way to the processor.
//
// Nothing is asked for that is there already: a processor forgets idempotency keys after a day, and a refund may be
// pending there for longer. So the payment is retrieved before a refund is asked for, and again before a refusal is
// believed.
//
// The effects thread; one call for an order at a time.
#pragma once

#include "sagas/card_payments/context.h"
#include "sagas/card_payments/payment_reports.h"

namespace florin::sagas {

class RefundFlow {
 public:
  RefundFlow(CardContext& context, PaymentReports& reports) : context_(context), reports_(reports) {}

  // Those of the order that may not have reached the processor. False: to be tried again.
  [[nodiscard]] Awaitable<bool> send_all(domain::OrderId order);

 private:
  Awaitable<bool> send(domain::OrderId order, domain::RefundId refund);

  CardContext& context_;
  PaymentReports& reports_;
};

}  // namespace florin::sagas
