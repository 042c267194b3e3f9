// The machine of a simulation and chance, which says what goes wrong with it.
#pragma once

#include <cstdint>
#include <random>

#include "tests/simulation/faults.h"
#include "tests/simulation/simulated_disk.h"
#include "tests/simulation/simulated_runtime.h"

namespace florin::simulation {

// One thread.
class Machine {
 public:
  explicit Machine(std::uint64_t seed)
      : random_(seed), disk_(random_()), vfs_(disk_, random_()), runtime_(random_(), disk_) {}

  [[nodiscard]] SimulatedDisk& disk() { return disk_; }
  [[nodiscard]] SimulatedRuntime& runtime() { return runtime_; }
  [[nodiscard]] FaultCounts& faults() { return faults_; }

  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  // For a generator of somebody's own.
  std::uint64_t draw_seed() { return random_(); }
  void count(Fault fault) { faults_.add(fault); }

  // Now and then: a call to the disk will fail.
  void plan_disk_fault();
  // The same for a read, unless something is planned. Not where somebody reads ahead: which read is the k-th would not
  // follow from the seed.
  void plan_read_fault();
  // Plans nothing any more. Whether the planned fault came; it is counted then.
  bool take_fault();

 private:
  std::mt19937_64 random_;
  SimulatedDisk disk_;
  InstalledVfs vfs_;
  SimulatedRuntime runtime_;
  FaultCounts faults_;
  DiskFault planned_ = DiskFault::none;
};

}  // namespace florin::simulation
