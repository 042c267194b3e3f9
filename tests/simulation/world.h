// One run of the simulation: an event store (engine, SQLite's log, vault, request index, snapshots, tail) on a
// simulated disk and clock, clients that ask, repeat, race and give up, and every fault between them; all from one
// seed, in one thread but for those that read a log ahead. Between lives, and at the end, the store is held to what it
// promised.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "domain/ids.h"

namespace florin::simulation {

// What happens to the store; each kind is counted.
enum class Fault : std::uint8_t {
  kill,           // the process dies; all that was written is there
  power_cut,      // what was not synced is lost, kept or torn as chance has it
  death_at_call,  // the process dies at some call to the disk
  io_error,       // some call to the disk fails
  disk_full,
  short_write,
  clock_forward,
  clock_back,
  rotten_snapshot,  // a bit of a derived file flips
  rotten_index,
  repeat,  // a client asks again under the same id
  reuse,   // another payload under the id of an earlier request
  race,    // the same request twice at the same time
  clean_restart,
};
inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::clean_restart) + 1;
[[nodiscard]] char const* fault_name(Fault fault);

struct Options {
  std::uint64_t seed = 1;
  std::size_t steps = 120;  // batches of requests; about two commands each
};

struct Outcome {
  std::string violation;  // empty: every promise was kept
  domain::Digest link{};  // of the last commit: the same for the same seed
  std::uint64_t commands = 0;
  std::uint64_t commits = 0;
  std::vector<std::uint64_t> faults = std::vector<std::uint64_t>(kFaults);
  std::map<std::string, std::uint64_t> events;  // by name
};

// SQLite's default VFS is the world's while it runs: one at a time in a process.
[[nodiscard]] Outcome run(Options const& options);

}  // namespace florin::simulation
