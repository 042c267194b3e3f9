#include "sagas/gateways/circuit_breaker.h"

#include <algorithm>
#include <bit>

#include "domain/contract.h"

namespace florin::sagas {
namespace {

// first × 2^(doublings), at most cap, without overflow.
std::int64_t grown(std::int64_t first, std::int64_t cap, unsigned doublings) {
  std::int64_t grown = std::min(first, cap);
  for (unsigned i = 0; i < doublings && grown < cap; ++i) grown = grown > cap / 2 ? cap : grown * 2;
  return grown;
}

// Between half and all of it.
std::int64_t jittered(std::int64_t micros, std::uint64_t random) {
  std::int64_t const half = micros / 2;
  return micros - half + static_cast<std::int64_t>(random % (static_cast<std::uint64_t>(half) + 1));
}

}  // namespace

CircuitBreaker::CircuitBreaker(BreakerPolicy policy) : policy_(policy) {
  FLORIN_ASSERT(policy.consecutive_failures > 0 && policy.window_calls <= 64);
  FLORIN_ASSERT(policy.window_failure_percent > 0 && policy.window_failure_percent <= 100);
  FLORIN_ASSERT(policy.open_micros > 0 && policy.open_cap_micros >= policy.open_micros && policy.probe_micros > 0);
}

bool CircuitBreaker::available(std::int64_t now) const { return wait_micros(now) == 0; }

std::int64_t CircuitBreaker::wait_micros(std::int64_t now) const {
  std::int64_t const from = available_from_.load(std::memory_order_acquire);
  return from == kAlways || now >= from ? 0 : from - now;
}

std::optional<CircuitBreaker::Permit> CircuitBreaker::try_acquire(std::int64_t now) {
  if (!available(now)) return std::nullopt;
  if (state_ != State::closed) {
    state_ = State::half_open;
    ++era_;  // also past a probe whose result never arrived
    available_from_.store(now + policy_.probe_micros, std::memory_order_release);
  }
  return Permit{era_};
}

void CircuitBreaker::succeeded(Permit permit) {
  if (permit.era != era_) return;
  if (state_ == State::half_open) {
    close();
    return;
  }
  in_a_row_ = 0;
  outcomes_ <<= 1;
  outcomes_known_ = std::min(outcomes_known_ + 1, policy_.window_calls);
}

void CircuitBreaker::failed(Permit permit, std::int64_t now, std::uint64_t random) {
  if (permit.era != era_) return;
  if (state_ == State::half_open) {
    open(now, random);
    return;
  }
  ++in_a_row_;
  outcomes_ = outcomes_ << 1 | 1;
  outcomes_known_ = std::min(outcomes_known_ + 1, policy_.window_calls);
  bool const too_many_in_a_row = in_a_row_ >= policy_.consecutive_failures;
  bool const window_full = policy_.window_calls > 0 && outcomes_known_ == policy_.window_calls;
  std::uint64_t const window =
      policy_.window_calls == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << policy_.window_calls) - 1;
  auto const failures = static_cast<unsigned>(std::popcount(outcomes_ & window));
  bool const too_many_of_the_last =
      window_full && failures * 100 >= policy_.window_failure_percent * policy_.window_calls;
  if (too_many_in_a_row || too_many_of_the_last) open(now, random);
}

void CircuitBreaker::close() {
  state_ = State::closed;
  ++era_;
  times_opened_ = 0;
  forget();
  available_from_.store(kAlways, std::memory_order_release);
}

void CircuitBreaker::open(std::int64_t now, std::uint64_t random) {
  state_ = State::open;
  ++era_;
  forget();
  std::int64_t const time = jittered(grown(policy_.open_micros, policy_.open_cap_micros, times_opened_), random);
  ++times_opened_;
  available_from_.store(now + time, std::memory_order_release);
}

void CircuitBreaker::forget() {
  in_a_row_ = 0;
  outcomes_ = 0;
  outcomes_known_ = 0;
}

std::optional<std::int64_t> backoff_micros(BackoffPolicy const& policy, unsigned attempt, std::uint64_t random) {
  FLORIN_ASSERT(attempt > 0);
  if (attempt >= policy.attempts) return std::nullopt;
  return jittered(grown(policy.first_micros, policy.cap_micros, attempt - 1), random);
}

}  // namespace florin::sagas
