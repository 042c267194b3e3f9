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
// receiver's routing number, its last ten digits. Trace numbers are the originating bank's eight digits and the entry's
// number in the file, from 1.
//
// The same input gives the same bytes. The reader takes exactly what the writer makes: it recomputes every control,
// and what it has read, written again, must be the text.
//
// No threads, no state. Files hold account numbers: they are never kept on disk, and no error holds any of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "domain/bank.h"
#include "domain/ids.h"
#include "domain/money.h"
#include "domain/result.h"
#include "domain/time.h"

namespace florin::sagas {

// A day's payouts in one file. 100,000 entries are 9.5 MB, which a
// reply and its reader hold in memory; the format itself would hold ten million.
inline constexpr std::size_t kAchEntriesMax = 100'000;
// What the bank rejects, it rejects by the batch. The format holds 999,999.
inline constexpr std::size_t kAchBatchEntriesMax = 10'000;
// Twelve digits of cents, in each batch control and in the file control; so no batch overflows before its file.
inline constexpr domain::Money kAchTotalMax = domain::Money::from_minor(999'999'999'999);

// What the bank and its customer agreed on when payouts were set up. Names are written as ach_text makes them.
struct AchOrigin {
  std::string destination;                   // routing number of the bank that takes the file
  std::string destination_name;              // 1 to 23 characters
  std::string origin;                        // who sends it, as the bank says: 9 digits, or 10 digits and letters
  std::string origin_name;                   // 1 to 23 characters
  std::string company_name;                  // 1 to 16 characters: what receivers see
  std::string company_id;                    // 10 digits and letters: "1" and the tax number
  std::string odfi;                          // first 8 digits of the originating bank's routing number
  std::string entry_description = "PAYOUT";  // 1 to 10 characters: what receivers see
  friend bool operator==(AchOrigin const&, AchOrigin const&) = default;
};

struct AchEntry {
  domain::Position payout;  // the 13 letters of its "po_…" are the identification number
  std::string holder;       // UTF-8; written as ach_text (ach_text.h) makes it, at most 22 characters
  std::string routing;
  std::string account;
  domain::AccountType type = domain::AccountType::checking;
  domain::Money usd;  // 0.01 to domain::kMaxBankAmount
  friend bool operator==(AchEntry const&, AchEntry const&) = default;
};

struct AchFile {
  AchOrigin origin;
  domain::Timestamp created;        // written to the minute, in UTC; years 2000 to 2099
  char modifier = 'A';              // A to Z, 0 to 9: tells the files of one day apart
  std::chrono::sys_days effective;  // when receivers should have it; not before `created`. On a day off the bank takes
                                    // the next banking day
  std::vector<AchEntry> entries;    // 1 to kAchEntriesMax, in the order of the file; no payout twice
  friend bool operator==(AchFile const&, AchFile const&) = default;
};

[[nodiscard]] std::chrono::sys_days day_of(domain::Timestamp at);  // in UTC
// The first day after it that is no Saturday and no Sunday. Holidays are the bank's to know: what says one of them, it
// settles on its next banking day.
[[nodiscard]] std::chrono::sys_days next_banking_day(std::chrono::sys_days day);

// What is wrong with it, in a sentence for the operator who configured it; empty: nothing.
[[nodiscard]] std::string fault_of(AchOrigin const& origin);

// Or why not, in a sentence that names the payout and nothing personal.
[[nodiscard]] Result<std::string, std::string> write_nacha(AchFile const& file);
// Names come back as they were written. The sentence names the line. Text of any size; more than a file can have is
// refused before it is read.
[[nodiscard]] Result<AchFile, std::string> read_nacha(std::string_view text);

// The sum of its entries, of a file that was read or could be written: at most kAchTotalMax.
[[nodiscard]] domain::Money total_of(AchFile const& file);

}  // namespace florin::sagas
