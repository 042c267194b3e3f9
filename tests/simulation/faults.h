// What happens to the server in a simulation; each kind is counted.
#pragma once

#include <array>
#include <cstdint>

namespace florin::simulation {

enum class Fault : std::uint8_t {
  kill,           // the process dies; all that was written is there
  power_cut,      // what was not synced is lost, kept or torn as chance has it
  death_at_call,  // the process dies at some call to the disk
  io_error,       // some call to the disk fails
  read_error,     // some read fails
  disk_full,
  short_write,
  clock_forward,
  clock_back,
  rotten_snapshot,  // a bit of a derived file flips
  rotten_index,
  repeat,   // a client asks again under the same id
  reuse,    // another payload under the id of an earlier request
  race,     // the same request twice at the same time
  give_up,  // a client does not hear its answer
  clean_restart,
  timeout_before,  // a provider is not reached
  timeout_after,   // a provider does what it was asked for, and its answer is lost
  late,            // a provider's word arrives after later ones
  twice,           // and arrives again
  never,           // or does not arrive
  mismatch,        // it is about something else
  erasure,         // a person's key is destroyed
};
inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::erasure) + 1;
[[nodiscard]] char const* fault_name(Fault fault);

class FaultCounts {
 public:
  void add(Fault fault, std::uint64_t times = 1) { counts_[static_cast<std::size_t>(fault)] += times; }
  [[nodiscard]] std::uint64_t of(Fault fault) const { return counts_[static_cast<std::size_t>(fault)]; }

 private:
  std::array<std::uint64_t, kFaults> counts_{};
};

}  // namespace florin::simulation
