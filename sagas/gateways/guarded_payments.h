// A payment gateway behind a circuit breaker: what the sagas and the routes use instead of the bare one. Retries are
// the saga's, by timer: a payment that waits must survive a restart, which no loop in memory does.
//
// `unknown` counts as a failure, unless the processor was reached: a reply that is of no use, answered and refused are
// the word of a processor that works. Else one payment that nobody can read would stop all the others. Our own "busy",
// too many calls at once, counts as neither.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/runtime/clock.h"
#include "sagas/gateways/circuit_breaker.h"
#include "sagas/gateways/payment_gateway.h"

namespace florin::sagas {

// A callback is signed by the processor's clock, which is right. Where the wall clock and the ledger's time differ it
// is not known which of them is, so a signature that is fresh by either is fresh; whoever kept one could post it again
// for no longer than its tolerance after each, and a callback that was taken before changes nothing.
[[nodiscard]] Result<Callback, CallbackFault> read_fresh_callback(ProcessorEvents const& gateway,
                                                                  std::string_view signature, std::string_view body,
                                                                  eventstore::Clock const& clock);

class GuardedPayments final : public PaymentGateway {
 public:
  // `gateway` and `clock` outlive it; the clock is the machine's, not the sandbox's, which jumps. `random` is called on
  // the effects thread.
  GuardedPayments(PaymentGateway& gateway, eventstore::Clock const& clock, std::function<std::uint64_t()> random,
                  BreakerPolicy policy = {});

  [[nodiscard]] std::string_view name() const override { return gateway_.name(); }

  // Effects thread. unknown "circuit_open" without calling anybody while the breaker is open: nothing was done.
  [[nodiscard]] Awaitable<PaymentAnswer> create(CreatePayment request) override;
  [[nodiscard]] Awaitable<PaymentAnswer> confirm(ConfirmPayment request) override;
  [[nodiscard]] Awaitable<PaymentAnswer> retrieve(std::string reference) override;
  [[nodiscard]] Awaitable<PaymentAnswer> cancel(std::string reference) override;
  [[nodiscard]] Awaitable<PaymentAnswer> refund(RefundPayment request) override;
  [[nodiscard]] Awaitable<MethodAnswer> tokenize(Card card) override;
  [[nodiscard]] Awaitable<EventsAnswer> list_events(domain::Timestamp since, std::string from) override;

  // Any thread. A callback comes in, so the breaker has no say.
  [[nodiscard]] Result<Callback, CallbackFault> read_callback(std::string_view signature, std::string_view body,
                                                              domain::Timestamp now) const override;

  // Any thread. False: a purchase answers 503 and opens nothing.
  [[nodiscard]] bool available() const { return breaker_.available(clock_.read().steady); }
  // Any thread. For Retry-After: at least 1 while not available.
  [[nodiscard]] std::int64_t retry_after_seconds() const;
  // Any thread. What an operator should see to, one sentence each, the same for as long as it lasts.
  [[nodiscard]] std::vector<std::string> troubles() const;

 private:
  template <class Answer>
  Awaitable<Answer> guard(Awaitable<Answer> call);
  void note(std::string_view code, bool reached);

  PaymentGateway& gateway_;
  eventstore::Clock const& clock_;
  std::function<std::uint64_t()> random_;
  CircuitBreaker breaker_;
  mutable std::mutex mutex_;  // for the three below
  bool open_ = false;
  domain::Timestamp open_since_;
  std::string open_code_;     // of the call that opened it
  bool key_refused_ = false;  // by the last call that got through
};

}  // namespace florin::sagas
