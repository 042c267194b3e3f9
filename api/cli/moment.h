// Where the log stood at a moment: by a position, or by a time, which is found by halving because the times of commits
// never go back (the writer sees to that). Every commit that is looked at is checked (store.h). One thread.
#pragma once

#include "api/cli/store.h"

namespace florin::api::cli {

// After the last whole commit at that moment. Zero: before the first.
struct Moment {
  domain::Position last;
  domain::Timestamp at;  // of that commit
};

// A commit is atomic: a position inside one is before it. Kind::missing for one past the head.
[[nodiscard]] eventstore::Faulty<Moment> moment_of(eventstore::Log& log, domain::Position head,
                                                   domain::Position wanted);
// Every commit up to `wanted`, its microsecond included.
[[nodiscard]] eventstore::Faulty<Moment> moment_of(eventstore::Log& log, domain::Position head,
                                                   domain::Timestamp wanted);

}  // namespace florin::api::cli
