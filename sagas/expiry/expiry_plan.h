// What waits in the ledger, until when, and the command that ends it. Pure: the saga drives it with a timer and the
// writer.
//
// One thread.
#pragma once

#include <optional>

#include "domain/commands.h"
#include "domain/events.h"
#include "domain/ledger.h"
#include "sagas/expiry/timers.h"

namespace florin::sagas {

class ExpiryPlan {
 public:
  // Everything that waits in the recovered state.
  void resume(domain::State const& state);
  // True: something waits because of it.
  bool add(domain::Event const& event);
  // Asked again at that time.
  void add(Timer const& timer) { timers_.add(timer); }

  struct Due {
    Timer timer;
    domain::Command command;
  };
  // The next wait that is over at `now`. `end(timer)`: when the wait ends by the durable state; nullopt: it has ended.
  // A wait that was prolonged gets a new timer, one that has ended is forgotten.
  template <class EndOfWait>
  [[nodiscard]] std::optional<Due> take(domain::Timestamp now, EndOfWait const& end) {
    while (auto const timer = timers_.take(now)) {
      std::optional<domain::Timestamp> const due = end(*timer);
      if (!due) continue;
      if (*due <= now) return Due{*timer, command_of(*timer)};
      timers_.add({*due, timer->about});
    }
    return std::nullopt;
  }
  [[nodiscard]] std::optional<domain::Timestamp> next_due() const { return timers_.next_due(); }

 private:
  [[nodiscard]] static domain::Command command_of(Timer const& timer);
  Timers timers_;
};

}  // namespace florin::sagas
