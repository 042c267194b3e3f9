// Recovery: newest good snapshot + tail of the log, with the hash chain checked on every commit replayed.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "eventstore/codec.h"
#include "eventstore/snapshot.h"

namespace florin::eventstore {

// Called for each replayed commit, in order, with the position reached; for progress and for views that fold along.
using OnReplay = std::function<void(domain::Commit const&)>;

// Replays commits after recovered.head up to and including `until` (zero: to the end) onto `recovered`. Checks link,
// contiguity and that each commit begins where the last ended; Kind::corrupt names the first bad position. Reading
// and hashing run on a second thread, one block ahead of decode and apply.
[[nodiscard]] Faulty<Unit> replay(Log& log, Recovered& recovered, domain::Position until = {},
                                  OnReplay const& on_replay = {});

// What audit verify does: reads every row from the beginning, checks links, contiguity, decodability and that the
// folds accept it, and compares with the signed checkpoint. The value is the number of commits checked; the fault
// names the first bad position.
struct Verified {
  std::uint64_t commits = 0;
  std::uint64_t events = 0;
  Head head;
  domain::Digest root{};
};
[[nodiscard]] Faulty<Verified> verify(Log& log, Checkpoint const* checkpoint,
                                      std::function<void(domain::Position)> const& progress = {});

}  // namespace florin::eventstore
