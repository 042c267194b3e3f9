// A clock that stands still until it is told otherwise. Any thread.
#pragma once

#include <atomic>

#include "eventstore/clock.h"

namespace florin::test_support {

class FixedClock final : public eventstore::Clock {
 public:
  explicit FixedClock(std::int64_t seconds = 1'800'000'000) : micros_(seconds * domain::kMicrosPerSecond) {}
  [[nodiscard]] domain::Timestamp now() const override { return domain::Timestamp::from_micros(micros_); }
  void advance(std::int64_t micros) { micros_ += micros; }

 private:
  std::atomic<std::int64_t> micros_;
};

}  // namespace florin::test_support
