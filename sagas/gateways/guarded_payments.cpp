#include "sagas/gateways/guarded_payments.h"

#include <utility>

namespace florin::sagas {

Result<Callback, CallbackFault> read_fresh_callback(ProcessorEvents const& gateway, std::string_view signature,
                                                    std::string_view body, eventstore::Clock const& clock) {
  auto read = gateway.read_callback(signature, body, clock.now());
  if (read || read.error() != CallbackFault::stale) return read;
  return gateway.read_callback(signature, body, clock.read().wall);
}

GuardedPayments::GuardedPayments(PaymentGateway& gateway, eventstore::Clock const& clock,
                                 std::function<std::uint64_t()> random, BreakerPolicy policy)
    : gateway_(gateway), clock_(clock), random_(std::move(random)), breaker_(policy) {}

// `call` has not begun: a coroutine of Asio's starts when it is awaited.
template <class Answer>
Awaitable<Answer> GuardedPayments::guard(Awaitable<Answer> call) {
  auto const permit = breaker_.try_acquire(clock_.read().steady);
  if (!permit) {
    Answer closed;
    closed.outcome = PaymentOutcome::unknown;
    closed.code = kCircuitOpen;
    co_return closed;
  }
  Answer answer = co_await std::move(call);
  // Nobody was called, so this says nothing. Were it the probe, another may try when probe_micros are over.
  if (answer.outcome == PaymentOutcome::unknown && answer.code == kBusy) co_return answer;
  bool const reached = answer.outcome != PaymentOutcome::unknown || answer.reached;
  if (reached) {
    breaker_.succeeded(*permit);
  } else {
    breaker_.failed(*permit, clock_.read().steady, random_());
  }
  note(answer.code, reached);
  co_return answer;
}

void GuardedPayments::note(std::string_view code, bool reached) {
  std::lock_guard const lock(mutex_);
  bool const key_refused = code == kKeyUnknown || code == kKeyForbidden;
  if (reached || key_refused) key_refused_ = key_refused;
  bool const open = breaker_.state() != CircuitBreaker::State::closed;
  if (open && !open_) {
    open_since_ = clock_.now();
    open_code_ = code;
  }
  open_ = open;
}

std::vector<std::string> GuardedPayments::troubles() const {
  std::lock_guard const lock(mutex_);
  std::vector<std::string> found;
  if (open_) {
    found.push_back("the card processor has failed since " + domain::to_iso8601(open_since_) + " (" + open_code_ +
                    "): no card is charged, purchases answer 503");
  }
  if (key_refused_) {
    found.emplace_back("the card processor refuses our key: check FLORIN_PAYMENTS_SECRET_KEY and what the key may do");
  }
  return found;
}

Awaitable<PaymentAnswer> GuardedPayments::create(CreatePayment request) {
  return guard(gateway_.create(std::move(request)));
}

Awaitable<PaymentAnswer> GuardedPayments::confirm(ConfirmPayment request) {
  return guard(gateway_.confirm(std::move(request)));
}

Awaitable<PaymentAnswer> GuardedPayments::retrieve(std::string reference) {
  return guard(gateway_.retrieve(std::move(reference)));
}

Awaitable<PaymentAnswer> GuardedPayments::cancel(std::string reference) {
  return guard(gateway_.cancel(std::move(reference)));
}

Awaitable<PaymentAnswer> GuardedPayments::refund(RefundPayment request) {
  return guard(gateway_.refund(std::move(request)));
}

Awaitable<MethodAnswer> GuardedPayments::tokenize(Card card) { return guard(gateway_.tokenize(std::move(card))); }

Awaitable<EventsAnswer> GuardedPayments::list_events(domain::Timestamp since, std::string from) {
  return guard(gateway_.list_events(since, std::move(from)));
}

Result<Callback, CallbackFault> GuardedPayments::read_callback(std::string_view signature, std::string_view body,
                                                               domain::Timestamp now) const {
  return gateway_.read_callback(signature, body, now);
}

std::int64_t GuardedPayments::retry_after_seconds() const {
  return (breaker_.wait_micros(clock_.read().steady) + domain::kMicrosPerSecond - 1) / domain::kMicrosPerSecond;
}

}  // namespace florin::sagas
