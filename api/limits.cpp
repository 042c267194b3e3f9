#include "api/limits.h"

#include <algorithm>

#include "domain/flat_table.h"
#include "domain/limits.h"
#include "domain/time.h"

namespace florin::api {
namespace {

constexpr std::int64_t kMinute = 60 * domain::kMicrosPerSecond;
constexpr std::int64_t kUnaware = domain::kMicrosPerSecond;  // how long a refusal may take to reach every client
constexpr std::uint32_t kStrikesMax = 9;                     // 2^9 s is past the cap already

int seconds_up(std::int64_t micros) {
  return static_cast<int>((micros + domain::kMicrosPerSecond - 1) / domain::kMicrosPerSecond);
}

}  // namespace

Limits::Limits(bool enabled) {
  if (enabled) sets_ = std::make_unique<Set[]>(kSets);
}

Limits::~Limits() = default;

Limits::Bucket& Limits::find(Set& set, std::uint64_t subject) const {
  Bucket* oldest = &set.front();
  for (auto& bucket : set) {
    if (bucket.subject == subject) return bucket;
    if (std::max(bucket.full_at, bucket.blocked_until) < std::max(oldest->full_at, oldest->blocked_until)) {
      oldest = &bucket;
    }
  }
  *oldest = Bucket{subject, 0, 0, 0, 0};
  return *oldest;
}

int Limits::take(domain::Game const& game, domain::LimitKind kind, std::uint64_t subject, std::int64_t now) {
  if (!sets_) return 0;
  auto const key = domain::hash_ids(subject, domain::hash_ids(game.id.value(), static_cast<std::uint64_t>(kind))) | 1;
  auto const set_number = (key >> 20) % kSets;
  std::lock_guard const lock(locks_[set_number % kLocks]);
  auto& bucket = find(sets_[set_number], key);
  auto const refill = domain::period_of(kind) / domain::limit_of(game, kind);  // µs for one request
  auto const depth = domain::period_of(kind) * 3 / 2;                          // a bucket's worth of time

  auto const forgiven =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>((now - bucket.last_strike) / kMinute, 0, bucket.strikes));
  if (forgiven > 0) {
    bucket.strikes -= forgiven;
    bucket.last_strike += forgiven * kMinute;
  }
  auto const full_at = std::max(bucket.full_at, now);
  auto const missing = full_at + refill - now - depth;
  auto const remaining = bucket.blocked_until - now;
  if (missing <= 0 && remaining <= 0) {
    bucket.full_at = full_at + refill;
    return 0;
  }
  if (remaining > 0) {
    // Requests that were on their way when the first was refused could not know: they strike nothing.
    if (now - bucket.last_strike <= kUnaware) return seconds_up(remaining);
    if (bucket.strikes < kStrikesMax) ++bucket.strikes;
  }
  auto const wait = std::min<std::int64_t>(seconds_up(std::max(missing, refill)) * (std::int64_t{1} << bucket.strikes),
                                           kPenaltySecondsMax);
  bucket.blocked_until = std::max(bucket.blocked_until, now + wait * domain::kMicrosPerSecond);
  bucket.last_strike = now;
  return seconds_up(bucket.blocked_until - now);
}

}  // namespace florin::api
