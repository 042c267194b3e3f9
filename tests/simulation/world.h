// One run of the simulation: the server without its sockets (routes, ledger service, engine, SQLite's log, vault,
// request index, snapshots, tail, read models, sagas) on a simulated disk and clock; clients that ask, repeat, race and
// give up; providers that answer late, twice or never; and every fault between them. All follows from one seed, in one
// thread but for those that read a log ahead. After each start, and at the end, its promises are checked (promises.h).
#pragma once

#include <cstdint>
#include <string>

#include "tests/simulation/checks.h"
#include "tests/simulation/faults.h"

namespace florin::simulation {

// A run of full length asks for enough to say something.
inline constexpr std::size_t kFullSteps = 60;
inline constexpr std::uint64_t kCommandsLeast = 200;

struct Options {
  std::uint64_t seed = 1;
  std::size_t steps = 120;  // batches of requests; about three commands each. From kFullSteps on as many more as it
                            // takes for kCommandsLeast
  std::size_t views = 2;    // read models that follow, of the five; which ones follows from the seed
};

struct Outcome {
  std::string violation;  // empty: every promise was kept
  std::uint64_t commands = 0;
  LogContent log;  // at the end: the same for the same seed
  FaultCounts faults;
};

// SQLite's default VFS is the world's while it runs: one at a time in a process.
[[nodiscard]] Outcome run(Options const& options);

}  // namespace florin::simulation
