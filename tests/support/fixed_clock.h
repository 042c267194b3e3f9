// A clock that stands still until it is told otherwise. Any thread.
#pragma once

#include <atomic>

#include "eventstore/runtime/clock.h"

namespace florin::test_support {

class FixedClock final : public eventstore::Clock {
 public:
  explicit FixedClock(std::int64_t seconds = 1'800'000'000) : micros_(seconds * domain::kMicrosPerSecond) {}
  [[nodiscard]] domain::Timestamp now() const override { return domain::Timestamp::from_micros(micros_); }
  [[nodiscard]] eventstore::ClockReading read() const override {
    auto const at = now();
    return {at + wall_ahead_.load(), at.micros()};
  }
  void advance(std::int64_t micros) { micros_ += micros; }
  // The machine's wall clock, where it is not the ledger's time.
  void set_wall_ahead(std::int64_t micros) { wall_ahead_ = micros; }

 private:
  std::atomic<std::int64_t> micros_;
  std::atomic<std::int64_t> wall_ahead_ = 0;
};

}  // namespace florin::test_support
