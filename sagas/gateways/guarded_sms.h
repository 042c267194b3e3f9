// A gateway behind a circuit breaker: what the sagas and the routes hold instead of the bare gateway. Retries are the
// saga's, by timer (backoff_micros): a text that waits must survive a restart, which no loop in memory does.
#pragma once

#include <cstdint>
#include <functional>

#include "eventstore/runtime/clock.h"
#include "sagas/gateways/circuit_breaker.h"
#include "sagas/gateways/sms.h"

namespace florin::sagas {

class GuardedSms final : public SmsGateway {
 public:
  // `gateway` and `clock` outlive it; the clock is the machine's, not the sandbox's, which jumps. `random` is called on
  // the effects thread.
  GuardedSms(SmsGateway& gateway, eventstore::Clock const& clock, std::function<std::uint64_t()> random,
             BreakerPolicy policy = {});

  // Effects thread. unavailable "circuit_open" without calling anybody while the breaker is open.
  [[nodiscard]] Awaitable<SmsResult> send(TextMessage message) override;

  // Any thread. False: initiate answers 503 SMS_UNAVAILABLE and stages nothing.
  [[nodiscard]] bool available() const { return breaker_.available(clock_.read().steady); }
  // Any thread. For Retry-After: at least 1 while not available. In the sandbox too these are seconds of the machine:
  // the one wait that putting its clock forward does not end.
  [[nodiscard]] std::int64_t retry_after_seconds() const;

 private:
  SmsGateway& gateway_;
  eventstore::Clock const& clock_;
  std::function<std::uint64_t()> random_;
  CircuitBreaker breaker_;
};

}  // namespace florin::sagas
