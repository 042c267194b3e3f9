// A game: a tenant with its currencies, its policy and its fees. Sources: CONTRACT (Operators, Transfers),
// seeds "transfer overview" (policy, rates) and "platform partners" (fees).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "domain/money.h"
#include "domain/time.h"

namespace florin::domain {

// Only live and testing games may call the API (CONTRACT, Auth).
enum class GameStatus : std::uint8_t { live = 0, testing = 1, suspended = 2 };

enum class LimitKind : std::uint8_t {
  by_email_reads_per_minute = 0,
  by_id_reads_per_minute = 1,
  batch_reads_per_minute = 2,
  item_purchases_per_player_minute = 3,
  // Transfers and sends (CONTRACT, Limits and Rate limits). The velocity ones are decided from the log; the others
  // count requests, refused ones too.
  initiations_per_player_minute = 4,
  initiations_per_player_hour = 5,
  verifications_per_player_hour = 6,
  claims_per_player_hour = 7,
  initiations_per_ip_hour = 8,
  verifications_per_ip_hour = 9,
  claims_per_ip_hour = 10,
  destinations_per_ip_minute = 11,
  transfers_per_player_hour = 12,  // velocity
  transfer_units_per_player_day = 13,
  sends_per_player_hour = 14,
  send_units_per_player_day = 15,
  currency_purchases_per_player_minute = 16,
  phone_shares_per_game_minute = 17,  // asking and answering
  phone_shares_per_ip_hour = 18,
};
inline constexpr LimitKind kLastLimitKind = LimitKind::phone_shares_per_ip_hour;
struct LimitOverride {
  LimitKind kind = LimitKind::by_email_reads_per_minute;
  std::uint32_t maximum = 0;
  friend bool operator==(LimitOverride const&, LimitOverride const&) = default;
};

inline constexpr BasisPoints kDefaultTransferFee{350};  // 3.5 %
inline constexpr BasisPoints kMaxTransferFee{1'000};    // 10 %
inline constexpr BasisPoints kDefaultItemFee{1'000};    // 10 %

struct GameSettings {
  std::string name;
  std::string developer_name;
  std::string genre;
  std::string icon_url;
  GameStatus status = GameStatus::testing;
  bool universal_transfers = true;
  bool allows_outgoing_transfers = true;
  bool allows_incoming_transfers = true;
  std::vector<GameId> linked_games;
  BasisPoints transfer_fee = kDefaultTransferFee;
  BasisPoints item_fee = kDefaultItemFee;
  std::vector<LimitOverride> limits;
  friend bool operator==(GameSettings const&, GameSettings const&) = default;
};

// What an operator changes of a game's settings: what is absent stays as it is. The change is merged where it is
// decided, into the settings of that moment: of two changes made at the same time neither undoes the other.
struct GameChanges {
  std::optional<std::string> name;
  std::optional<std::string> developer_name;
  std::optional<std::string> genre;
  std::optional<std::string> icon_url;
  std::optional<GameStatus> status;
  std::optional<bool> universal_transfers;
  std::optional<bool> allows_outgoing_transfers;
  std::optional<bool> allows_incoming_transfers;
  std::optional<std::vector<GameId>> linked_games;  // the whole list
  std::optional<BasisPoints> transfer_fee;
  std::optional<BasisPoints> item_fee;
  std::vector<LimitOverride> limits;  // each replaces the override of its kind; the other kinds stay

  [[nodiscard]] GameSettings applied_to(GameSettings settings) const;
};

struct CurrencySpec {
  CurrencyId currency;  // zero in a command, assigned in the event
  std::string name;
  std::string symbol;
  Money starting_amount;
  Money minimum_transfer = Money::from_minor(1);
  std::optional<Money> maximum_transfer;
  friend bool operator==(CurrencySpec const&, CurrencySpec const&) = default;
};

// What an operator changes of a currency: what is absent stays as it is. Merged where it is decided, as GameChanges.
struct CurrencyChanges {
  std::optional<std::string> name;
  std::optional<std::string> symbol;
  std::optional<Money> starting_amount;  // of players who join from now on
  std::optional<Money> minimum_transfer;
  std::optional<std::optional<Money>> maximum_transfer;  // holding nullopt: there is none any more

  [[nodiscard]] CurrencySpec applied_to(CurrencySpec currency) const;
};

// Every balance that is read shows all of a game's currencies: a bound on what one read can cost.
inline constexpr std::size_t kCurrenciesPerGameMax = 50;

// A rotated key that still works. Rotating again does not cut the one before short; an immediate rotation cuts all.
struct PreviousKey {
  Digest hash{};
  Timestamp valid_until;
  friend bool operator==(PreviousKey const&, PreviousKey const&) = default;
};
// A game that rotates more often than this within the grace loses the oldest: two a day need 14.
inline constexpr std::size_t kPreviousKeysMax = 16;

struct Game {
  GameId id;
  GameSettings settings;
  std::vector<CurrencySpec> currencies;    // the first is the default one
  Digest key_hash{};                       // SHA-256 of the SDK key
  std::vector<PreviousKey> previous_keys;  // oldest first
  Timestamp created_at;

  [[nodiscard]] CurrencySpec const* find_currency(CurrencyId currency) const;
  friend bool operator==(Game const&, Game const&) = default;
};

// How long a rotated key goes on working (CONTRACT, Key rotation).
inline constexpr std::int64_t kKeyGraceMicros = 7 * kMicrosPerDay;

[[nodiscard]] constexpr bool may_call(GameStatus status) {
  return status == GameStatus::live || status == GameStatus::testing;
}

}  // namespace florin::domain
