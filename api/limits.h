// Rate limits (CONTRACT, Rate limits): a token bucket a subject, refilled at the limit and holding one and a half
// minutes of it ("burst +50 %"): whoever keeps to the limit, even all at once each minute, is never refused. Whoever
// keeps asking inside the wait is penalised: each strike doubles it, to a cap, and a quiet minute forgives one.
// Requests within a second of a refusal or a strike are no strike, so that clients which ask at the same time are told
// the same.
//
// Measured by the steady clock alone: whoever sets the wall clock locks nobody out and lets nobody in.
//
// Bounded memory: a set-associative table of kSets × kWays buckets; a full set forgets the bucket that was idle
// longest, which can only be kinder. Any thread; one short lock per set group.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>

#include "domain/game.h"
#include "domain/ids.h"

namespace florin::api {

class Limits {
 public:
  // A disabled one allows everything ([limits] enabled = false: for benchmarks).
  explicit Limits(bool enabled);
  ~Limits();

  [[nodiscard]] bool enabled() const { return sets_ != nullptr; }
  // Takes one request of `kind` from the bucket of `subject` (a game, or a player's blind index). 0: allowed;
  // otherwise the seconds to wait. `now`: the environment's steady clock, in µs.
  [[nodiscard]] int take(domain::Game const& game, domain::LimitKind kind, std::uint64_t subject, std::int64_t now);

  static constexpr int kPenaltySecondsMax = 300;

 private:
  struct Bucket {
    std::uint64_t subject = 0;  // 0: free
    std::int64_t full_at = 0;   // µs: when the bucket will be full again; at or before now: it is full
    std::int64_t blocked_until = 0;
    std::int64_t last_strike = 0;  // or the refusal that began the wait
    std::uint32_t strikes = 0;
  };
  static constexpr std::size_t kSets = 1u << 13;  // 8192 × 8 × 40 bytes = 2.6 MB: 65,536 subjects at a time
  static constexpr std::size_t kWays = 8;
  static constexpr std::size_t kLocks = 64;
  using Set = std::array<Bucket, kWays>;

  Bucket& find(Set& set, std::uint64_t subject) const;

  std::unique_ptr<Set[]> sets_;  // null when disabled
  std::array<std::mutex, kLocks> locks_;
};

}  // namespace florin::api
