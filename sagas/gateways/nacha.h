// NACHA files: payouts as the bank takes them (Nacha Operating Rules, Appendix Three: ACH Record Format
// Specifications).
//
//   1 file header                  who sends it to which bank, and when
//   5 batch header                 220, credits only; CCD, to a company's account
//   6 entry                        22 to a checking, 32 to a savings account
//   …
//   8 batch control                count, hash and total of its entries
//   9 file control                 the same of all batches
//   9999…                          until the number of lines is a multiple of ten
//
// Lines are 94 characters of ASCII and end with "\n". The entry hash is the sum of the first eight digits of every
// receiver's routing number, its last ten digits. Trace numbers are the originating bank's eight digits and seven that
// count the entries of a day, from 1.
//
// The same input gives the same bytes. The reader takes exactly what the writer makes: it recomputes every control,
// and what it has read, written again, must be the text.
//
// No threads, no state. Files hold account numbers: they are never kept on disk, and no error holds any of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/bank.h"
#include "domain/ids.h"
#include "domain/money.h"
#include "domain/payout.h"
#include "domain/result.h"
#include "domain/time.h"
#include "sagas/gateways/ach_text.h"

namespace florin::sagas {

// A day's payouts in one file. 100,000 entries are 9.5 MB, which a
// reply and its reader hold in memory; the format itself would hold ten million.
inline constexpr std::size_t kAchEntriesMax = 100'000;
// What the bank rejects, it rejects by the batch. The format holds 999,999.
inline constexpr std::size_t kAchBatchEntriesMax = 10'000;
// Twelve digits of cents, in each batch control and in the file control; so no batch overflows before its file.
inline constexpr domain::Usd kAchTotalMax = domain::Usd::from_minor(999'999'999'999);

using domain::AchOrigin;

struct AchEntry {
  domain::PayoutId payout;  // the 13 letters of its "po_…" are the identification number
  std::string holder;       // UTF-8; written as ach_letters (ach_text.h) makes it, at most 22 characters
  std::string routing;
  std::string account;
  domain::AccountType type = domain::AccountType::checking;
  domain::Usd usd;  // 0.01 to domain::kMaxBankAmount
  friend bool operator==(AchEntry const&, AchEntry const&) = default;
};

struct AchFile {
  AchOrigin origin;
  domain::Timestamp created;        // written to the minute, in UTC; years 2000 to 2099
  char modifier = 'A';              // A to Z, 0 to 9: tells the files of one day apart
  std::uint32_t first_trace = 1;    // the number of its first entry; those of a day's files run on
  std::chrono::sys_days effective;  // when receivers should have it; not before `created`
  std::vector<AchEntry> entries;    // 1 to kAchEntriesMax, in the order of the file; no payout twice
  AchLettering lettering = AchLettering::transliterated;
  friend bool operator==(AchFile const&, AchFile const&) = default;
};

using domain::day_of;

// Why this entry can be in no file, whatever else is in it; nullopt: it can. What is accepted is asked here, and what
// is written too.
[[nodiscard]] std::optional<domain::LeftOutReason> why_unwritable(
    AchEntry const& entry, AchLettering lettering = AchLettering::transliterated);

// What is wrong with it, in a sentence for the operator who configured it; empty: nothing.
[[nodiscard]] std::string fault_of(AchOrigin const& origin, AchLettering lettering = AchLettering::transliterated);

// Or why not, in a sentence that names the payout and nothing personal.
[[nodiscard]] Result<std::string, std::string> write_nacha(AchFile const& file);
// Names come back as they were written, so the lettering comes back as plain. The sentence names the line. Text of any
// size; more than a file can have is refused before it is read.
[[nodiscard]] Result<AchFile, std::string> read_nacha(std::string_view text);

// The sum of its entries, of a file that was read or could be written: at most kAchTotalMax.
[[nodiscard]] domain::Usd total_of(AchFile const& file);

}  // namespace florin::sagas
