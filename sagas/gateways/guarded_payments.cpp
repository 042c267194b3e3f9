#include "sagas/gateways/guarded_payments.h"

#include <algorithm>

namespace florin::sagas {

GuardedPayments::GuardedPayments(PaymentGateway& gateway, eventstore::Clock const& clock,
                                 std::function<std::uint64_t()> random, BreakerPolicy policy)
    : gateway_(gateway), clock_(clock), random_(std::move(random)), breaker_(policy) {}

template <class Answer>
Awaitable<Answer> GuardedPayments::guard(std::function<Awaitable<Answer>()> call) {
  auto const permit = breaker_.try_acquire(clock_.now());
  if (!permit) {
    Answer closed;
    closed.code = "circuit_open";
    co_return closed;
  }
  auto answer = co_await call();
  if (answer.outcome == PaymentOutcome::unknown) {
    breaker_.failed(*permit, clock_.now(), random_());
  } else {
    breaker_.succeeded(*permit);
  }
  co_return answer;
}

Awaitable<PaymentAnswer> GuardedPayments::open(OpenPayment request) {
  std::function<Awaitable<PaymentAnswer>()> const call = [&] { return gateway_.open(std::move(request)); };
  co_return co_await guard<PaymentAnswer>(call);
}

Awaitable<PaymentAnswer> GuardedPayments::confirm(ConfirmPayment request) {
  std::function<Awaitable<PaymentAnswer>()> const call = [&] { return gateway_.confirm(std::move(request)); };
  co_return co_await guard<PaymentAnswer>(call);
}

Awaitable<PaymentAnswer> GuardedPayments::look(std::string reference) {
  std::function<Awaitable<PaymentAnswer>()> const call = [&] { return gateway_.look(std::move(reference)); };
  co_return co_await guard<PaymentAnswer>(call);
}

Awaitable<PaymentAnswer> GuardedPayments::cancel(std::string reference) {
  std::function<Awaitable<PaymentAnswer>()> const call = [&] { return gateway_.cancel(std::move(reference)); };
  co_return co_await guard<PaymentAnswer>(call);
}

Awaitable<PaymentAnswer> GuardedPayments::refund(RefundPayment request) {
  std::function<Awaitable<PaymentAnswer>()> const call = [&] { return gateway_.refund(std::move(request)); };
  co_return co_await guard<PaymentAnswer>(call);
}

Awaitable<MethodAnswer> GuardedPayments::tokenize(Card card) {
  std::function<Awaitable<MethodAnswer>()> const call = [&] { return gateway_.tokenize(std::move(card)); };
  co_return co_await guard<MethodAnswer>(call);
}

Awaitable<ChangesAnswer> GuardedPayments::changes(domain::Timestamp since, std::string from) {
  std::function<Awaitable<ChangesAnswer>()> const call = [&] { return gateway_.changes(since, std::move(from)); };
  co_return co_await guard<ChangesAnswer>(call);
}

std::int64_t GuardedPayments::retry_after_seconds() const {
  auto const micros = breaker_.wait_micros(clock_.now());
  return std::max<std::int64_t>(1, (micros + domain::kMicrosPerSecond - 1) / domain::kMicrosPerSecond);
}

}  // namespace florin::sagas
