#include "eventstore/clock.h"

#include <chrono>

namespace florin::eventstore {

domain::Timestamp SystemClock::now() const {
  auto const since = std::chrono::system_clock::now().time_since_epoch();
  return domain::Timestamp::from_micros(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

}  // namespace florin::eventstore
