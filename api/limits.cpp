#include "api/limits.h"

#include <algorithm>

#include "domain/flat_table.h"
#include "domain/time.h"

namespace florin::api {
namespace {

constexpr std::int64_t kMinute = 60 * domain::kMicrosPerSecond;
constexpr std::int64_t kUnaware = domain::kMicrosPerSecond;  // how long a refusal may take to reach every client
constexpr std::uint32_t kStrikesMax = 9;                     // 2^9 s is past the cap already

std::uint32_t default_limit(domain::LimitKind kind) {
  switch (kind) {
    case domain::LimitKind::by_email_reads_per_minute: return 1'500;
    case domain::LimitKind::by_id_reads_per_minute: return 2'000;
    case domain::LimitKind::batch_reads_per_minute: return 100;
    case domain::LimitKind::item_purchases_per_player_minute: return 60;
    case domain::LimitKind::initiations_per_player_minute: return 10;
    case domain::LimitKind::initiations_per_player_hour: return 100;
    case domain::LimitKind::verifications_per_player_hour: return 40;
    case domain::LimitKind::claims_per_player_hour: return 30;
    case domain::LimitKind::initiations_per_ip_hour: return 300;
    case domain::LimitKind::verifications_per_ip_hour: return 200;
    case domain::LimitKind::claims_per_ip_hour: return 150;
    case domain::LimitKind::destinations_per_ip_minute: return 100;
    case domain::LimitKind::transfers_per_player_hour: return 10;
    case domain::LimitKind::transfer_units_per_player_day: return 5'000;
    case domain::LimitKind::sends_per_player_hour: return 25;
    case domain::LimitKind::send_units_per_player_day: return 10'000;
    case domain::LimitKind::currency_purchases_per_player_minute: return 20;
    case domain::LimitKind::phone_shares_per_game_minute:
    case domain::LimitKind::phone_shares_per_ip_hour: return 300;
  }
  return 1;
}

// What the limit counts per.
std::int64_t period(domain::LimitKind kind) {
  switch (kind) {
    case domain::LimitKind::by_email_reads_per_minute:
    case domain::LimitKind::by_id_reads_per_minute:
    case domain::LimitKind::batch_reads_per_minute:
    case domain::LimitKind::item_purchases_per_player_minute:
    case domain::LimitKind::currency_purchases_per_player_minute:
    case domain::LimitKind::initiations_per_player_minute:
    case domain::LimitKind::phone_shares_per_game_minute:
    case domain::LimitKind::destinations_per_ip_minute: return kMinute;
    case domain::LimitKind::initiations_per_player_hour:
    case domain::LimitKind::verifications_per_player_hour:
    case domain::LimitKind::claims_per_player_hour:
    case domain::LimitKind::initiations_per_ip_hour:
    case domain::LimitKind::verifications_per_ip_hour:
    case domain::LimitKind::claims_per_ip_hour:
    case domain::LimitKind::phone_shares_per_ip_hour:
    case domain::LimitKind::transfers_per_player_hour:
    case domain::LimitKind::sends_per_player_hour: return 60 * kMinute;
    case domain::LimitKind::transfer_units_per_player_day:
    case domain::LimitKind::send_units_per_player_day: return domain::kMicrosPerDay;
  }
  return kMinute;
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

int Limits::take(domain::Game const& game, domain::LimitKind kind, std::uint64_t subject, std::int64_t now) {
  if (!sets_) return 0;
  auto const key = domain::hash_ids(subject, domain::hash_ids(game.id.value(), static_cast<std::uint64_t>(kind))) | 1;
  auto const set_number = (key >> 20) % kSets;
  std::lock_guard const lock(locks_[set_number % kLocks]);
  auto& bucket = find(sets_[set_number], key);
  auto const refill = period(kind) / limit_of(game, kind);  // µs for one request
  auto const depth = period(kind) * 3 / 2;                  // a bucket's worth of time

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
