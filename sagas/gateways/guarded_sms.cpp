#include "sagas/gateways/guarded_sms.h"

#include <utility>

#include <spdlog/spdlog.h>

namespace florin::sagas {

GuardedSms::GuardedSms(SmsGateway& gateway, eventstore::Clock const& clock, std::function<std::uint64_t()> random,
                       BreakerPolicy policy)
    : gateway_(gateway), clock_(clock), random_(std::move(random)), breaker_(policy) {}

Awaitable<SmsResult> GuardedSms::send(TextMessage message) {
  auto const before = breaker_.state();
  auto const permit = breaker_.try_acquire(clock_.read().steady);
  if (before != breaker_.state()) spdlog::info("texts: one goes out to see whether the provider answers again");
  if (!permit) co_return SmsResult::unavailable("circuit_open");
  SmsResult result = co_await gateway_.send(std::move(message));
  auto const asked = breaker_.state();
  switch (result.outcome) {
    case SmsResult::Outcome::sent:
    case SmsResult::Outcome::refused: breaker_.succeeded(*permit); break;
    case SmsResult::Outcome::unavailable: breaker_.failed(*permit, clock_.read().steady, random_()); break;
  }
  if (asked != breaker_.state()) {
    bool const open = breaker_.state() == CircuitBreaker::State::open;
    if (open) {
      spdlog::warn("texts: the provider fails ({}); none are sent for {} s", result.code, retry_after_seconds());
    } else {
      spdlog::info("texts: the provider answers again");
    }
  }
  co_return result;
}

std::int64_t GuardedSms::retry_after_seconds() const {
  return (breaker_.wait_micros(clock_.read().steady) + domain::kMicrosPerSecond - 1) / domain::kMicrosPerSecond;
}

}  // namespace florin::sagas
