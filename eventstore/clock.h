// The one source of time. Any thread.
#pragma once

#include "domain/time.h"

namespace florin::eventstore {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual domain::Timestamp now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] domain::Timestamp now() const override;
};

}  // namespace florin::eventstore
