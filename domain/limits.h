// How often something may be asked: the numbers of every limit (CONTRACT, Limits and Rate limits). A game may have
// others for itself, in its settings. The velocity limits are decided here, from the log; the others are counted by
// api/limits.h, because they count refused requests too.
#pragma once

#include <cstdint>

#include "domain/game.h"
#include "domain/money.h"
#include "domain/transfer.h"

namespace florin::domain {

// The game's own limit, at least 1, or the default.
[[nodiscard]] std::uint32_t limit_of(Game const& game, LimitKind kind);
// How long the limit counts, in microseconds.
[[nodiscard]] std::int64_t period_of(LimitKind kind);

// What one player of the game may initiate: at least one an hour, and one unit a day.
struct VelocityLimits {
  std::uint32_t per_hour = 1;
  Money per_day;
};
[[nodiscard]] VelocityLimits velocity_limits(Game const& game, Flavour flavour);

}  // namespace florin::domain
