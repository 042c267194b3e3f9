// What games earn, and its way to their bank. Source: CONTRACT, Withdrawals; seed "platform partners", Partner Payouts.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "domain/bank.h"
#include "domain/ids.h"
#include "domain/money.h"
#include "domain/time.h"

namespace florin::domain {

// requested -> approved -> processing -> completed; rejected before it is processing, failed after.
enum class PayoutStatus : std::uint8_t {
  requested = 0,
  approved = 1,
  processing = 2,  // in a file that the bank has
  completed = 3,
  rejected = 4,  // by the operator; the amount returns
  failed = 5,    // by the bank; the amount returns
};
inline constexpr PayoutStatus kLastPayoutStatus = PayoutStatus::failed;
[[nodiscard]] char const* payout_status_name(PayoutStatus status);  // "requested"
[[nodiscard]] bool can_follow(PayoutStatus next, PayoutStatus now);
[[nodiscard]] constexpr bool is_end(PayoutStatus status) { return status >= PayoutStatus::completed; }

inline constexpr Money kMaxPayoutUsd = kMaxBankAmount;

// A part of a payout, in units of one of the game's currencies.
struct PayoutShare {
  CurrencyId currency;
  Money amount;
  friend bool operator==(PayoutShare const&, PayoutShare const&) = default;
};

struct OpenPayout {
  Position payout;  // first position of the commit that requested it
  GameId game;
  Money usd;
  std::vector<PayoutShare> shares;
  PayoutStatus status = PayoutStatus::requested;
  Timestamp since;  // it has this status
  friend bool operator==(OpenPayout const&, OpenPayout const&) = default;
};
using OpenPayouts = std::map<Position, OpenPayout>;

// What a currency has earned its game, in units: the share of items sold and of transfers.
struct Revenue {
  Money owed;       // below zero when more was refunded than was left
  Money in_flight;  // of payouts under way
  Money paid;
  friend bool operator==(Revenue const&, Revenue const&) = default;
};

}  // namespace florin::domain
