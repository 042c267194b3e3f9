#include "sagas/gateways/guarded_payments.h"

#include <utility>

namespace florin::sagas {

GuardedPayments::GuardedPayments(PaymentGateway& gateway, eventstore::Clock const& clock,
                                 std::function<std::uint64_t()> random, BreakerPolicy policy)
    : gateway_(gateway), clock_(clock), random_(std::move(random)), breaker_(policy) {}

// `call` has not begun: a coroutine of Asio's starts when it is awaited.
template <class Answer>
Awaitable<Answer> GuardedPayments::guard(Awaitable<Answer> call) {
  auto const permit = breaker_.try_acquire(clock_.now());
  if (!permit) {
    Answer closed;
    closed.outcome = PaymentOutcome::unknown;
    closed.code = "circuit_open";
    co_return closed;
  }
  Answer answer = co_await std::move(call);
  switch (answer.outcome) {
    case PaymentOutcome::answered:
    case PaymentOutcome::refused: breaker_.succeeded(*permit); break;
    case PaymentOutcome::unknown: breaker_.failed(*permit, clock_.now(), random_()); break;
  }
  co_return answer;
}

Awaitable<PaymentAnswer> GuardedPayments::open(OpenPayment request) { return guard(gateway_.open(std::move(request))); }

Awaitable<PaymentAnswer> GuardedPayments::confirm(ConfirmPayment request) {
  return guard(gateway_.confirm(std::move(request)));
}

Awaitable<PaymentAnswer> GuardedPayments::look(std::string reference) {
  return guard(gateway_.look(std::move(reference)));
}

Awaitable<PaymentAnswer> GuardedPayments::cancel(std::string reference) {
  return guard(gateway_.cancel(std::move(reference)));
}

Awaitable<PaymentAnswer> GuardedPayments::refund(RefundPayment request) {
  return guard(gateway_.refund(std::move(request)));
}

Awaitable<MethodAnswer> GuardedPayments::tokenize(Card card) { return guard(gateway_.tokenize(std::move(card))); }

Awaitable<ChangesAnswer> GuardedPayments::changes(domain::Timestamp since, std::string from) {
  return guard(gateway_.changes(since, std::move(from)));
}

Result<Callback, CallbackFault> GuardedPayments::read_callback(std::string_view signature, std::string_view body,
                                                               domain::Timestamp now) const {
  return gateway_.read_callback(signature, body, now);
}

std::int64_t GuardedPayments::retry_after_seconds() const {
  return (breaker_.wait_micros(clock_.now()) + domain::kMicrosPerSecond - 1) / domain::kMicrosPerSecond;
}

}  // namespace florin::sagas
