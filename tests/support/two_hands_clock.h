// A machine whose two clocks a test moves, and clocks that read it. Any thread.
#pragma once

#include <atomic>

#include "eventstore/runtime/clock.h"

namespace florin::test_support {

class Machine {
 public:
  explicit Machine(std::int64_t wall_seconds = 1'800'000'000) : wall_(wall_seconds * domain::kMicrosPerSecond) {}

  // Time goes by, on both clocks.
  void pass(std::int64_t micros) {
    wall_ += micros;
    steady_ += micros;
  }
  void pass_seconds(std::int64_t seconds) { pass(seconds * domain::kMicrosPerSecond); }
  // Somebody sets the wall clock.
  void set_wall_by(std::int64_t seconds) { wall_ += seconds * domain::kMicrosPerSecond; }
  [[nodiscard]] domain::Timestamp wall() const { return domain::Timestamp::from_micros(wall_); }
  [[nodiscard]] std::int64_t steady() const { return steady_; }

  [[nodiscard]] eventstore::ReadClocks reader() {
    return [this] { return eventstore::ClockReading{wall(), steady()}; };
  }

 private:
  std::atomic<std::int64_t> wall_;
  std::atomic<std::int64_t> steady_ = 5 * domain::kMicrosPerSecond;  // started a moment ago
};

}  // namespace florin::test_support
