// A machine of which everything follows from a seed: time goes on by what is asked for, jumps when told to, and chance
// is a generator. One thread calls the setters; any thread reads.
#pragma once

#include <atomic>
#include <cstring>
#include <mutex>
#include <random>

#include "eventstore/runtime/runtime.h"
#include "tests/simulation/simulated_disk.h"

namespace florin::simulation {

class SimulatedRuntime final : public eventstore::Runtime {
 public:
  SimulatedRuntime(std::uint64_t seed, SimulatedDisk& disk) : random_(seed), disk_(disk) {}

  [[nodiscard]] eventstore::ClockReading clocks() const override {
    return {domain::Timestamp::from_micros(wall_micros_), steady_micros_};
  }
  [[nodiscard]] eventstore::SteadyTime now() const override {
    return eventstore::SteadyTime(std::chrono::microseconds(steady_micros_));
  }
  void draw(std::span<std::byte> into) override {
    std::lock_guard const lock(mutex_);
    for (auto& byte : into) byte = static_cast<std::byte>(random_());
  }
  [[nodiscard]] eventstore::Files& files() override { return disk_.files(); }

  // Both hands go on.
  void pass(std::int64_t micros) {
    steady_micros_ += micros;
    wall_micros_ += micros;
  }
  // Somebody sets the wall clock, forward or back.
  void set_wall_clock(std::int64_t by_micros) { wall_micros_ += by_micros; }

 private:
  std::atomic<std::int64_t> wall_micros_{1'800'000'000'000'000};
  std::atomic<std::int64_t> steady_micros_{1'000'000};
  std::mutex mutex_;
  std::mt19937_64 random_;
  SimulatedDisk& disk_;
};

}  // namespace florin::simulation
