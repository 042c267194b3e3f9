// The clock of timers that ask a type for the time, as Asio's do: the runtime that the calling thread uses for them.
// That is the machine, unless the thread was given another one, as a simulation's is.
#pragma once

#include "eventstore/runtime/runtime.h"

namespace florin::eventstore {

struct TimerClock {
  using time_point = SteadyTime;
  using duration = time_point::duration;
  using rep = duration::rep;
  using period = duration::period;
  static constexpr bool is_steady = true;
  [[nodiscard]] static time_point now();
};

// The calling thread's timers follow this runtime for as long as this lives. The runtime outlives it.
class TimersFollow {
 public:
  explicit TimersFollow(Runtime& runtime);
  ~TimersFollow();
  TimersFollow(TimersFollow const&) = delete;
  TimersFollow& operator=(TimersFollow const&) = delete;

 private:
  Runtime* const before_;
};

}  // namespace florin::eventstore
