// When to stop calling somebody who does not answer, when to ask again, and how long to wait between tries. Pure:
// time and random bits come in, nothing is called. `now` is a steady clock in µs (eventstore/runtime/clock.h), so that
// setting the wall clock neither keeps a breaker open nor closes one.
//
//   closed     every call is let through. Opens after `consecutive_failures` in a row, or when of the last
//              `window_calls` calls `window_failure_percent` failed (a provider that fails every other call never fails
//              five times in a row).
//   open       no call is let through until its time is over; the time doubles with every failed probe, up to a cap,
//              each time shortened by chance so that many servers do not come back at one moment.
//   half-open  one call, the probe, is under way. It succeeds: closed. It fails: open. If its result never
//              arrives, another probe may start after `probe_micros`.
//
// Only transient failures count: a provider that refuses a number is a provider that works.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "domain/time.h"

namespace florin::sagas {

struct BreakerPolicy {
  unsigned consecutive_failures = 5;
  unsigned window_calls = 20;  // at most 64; 0: no window
  unsigned window_failure_percent = 50;
  std::int64_t open_micros = 5 * domain::kMicrosPerSecond;        // the first time
  std::int64_t open_cap_micros = 120 * domain::kMicrosPerSecond;  // a provider that is back is noticed within this
  std::int64_t probe_micros = 60 * domain::kMicrosPerSecond;      // longer than any call's own deadline
};

class CircuitBreaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };

  // One call that was let through. Reports of a permit from before the last change of state are ignored: calls that
  // were under way when it opened say nothing new.
  struct Permit {
    std::uint64_t era = 0;
  };

  explicit CircuitBreaker(BreakerPolicy policy = {});

  // The owner's thread. nullopt: not now. Every permit is reported exactly once, or never (a crash, a cancelled wait).
  [[nodiscard]] std::optional<Permit> try_acquire(std::int64_t now);
  void succeeded(Permit permit);
  void failed(Permit permit, std::int64_t now, std::uint64_t random);
  // The owner's thread. An open breaker whose time is over is still `open` until somebody asks to probe.
  [[nodiscard]] State state() const { return state_; }

  // Any thread: would try_acquire let a call through at `now`? For refusing early what would end in a call.
  [[nodiscard]] bool available(std::int64_t now) const;
  // Any thread. How long until available(), at least 0.
  [[nodiscard]] std::int64_t wait_micros(std::int64_t now) const;

 private:
  static constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::min();

  void close();
  void open(std::int64_t now, std::uint64_t random);
  void forget();

  BreakerPolicy const policy_;
  std::atomic<std::int64_t> available_from_{kAlways};  // micros; kAlways while closed
  State state_ = State::closed;
  std::uint64_t era_ = 0;        // counts changes of state
  unsigned times_opened_ = 0;    // since it was last closed
  unsigned in_a_row_ = 0;        // failures
  std::uint64_t outcomes_ = 0;   // of the last calls, newest in bit 0; 1: failed
  unsigned outcomes_known_ = 0;  // at most window_calls
};

struct BackoffPolicy {
  std::int64_t first_micros = 1 * domain::kMicrosPerSecond;
  std::int64_t cap_micros = 60 * domain::kMicrosPerSecond;
  unsigned attempts =
      8;  // all in all; with these numbers the waits add up to at most 123 s of the 600 that a PIN is good for
};

// How long to wait after failed attempt number `attempt` (from 1): doubling from first_micros up to the cap, then
// shortened by chance to between half and all of it. nullopt: that was the last attempt.
[[nodiscard]] std::optional<std::int64_t> backoff_micros(BackoffPolicy const& policy, unsigned attempt,
                                                         std::uint64_t random);

}  // namespace florin::sagas
