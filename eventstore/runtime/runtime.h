// What the house takes from the machine: time, chance, files. Everything that reads a clock, draws a random number or
// opens a file gets it from the Runtime that it was given, so that a simulation can replace them all (a house rule
// looks for the rest). Threads, and waits on condition variables, stay with the drivers that own them (thread.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "domain/time.h"

namespace florin::eventstore {

class Files;

// Both of the machine's clocks at one moment.
struct ClockReading {
  domain::Timestamp wall;
  std::int64_t steady = 0;  // µs since some moment before the process began; goes on while the machine sleeps
};

// For time-outs, rates and pauses within one run: monotonic, without a date.
using SteadyTime = std::chrono::steady_clock::time_point;

// Any thread.
class Runtime {
 public:
  virtual ~Runtime() = default;
  // What the ledger's time is made from (clock.h): CLOCK_REALTIME and CLOCK_BOOTTIME.
  [[nodiscard]] virtual ClockReading clocks() const = 0;
  // CLOCK_MONOTONIC, about 25 ns.
  [[nodiscard]] virtual SteadyTime now() const = 0;
  // Fills `into` with unpredictable bytes, good enough for keys. Cannot fail: a machine without them cannot run us.
  virtual void draw(std::span<std::byte> into) = 0;
  [[nodiscard]] virtual Files& files() = 0;
};

// A number of all of its bits, for seeds and ids that need not be secret.
template <class Number>
[[nodiscard]] Number draw_number(Runtime& runtime) {
  Number number{};
  runtime.draw(std::as_writable_bytes(std::span(&number, 1)));
  return number;
}

// The real one. It has no state: every call goes to the operating system.
[[nodiscard]] Runtime& machine();

}  // namespace florin::eventstore
