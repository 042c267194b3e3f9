#include "api/limits.h"

#include <algorithm>

#include "domain/flat_table.h"

namespace florin::api {
namespace {

constexpr std::int64_t kMinute = 60 * domain::kMicrosPerSecond;

std::uint32_t default_limit(domain::LimitKind kind) {
  switch (kind) {
    case domain::LimitKind::by_email_reads_per_minute: return 1'500;
    case domain::LimitKind::by_id_reads_per_minute: return 2'000;
    case domain::LimitKind::batch_reads_per_minute: return 100;
    case domain::LimitKind::item_purchases_per_player_minute: return 60;
  }
  return 1;
}

int seconds_up(std::int64_t micros) {
  return static_cast<int>((micros + domain::kMicrosPerSecond - 1) / domain::kMicrosPerSecond);
}

}  // namespace

std::uint32_t limit_of(domain::Game const& game, domain::LimitKind kind) {
  for (auto const& limit : game.settings.limits) {
    if (limit.kind == kind) return std::max(limit.maximum, 1u);
  }
  return default_limit(kind);
}

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

int Limits::take(domain::Game const& game, domain::LimitKind kind, std::uint64_t subject, domain::Timestamp at) {
  if (!sets_) return 0;
  auto const key = domain::hash_ids(subject, domain::hash_ids(game.id.value(), static_cast<std::uint64_t>(kind))) | 1;
  auto const set_number = (key >> 20) % kSets;
  std::lock_guard const lock(locks_[set_number % kLocks]);
  auto& bucket = find(sets_[set_number], key);
  auto const now = at.micros();
  auto const refill = kMinute / limit_of(game, kind);  // µs for one request
  auto const depth = kMinute * 3 / 2;                  // a bucket's worth of time

  auto const forgiven =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>((now - bucket.last_strike) / kMinute, 0, bucket.strikes));
  if (forgiven > 0) {
    bucket.strikes -= forgiven;
    bucket.last_strike += forgiven * kMinute;
  }
  auto const full_at = std::max(bucket.full_at, now);
  auto const short_by = std::max(full_at + refill - now - depth, bucket.blocked_until - now);
  if (short_by <= 0) {
    bucket.full_at = full_at + refill;
    return 0;
  }
  // A strike: the first asks for what is missing, each further one for twice as long.
  auto const wait = std::min<std::int64_t>(seconds_up(std::max(short_by, refill)) * (std::int64_t{1} << bucket.strikes),
                                           kPenaltySecondsMax);
  bool const inside_penalty = bucket.blocked_until > now;
  bucket.blocked_until = std::max(bucket.blocked_until, now + wait * domain::kMicrosPerSecond);
  if (bucket.strikes < 8) ++bucket.strikes;
  bucket.last_strike = now;
  return inside_penalty ? seconds_up(bucket.blocked_until - now) : static_cast<int>(wait);
}

}  // namespace florin::api
