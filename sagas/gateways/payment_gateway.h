// Card payments: the interface that the real adapter (stripe.h), its simulator (sandbox_processor.h) and the breaker
// around either (guarded_payments.h) share.
//
// A payment is created first, which charges nothing, and confirmed when its reference is safely in the log: from then
// on whatever happened can be looked up. So no outcome is ever guessed: `unknown` means: retrieve it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/payment.h"
#include "domain/result.h"
#include "domain/time.h"
#include "sagas/gateways/asio.h"

namespace florin::sagas {

// Derived from the event that asks for it: the same call made twice has the same key, and one effect.
using IdempotencyKey = std::string;

struct CreatePayment {
  IdempotencyKey key;
  domain::OrderId order;
  domain::Usd usd;
  std::string description;         // "100.00 Gold Coins": on the payer's statement page; nothing personal
  domain::Timestamp ordered_at{};  // when the order's commit was made; not before 1970
};

struct ConfirmPayment {
  IdempotencyKey key;
  std::string reference;
  std::string method;      // "pm_…"
  std::string return_url;  // where the browser goes after the bank's challenge
};

struct RefundPayment {
  IdempotencyKey key;
  std::string reference;
  domain::RefundId refund;
  domain::Usd usd;
  domain::Timestamp asked_at{};  // when the commit was made that asks for it; not before 1970
};

// On its way from the page to the processor, and nowhere else: it is never logged, stored or put in an error.
struct Card {
  std::string number;  // digits
  std::string month;   // "1" to "12"
  std::string year;    // "2031"
  std::string cvc;
};

// The code of an answer that says that our key is not, or no longer, good there.
inline constexpr std::string_view kKeyUnknown = "http_401";
inline constexpr std::string_view kKeyForbidden = "http_403";
// Nobody was called: the breaker is open, or too many calls are under way. Our own word, which says nothing of the
// processor.
inline constexpr std::string_view kCircuitOpen = "circuit_open";
inline constexpr std::string_view kBusy = "busy";

enum class PaymentOutcome : std::uint8_t {
  answered,  // the processor's answer
  refused,   // it will not do that, now or later; nothing changed
  unknown,   // time-out, broken connection, its trouble or ours: nobody knows whether it was done
};

struct PaymentAnswer {
  PaymentOutcome outcome = PaymentOutcome::unknown;
  domain::PaymentReport payment;  // answered: as it is after the call, refunds and disputes included
  std::string client_secret;      // answered, requires_action: for the payer's browser. A secret: never stored
  std::string redirect_url;       // the same: where the bank asks
  std::string code;               // otherwise why, in one token ("timeout", "resource_missing"); nothing personal
  bool reached = false;           // unknown: it replied, and the reply is of no use; it is not down
};

struct MethodAnswer {
  PaymentOutcome outcome = PaymentOutcome::unknown;
  std::string method;    // answered: "pm_…"
  std::string code;      // refused: "incorrect_number", "invalid_expiry_month", "invalid_cvc" …
  bool reached = false;  // as above
};

// Something happened to this payment; what, its own report says.
struct ProcessorEvent {
  std::string event_id;
  std::string reference;
  domain::Timestamp created{};  // by the processor's clock; zero: it does not say
};

struct EventsAnswer {
  PaymentOutcome outcome = PaymentOutcome::unknown;
  std::vector<ProcessorEvent> events;  // oldest first
  bool more = false;                   // ask again from `next`
  std::string next;
  std::string code;
  bool reached = false;  // as above
};

enum class CallbackFault : std::uint8_t {
  unsigned_post,  // no signature, or not ours: 401
  stale,          // the signature is good and too old: 401
  malformed,      // signed and unreadable: 400
};
struct Callback {
  std::optional<ProcessorEvent> event;  // none: it is about nothing that concerns us
};

// Charges and gives back.
//
// On the effects thread; any number of calls at a time, in no order. Each answers within the adapter's own deadline,
// always, and never throws. The gateway outlives the wait, unless the io_context is destroyed first and the wait with
// it. The same holds for tokenize and list_events below.
class PaymentCalls {
 public:
  virtual ~PaymentCalls() = default;
  [[nodiscard]] virtual Awaitable<PaymentAnswer> create(CreatePayment request) = 0;
  [[nodiscard]] virtual Awaitable<PaymentAnswer> confirm(ConfirmPayment request) = 0;
  [[nodiscard]] virtual Awaitable<PaymentAnswer> retrieve(std::string reference) = 0;
  // Answered with a payment that is cancelled, or one that succeeded before.
  [[nodiscard]] virtual Awaitable<PaymentAnswer> cancel(std::string reference) = 0;
  [[nodiscard]] virtual Awaitable<PaymentAnswer> refund(RefundPayment request) = 0;
};

// Turns a card into a token, so that its number goes no further.
class CardTokens {
 public:
  virtual ~CardTokens() = default;
  [[nodiscard]] virtual Awaitable<MethodAnswer> tokenize(Card card) = 0;
};

// What the processor tells by itself.
class ProcessorEvents {
 public:
  virtual ~ProcessorEvents() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  // "stripe": the callback's path
  // Any thread. Checks the signature (constant time) and its age before anything of the body is read.
  [[nodiscard]] virtual Result<Callback, CallbackFault> read_callback(std::string_view signature, std::string_view body,
                                                                      domain::Timestamp now) const = 0;
  // What happened at the processor from `since` on: finds what lost callbacks would have told. `from`: empty, or the
  // former answer's `next`.
  [[nodiscard]] virtual Awaitable<EventsAnswer> list_events(domain::Timestamp since, std::string from) = 0;
};

// One processor.
class PaymentGateway : public PaymentCalls, public CardTokens, public ProcessorEvents {
 public:
  PaymentGateway() = default;
  PaymentGateway(PaymentGateway const&) = delete;
  PaymentGateway& operator=(PaymentGateway const&) = delete;
};

}  // namespace florin::sagas
