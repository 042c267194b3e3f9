#include "domain/limits.h"

#include <algorithm>

namespace florin::domain {
namespace {

constexpr std::int64_t kMinute = 60 * kMicrosPerSecond;

std::uint32_t default_limit(LimitKind kind) {
  switch (kind) {
    case LimitKind::by_email_reads_per_minute: return 1'500;
    case LimitKind::by_id_reads_per_minute: return 2'000;
    case LimitKind::batch_reads_per_minute: return 100;
    case LimitKind::item_purchases_per_player_minute: return 60;
    case LimitKind::initiations_per_player_minute: return 10;
    case LimitKind::initiations_per_player_hour: return 100;
    case LimitKind::verifications_per_player_hour: return 40;
    case LimitKind::claims_per_player_hour: return 30;
    case LimitKind::initiations_per_ip_hour: return 300;
    case LimitKind::verifications_per_ip_hour: return 200;
    case LimitKind::claims_per_ip_hour: return 150;
    case LimitKind::destinations_per_ip_minute: return 100;
    case LimitKind::transfers_per_player_hour: return 10;
    case LimitKind::transfer_units_per_player_day: return 5'000;
    case LimitKind::sends_per_player_hour: return 25;
    case LimitKind::send_units_per_player_day: return 10'000;
    case LimitKind::currency_purchases_per_player_minute: return 20;
    case LimitKind::phone_shares_per_game_minute:
    case LimitKind::phone_shares_per_ip_hour: return 300;
  }
  return 1;
}

}  // namespace

std::int64_t period_of(LimitKind kind) {
  switch (kind) {
    case LimitKind::by_email_reads_per_minute:
    case LimitKind::by_id_reads_per_minute:
    case LimitKind::batch_reads_per_minute:
    case LimitKind::item_purchases_per_player_minute:
    case LimitKind::currency_purchases_per_player_minute:
    case LimitKind::initiations_per_player_minute:
    case LimitKind::phone_shares_per_game_minute:
    case LimitKind::destinations_per_ip_minute: return kMinute;
    case LimitKind::initiations_per_player_hour:
    case LimitKind::verifications_per_player_hour:
    case LimitKind::claims_per_player_hour:
    case LimitKind::initiations_per_ip_hour:
    case LimitKind::verifications_per_ip_hour:
    case LimitKind::claims_per_ip_hour:
    case LimitKind::phone_shares_per_ip_hour:
    case LimitKind::transfers_per_player_hour:
    case LimitKind::sends_per_player_hour: return 60 * kMinute;
    case LimitKind::transfer_units_per_player_day:
    case LimitKind::send_units_per_player_day: return kMicrosPerDay;
  }
  return kMinute;
}

std::uint32_t limit_of(Game const& game, LimitKind kind) {
  for (auto const& limit : game.settings.limits) {
    if (limit.kind == kind) return std::max(limit.maximum, 1u);
  }
  return default_limit(kind);
}

VelocityLimits velocity_limits(Game const& game, Flavour flavour) {
  bool const transfer = flavour == Flavour::transfer;
  auto const units =
      limit_of(game, transfer ? LimitKind::transfer_units_per_player_day : LimitKind::send_units_per_player_day);
  return {limit_of(game, transfer ? LimitKind::transfers_per_player_hour : LimitKind::sends_per_player_hour),
          Money::from_minor(std::int64_t{units} * 100)};
}

}  // namespace florin::domain
