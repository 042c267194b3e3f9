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

// requested -> approved -> processing -> completed; rejected before it is processing, failed after. A bank may give
// back what it had paid (Nacha: two banking days for most returns), so completed -> failed, within kPayoutReturnMicros.
enum class PayoutStatus : std::uint8_t {
  requested = 0,
  approved = 1,
  processing = 2,  // in the file of the day on which it got here, unless it failed on that day
  completed = 3,
  rejected = 4,  // by the operator; the amount returns
  failed = 5,    // by the bank, also after it had paid; the amount returns
};
inline constexpr PayoutStatus kLastPayoutStatus = PayoutStatus::failed;
[[nodiscard]] char const* payout_status_name(PayoutStatus status);  // "requested"
[[nodiscard]] bool can_follow(PayoutStatus next, PayoutStatus now);
// Nothing is under way any more.
[[nodiscard]] constexpr bool is_end(PayoutStatus status) { return status >= PayoutStatus::completed; }

inline constexpr Money kMaxPayoutUsd = kMaxBankAmount;

// How long a completed payout can still fail: Nacha's longest time for a return, 60 days. So long the ledger remembers
// it, which bounds what it remembers.
inline constexpr std::int64_t kPayoutReturnMicros = 60 * kMicrosPerDay;

// A part of a payout, in units of one of the game's currencies.
struct PayoutShare {
  CurrencyId currency;
  Money amount;
  friend bool operator==(PayoutShare const&, PayoutShare const&) = default;
};

// One that has not ended, or was completed and can still come back.
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
