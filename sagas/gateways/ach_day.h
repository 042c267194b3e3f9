// A day's entries, shared out among the files that the bank takes: as many as one can hold each, in the order given.
// What cannot be written is left out with its reason, and holds nothing else up.
//
// No threads, no state.
#pragma once

#include <vector>

#include "sagas/gateways/nacha.h"

namespace florin::sagas {

// Who sends the files, and how they ask to be paid.
struct AchSettings {
  AchOrigin origin;
  // Same Day ACH: entries up to domain::kMaxSameDayAmount ask to be paid on the day of the file, if banks work on it.
  // The bank takes a fee for each, and must have the file by its own hour. Larger ones go into a file of their own.
  bool same_day = false;
};
// The most that a payout can be: what one entry carries.
[[nodiscard]] domain::Usd entry_limit(AchSettings const& settings);

struct AchDayLimits {
  std::size_t entries = kAchEntriesMax;            // of a file
  domain::Usd total = kAchTotalMax;                // of a file
  std::size_t files = domain::kPayoutFilesMax;     // of a creation date
  std::size_t payouts = domain::kFiledPayoutsMax;  // of a day
};

struct AchDay {
  std::vector<AchFile> files;  // each can be written, if its origin can
  std::vector<domain::LeftOutPayout> left_out;
};

// `created`: what the files say. `used`: what other files of that date have; these come after them. No payout twice
// among the entries.
[[nodiscard]] AchDay share_out(AchSettings const& settings, domain::Timestamp created, std::vector<AchEntry> entries,
                               AchDayLimits const& limits = {}, domain::PayoutFilesUsed const& used = {});

}  // namespace florin::sagas
