// Where the log stood at a moment, and the state then: by a position, or by a time, which is found by halving because
// the times of commits never go back (the engine sees to that). Every commit that is looked at is checked. One thread.
#pragma once

#include <filesystem>

#include "eventstore/engine/recovery.h"
#include "eventstore/store/log.h"

namespace florin::eventstore {

// After the last whole commit at that moment. Zero: before the first.
struct Moment {
  domain::Position last;
  domain::Timestamp at;  // of that commit
};

// A commit is atomic: a position inside one is before it. Zero: before the first. Kind::missing for one past the head.
[[nodiscard]] ResultOr<Moment> moment_of(Log& log, domain::Position head, domain::Position wanted);
// Every commit up to `wanted`, its microsecond included.
[[nodiscard]] ResultOr<Moment> moment_of(Log& log, domain::Position head, domain::Timestamp wanted);

// The state after the commit that ends at `last` (zero: before the first), folded from the log: every commit from the
// beginning is read, checked and shown to `on_replay`. About a million events a second.
[[nodiscard]] ResultOr<Recovered> state_at(Log& log, domain::Position last, OnReplay const& on_replay = {});

}  // namespace florin::eventstore
