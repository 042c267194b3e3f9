#include "api/clock_report.h"

#include <utility>

#include <spdlog/spdlog.h>

namespace florin::api {
namespace {

std::int64_t seconds(std::int64_t micros) { return micros / domain::kMicrosPerSecond; }

}  // namespace

ClockStanding standing_of(eventstore::ClockState const& state) {
  if (!state.following) return ClockStanding::waits;
  return seconds(state.lead_micros) > 0 ? ClockStanding::works_off : ClockStanding::follows;
}

std::string clock_trouble(eventstore::ClockState const& state, std::string_view environment) {
  switch (standing_of(state)) {
    case ClockStanding::follows: return {};
    case ClockStanding::works_off:
      return "the ledger's time is " + std::to_string(seconds(state.lead_micros)) +
             " s ahead of the wall clock, which was set back or was ahead when the log was written; it goes on at nine "
             "tenths of the speed of time until they meet";
    case ClockStanding::waits:
      return "the wall clock is " + std::to_string(seconds(-state.lead_micros)) +
             " s ahead of the ledger's time and is not followed. Check this machine's clock; if it is right, say so: "
             "florin clock confirm" +
             (environment == "sandbox" ? " --sandbox" : "");
  }
  return {};
}

void write_clock(JsonWriter& json, eventstore::ClockState const& state) {
  json.time("wall", state.wall);
  json.time("ledger", state.ledger);
  json.integer("lead_seconds", seconds(state.lead_micros));
  json.boolean("following", state.following);
  json.integer("wall_jumps", state.wall_jumps);
}

ClockWatch::Line ClockWatch::next(eventstore::ClockState const& state) {
  auto const before = std::exchange(standing_, standing_of(state));
  bool const jumped = std::exchange(wall_jumps_, state.wall_jumps) != state.wall_jumps;
  if (standing_ == before && !jumped) return {};
  auto const jump =
      jumped ? "the wall clock was set by " + std::to_string(seconds(state.last_jump_micros)) + " s: " : "";
  if (standing_ != ClockStanding::follows) {
    return {true, environment_ + ": " + jump + clock_trouble(state, environment_)};
  }
  auto const* const again = before == ClockStanding::follows ? "" : " again";
  return {false, environment_ + ": " + jump + "the ledger's time follows the wall clock" + again};
}

void ClockWatch::look(eventstore::ClockState const& state) {
  auto const line = next(state);
  if (line.text.empty()) return;
  if (line.warning) {
    spdlog::warn("{}", line.text);
  } else {
    spdlog::info("{}", line.text);
  }
}

}  // namespace florin::api
