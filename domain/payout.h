// What games earn, and its way to their bank. Source: CONTRACT, Withdrawals; seed "platform partners", Partner Payouts.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
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
  processing = 2,  // for the file of the day on which it got here, unless it fails before that is written
  completed = 3,
  rejected = 4,  // by the operator; the amount returns
  failed = 5,    // by the bank, also after it had paid; the amount returns
};
inline constexpr PayoutStatus kLastPayoutStatus = PayoutStatus::failed;
[[nodiscard]] char const* payout_status_name(PayoutStatus status);  // "requested"
[[nodiscard]] bool can_follow(PayoutStatus next, PayoutStatus now);
// Nothing is under way any more.
[[nodiscard]] constexpr bool is_end(PayoutStatus status) { return status >= PayoutStatus::completed; }

inline constexpr Usd kMaxPayoutUsd = kMaxBankAmount;

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
  PayoutId payout;  // first position of the commit that requested it
  GameId game;
  Usd usd;
  std::vector<PayoutShare> shares;
  PayoutStatus status = PayoutStatus::requested;
  Timestamp since;               // it has this status
  Timestamp processing_at;       // it became processing; zero: not yet
  bool dated_by_export = false;  // its day's file is a PayoutFileWritten; false of those processed by older releases
  bool filed = false;            // it is in that file
  friend bool operator==(OpenPayout const&, OpenPayout const&) = default;
};
using OpenPayouts = std::map<PayoutId, OpenPayout>;

// A day in UTC.
using Day = std::chrono::sys_days;
[[nodiscard]] Day day_of(Timestamp at);
[[nodiscard]] Timestamp start_of(Day day);
[[nodiscard]] std::string to_date(Day day);  // "2026-11-20"

// One of the bank's files of a day.
struct PayoutFile {
  char letter = 'A';              // A to Z, then 0 to 9: tells the files of one creation date apart
  Day effective;                  // when receivers should have it
  std::uint32_t first_trace = 1;  // the trace number of its first entry; the others follow it one by one
  Usd usd;                        // of its entries together
  Digest digest{};                // SHA-256 of its bytes
  std::vector<PayoutId> payouts;  // in the order of the file
  friend bool operator==(PayoutFile const&, PayoutFile const&) = default;
};

// 15 digits: the originating bank's eight and the entry's number.
[[nodiscard]] std::string format_trace_number(AchOrigin const& origin, std::uint32_t number);

// Why a payout is in no file of its day, and never will be: an operator fails it.
enum class LeftOutReason : std::uint8_t {
  unreadable = 0,  // its contact was erased, or what is sealed was altered
  holder = 1,      // nothing of the holder's name can be written
  routing = 2,     // no routing number
  account = 3,     // no account number
  amount = 4,      // not above zero, or above what an entry holds
  no_room = 5,     // the day has more than its files hold
};
inline constexpr LeftOutReason kLastLeftOutReason = LeftOutReason::no_room;
[[nodiscard]] char const* left_out_reason(LeftOutReason reason);  // "nothing of the holder's name can be written"

struct LeftOutPayout {
  PayoutId payout;
  LeftOutReason reason = LeftOutReason::unreadable;
  friend bool operator==(LeftOutPayout const&, LeftOutPayout const&) = default;
};

// Letters there are for the files of one creation date.
inline constexpr std::size_t kPayoutFilesMax = 36;
[[nodiscard]] char payout_file_letter(std::size_t index);                 // 0: 'A', 26: '0'
[[nodiscard]] std::optional<std::size_t> payout_file_index(char letter);  // nullopt: no file's letter
// Trace numbers have seven digits.
inline constexpr std::uint32_t kTraceNumberMax = 9'999'999;

// What the files of one creation date have used up. Several days may be exported on one date (the days of a weekend on
// Monday): their files are told apart by letters, and their entries by trace numbers, that run on. A bank takes a
// second file of the same date and letter for the first one sent twice.
struct PayoutFilesUsed {
  Day created;
  std::uint32_t letters = 0;
  std::uint32_t entries = 0;
  friend bool operator==(PayoutFilesUsed const&, PayoutFilesUsed const&) = default;
};
// Of a day's files together, because their event must fit into a commit (4 MiB) at 8 bytes each.
inline constexpr std::size_t kFiledPayoutsMax = 400'000;
// Of those left out, the first so many are listed in the event, for the same reason.
inline constexpr std::size_t kLeftOutListedMax = 20'000;

// Whether it can be in that day's files: it became processing then, has not failed, and is in no file.
[[nodiscard]] bool belongs_to(OpenPayout const& payout, Day day);

// The commits that hold the days' files, by their first position.
using PayoutFileDays = std::map<Day, Position>;

// What a currency has earned its game, in units: the share of items sold and of transfers.
struct Revenue {
  Money owed;       // below zero when more was refunded than was left
  Money in_flight;  // of payouts under way
  Money paid;
  friend bool operator==(Revenue const&, Revenue const&) = default;
};

}  // namespace florin::domain
