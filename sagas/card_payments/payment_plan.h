// What to do next about an open order, and what an answer of the processor means for it. Pure.
//
// A payment is created first, which charges nothing; when its reference is in the log it is confirmed. From then on a
// time-out means: retrieve it. An order is given up only when the processor has cancelled its payment, or never had
// one: nobody is charged for what was given up here.
#pragma once

#include <cstdint>
#include <optional>

#include "domain/payment.h"
#include "domain/time.h"
#include "sagas/gateways/payment_gateway.h"

namespace florin::sagas {

// A payment that cannot be what was ordered is retrieved again after this: an operator may have mended it.
inline constexpr std::int64_t kMismatchWaitMicros = 3600 * domain::kMicrosPerSecond;

struct PaymentStep {
  enum class Kind : std::uint8_t {
    create,
    retrieve,
    confirm,
    cancel,
    give_up,  // as abandoned: there is no payment
    wait,     // for the cardholder, or for the processor
  };
  Kind kind = Kind::wait;
  std::int64_t wait_micros = 0;  // of `wait`

  friend bool operator==(PaymentStep const&, PaymentStep const&) = default;
};

// `known`: the payment's status by the processor's last answer in this run; nullopt: it was not asked yet.
[[nodiscard]] PaymentStep next_step(domain::OpenOrder const& order, std::optional<domain::PaymentStatus> known,
                                    domain::Timestamp now);

enum class AnswerMeans : std::uint8_t {
  report,           // what it says goes into the ledger
  give_up,          // no payment will be created: the order fails as refused
  stop_charging,    // this method is refused, and the payment is there uncharged: cancel it
  unknown_payment,  // the processor does not know a payment that it created: an operator must look
  try_again,        // nobody knows what was done
};
[[nodiscard]] AnswerMeans meaning_of(PaymentStep::Kind asked, std::optional<domain::PaymentStatus> known,
                                     PaymentOutcome outcome);

}  // namespace florin::sagas
