// Turns all that the processor says of a payment into one ReportPayment, which makes events of what is new in it.
//
// A payment that names an order which this log does not have is another history's, or another's: it is said to the
// operator and not reported. So is a refund that names one of ours which was not asked for.
//
// The effects thread.
#pragma once

#include <string>
#include <unordered_map>

#include "sagas/card_payments/context.h"

namespace florin::sagas {

class PaymentReports {
 public:
  explicit PaymentReports(CardContext& context) : context_(context) {}

  // True: what it says is in the log, or does not concern us. False: to be tried again. refused_code: why the processor
  // would not try to charge; empty when it tried.
  [[nodiscard]] Awaitable<bool> report(PaymentAnswer const& answer, std::string refused_code = {});
  // The order has ended.
  void forget(domain::OrderId order) { decline_codes_.erase(order); }

 private:
  [[nodiscard]] bool check_refund_names(domain::PaymentReport& payment) const;
  void say_what_is_not_booked(domain::PaymentReport const& payment, domain::Usd paid) const;

  CardContext& context_;
  // Why the last try of an open order failed: once the payment is cancelled, the processor may not say so any more. A
  // restart forgets it; then the order was abandoned.
  std::unordered_map<domain::OrderId, std::string> decline_codes_;
};

}  // namespace florin::sagas
