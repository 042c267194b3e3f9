// The one source of time. Any thread.
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

namespace florin::eventstore {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual domain::Timestamp now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] domain::Timestamp now() const override;
};

// The sandbox's clock: the system's, put forward by an offset that only grows, so that ten minutes of waiting take no
// time. The offset is kept in a file of its own: after a restart the clock goes on where it was, since the log already
// holds times from then. Any thread; one process at a time, the holder of the log's lock.
class AdjustableClock final : public Clock {
 public:
  // The most that all calls of advance() may add up to, 10 years of 365 days: far beyond every period in the rules,
  // and no arithmetic on times comes near an overflow.
  static constexpr std::int64_t kAdvanceSecondsMax = std::int64_t{10} * 365 * 86'400;

  // No file means an offset of 0; nothing is written before the first advance(). Kind::corrupt when the file is not
  // what was written, Kind::unknown when it is of a newer version.
  [[nodiscard]] static Faulty<std::unique_ptr<AdjustableClock>> open(std::filesystem::path path);

  [[nodiscard]] domain::Timestamp now() const override;
  [[nodiscard]] std::int64_t offset_seconds() const;

  // Puts the clock forward and returns the new time. Durable before any caller of now() sees it; about 1 ms. nullopt,
  // and nothing changed, when `seconds` is below 1 or the sum would exceed kAdvanceSecondsMax. After a fault the clock
  // stands where it was; the file holds the old offset or the new one.
  [[nodiscard]] Faulty<std::optional<domain::Timestamp>> advance(std::int64_t seconds);

  // Called after every jump, by the thread that advances, before advance() returns: a thread that sleeps until a
  // time must look again. It must be quick and must not call advance() or on_advance(). A second call replaces the
  // first, an empty function ends it; when this returns, the one before is not running and never will be again.
  void on_advance(std::function<void()> jumped);

 private:
  AdjustableClock(std::filesystem::path path, std::int64_t offset_seconds);

  SystemClock const system_;
  std::filesystem::path const path_;
  std::atomic<std::int64_t> offset_seconds_;  // written under mutex_
  std::mutex mutex_;                          // one jump at a time, its file and its call included
  std::function<void()> jumped_;              // under mutex_
};

}  // namespace florin::eventstore
