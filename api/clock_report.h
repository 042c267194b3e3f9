// What an environment's clock shows (eventstore/runtime/clock.h has the rule): to operators, in the log, by /readyz.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/json_writer.h"
#include "eventstore/runtime/clock.h"

namespace florin::api {

enum class ClockStanding : std::uint8_t {
  follows,    // the ledger's time is the wall clock's, to within a second
  works_off,  // it has a lead, which it works off
  waits,      // the wall clock is too far ahead, and waits for an operator
};
[[nodiscard]] ClockStanding standing_of(eventstore::ClockState const& state);

// What is wrong and what to do; empty while the ledger's time follows. `environment`: "production" or "sandbox".
[[nodiscard]] std::string clock_trouble(eventstore::ClockState const& state, std::string_view environment);

// Members of the open object: wall, ledger, lead_seconds (below zero: the wall clock is ahead), following, wall_jumps.
void write_clock(JsonWriter& json, eventstore::ClockState const& state);

// Says in the log when the clock's standing changes and when somebody set the wall clock: a line a change, however
// many requests there are. One thread.
class ClockWatch {
 public:
  explicit ClockWatch(std::string environment) : environment_(std::move(environment)) {}
  void look(eventstore::ClockState const& state);

  struct Line {
    bool warning = false;
    std::string text;  // empty: nothing to say
  };
  // What look() writes.
  [[nodiscard]] Line next(eventstore::ClockState const& state);

 private:
  std::string const environment_;
  ClockStanding standing_ = ClockStanding::follows;
  std::uint64_t wall_jumps_ = 0;
};

}  // namespace florin::api
