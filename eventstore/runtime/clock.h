// The one source of time. Any thread.
//
// There are three times (DESIGN, The way data flows). now() is the ledger's time: it is shown, stored and compared with
// what is stored. It follows the wall clock, but never goes back and never stands still. read().steady is only for
// what is waited for in memory (rate limits, circuit breakers): nobody can set it, and it knows no date. read().wall is
// what the machine's clock says: for dates that others wrote (a processor's signature), which are right when it is.
//
// The rule of the ledger's time (class LedgerTime). CLOCK_BOOTTIME, the steady clock, counts the seconds of a machine
// that sleeps too, and cannot be set. At each reading, when the steady clock went on by d since the last one:
//
//   the wall clock stands                             the ledger's time goes on by
//   behind ledger + d (the ledger has a lead)         9/10 d; by more if that is enough to meet the wall clock
//   at ledger + d, or up to 60 s ahead of it          d and a step towards it, of at most the allowance
//   more than 60 s ahead of ledger + d                d: it is not followed, until an operator confirms it or it
//                                                     comes back to within 60 s
//
// The allowance is 60 s at the start; a step uses it up, and d/10 of it comes back, never above 60 s. Thus, whatever
// the wall clock does, the ledger's time goes on between any two readings that are T apart
//
//   by at least 9/10 T and by at most 11/10 T + 60 s,
//
// so a wait of ten minutes lasts between eight and twelve of them, but for the operator's confirmation, which is a step
// of any size. A lead of two hours heals in twenty, a clock that is up to 60 s slow at once. The time of the last
// commit, when it is ahead of the wall clock at the start, is a lead like any other: the log's times never go back.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "domain/time.h"
#include "eventstore/fault.h"
#include "eventstore/runtime/runtime.h"

namespace florin::eventstore {

// Where a clock gets its readings from. The default everywhere is Runtime::clocks() of the real machine.
using ReadClocks = std::function<ClockReading()>;
[[nodiscard]] ReadClocks clocks_of(Runtime const& runtime);

// How the ledger's time and the wall clock stand to each other.
struct ClockState {
  domain::Timestamp wall;
  domain::Timestamp ledger;
  std::int64_t lead_micros = 0;       // the ledger's time less the wall clock; below zero: the wall clock is ahead
  bool following = true;              // false: the wall clock is too far ahead, and waits for an operator
  std::uint64_t wall_jumps = 0;       // how often the wall clock was set by a second or more, as far as it was noticed
  std::int64_t last_jump_micros = 0;  // the last time, by this much
};

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual domain::Timestamp now() const = 0;
  [[nodiscard]] virtual ClockReading read() const;  // one that has no other clock shows now()
  // Before anything else asks: the ledger holds this time already, so now() is never before it.
  virtual void not_before(domain::Timestamp held);
  [[nodiscard]] virtual ClockState state() const;
  // An operator says that the wall clock is right: a ledger's time behind it goes there at once. The step in µs.
  virtual std::int64_t confirm();
};

// What the machine shows: for what is neither stored nor compared with anything stored.
class SystemClock final : public Clock {
 public:
  explicit SystemClock(Runtime const& runtime = machine()) : runtime_(runtime) {}
  [[nodiscard]] domain::Timestamp now() const override { return runtime_.clocks().wall; }
  [[nodiscard]] ClockReading read() const override { return runtime_.clocks(); }

 private:
  Runtime const& runtime_;
};

// The law. Pure: readings come in, nothing is called. Total: a reading of an impossible date (before 1970, past 9999)
// is as the nearest possible one, and a steady clock that goes back stands still.
class LedgerTime {
 public:
  static constexpr std::int64_t kFollowMicros = 60 * domain::kMicrosPerSecond;
  static constexpr std::int64_t kJumpMicros = domain::kMicrosPerSecond;

  // Begins at the wall clock.
  explicit LedgerTime(ClockReading start);

  domain::Timestamp advance(ClockReading reading);
  void not_before(domain::Timestamp held);
  std::int64_t confirm(ClockReading reading);
  [[nodiscard]] ClockState state() const;  // at the last reading

 private:
  // Tenths of µs: nothing is lost, however short the time between two readings.
  std::int64_t ledger_ = 0;
  std::int64_t wall_ = 0;
  std::int64_t allowance_ = kFollowMicros * 10;
  std::int64_t steady_ = 0;  // µs
  bool following_ = true;
  std::uint64_t wall_jumps_ = 0;
  std::int64_t last_jump_ = 0;  // µs
};

// Production's clock, and the one below the sandbox's. Any thread; about 0.1 µs a call.
class LedgerClock final : public Clock {
 public:
  explicit LedgerClock(ReadClocks read = clocks_of(machine()));

  [[nodiscard]] domain::Timestamp now() const override;
  [[nodiscard]] ClockReading read() const override;
  void not_before(domain::Timestamp held) override;
  [[nodiscard]] ClockState state() const override;
  std::int64_t confirm() override;

 private:
  ReadClocks const read_;
  mutable std::mutex mutex_;  // the clocks are read under it, so that readings come in order
  mutable LedgerTime time_;   // under mutex_
};

// The sandbox's clock: a ledger's clock, put forward by an offset that only grows, so that ten minutes of waiting take
// no time. Both hands are put forward alike. The offset is kept in a file of its own: after a restart the clock goes on
// where it was, since the log already holds times from then. Any thread; one process at a time, the holder of the log's
// lock.
class AdjustableClock final : public Clock {
 public:
  // The most that all calls of advance() may add up to, 10 years of 365 days: far beyond every period in the rules,
  // and no arithmetic on times comes near an overflow.
  static constexpr std::int64_t kAdvanceSecondsMax = std::int64_t{10} * 365 * 86'400;

  // No file means an offset of 0; nothing is written before the first advance(). Kind::corrupt when the file is not
  // what was written, Kind::unknown when it is of a newer version.
  [[nodiscard]] static ResultOr<std::unique_ptr<AdjustableClock>> open(std::filesystem::path path,
                                                                       ReadClocks read = clocks_of(machine()),
                                                                       Files& files = machine().files());

  [[nodiscard]] domain::Timestamp now() const override;
  [[nodiscard]] ClockReading read() const override;
  void not_before(domain::Timestamp held) override;
  [[nodiscard]] ClockState state() const override;  // its `wall` is the machine's; the lead is without the offset
  std::int64_t confirm() override;
  [[nodiscard]] std::int64_t offset_seconds() const;

  // Puts the clock forward and returns the new time. Durable before any caller of now() sees it; about 1 ms. nullopt,
  // and nothing changed, when `seconds` is below 1 or the sum would exceed kAdvanceSecondsMax. After a fault the clock
  // stands where it was; the file holds the old offset or the new one.
  [[nodiscard]] ResultOr<std::optional<domain::Timestamp>> advance(std::int64_t seconds);

  // Called after every jump, by the thread that advances, before advance() returns: a thread that sleeps until a
  // time must look again. It must be quick and must not call advance() or on_advance(). A second call replaces the
  // first, an empty function ends it; when this returns, the one before is not running and never will be again.
  void on_advance(std::function<void()> jumped);

 private:
  AdjustableClock(std::filesystem::path path, std::int64_t offset_seconds, ReadClocks read, Files& files);
  [[nodiscard]] std::int64_t offset_micros() const { return offset_seconds() * domain::kMicrosPerSecond; }

  LedgerClock base_;
  Files& files_;
  std::filesystem::path const path_;
  std::atomic<std::int64_t> offset_seconds_;  // written under mutex_
  std::mutex mutex_;                          // one jump at a time, its file and its call included
  std::function<void()> jumped_;              // under mutex_
};

}  // namespace florin::eventstore
