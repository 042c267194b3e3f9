// The files that the bank sends back: returns (addenda type 99) and notifications of change (98) about entries that we
// sent (Nacha Operating Rules, Appendix Four: Return Entries; Appendix Five: Notification of Change).
//
// clang-format off
//   6 entry     21, 31 …: what became of ours; amount, account and identification as they were,
//               a trace number of its own
//   7 addenda   99 R03 or 98 C01, the original trace number, the original receiving bank, the corrected data
// clang-format on
//
// Whoever makes such files makes them in their own way, so lines may end with CR LF, lack their last blanks or be one
// text without ends; batches may be of any class, several files may follow each other. What is certain is checked:
// every control must be the sum of what it controls. A fault spoils what it is about, an entry or a batch, and nothing
// else; when a file's own control is missing or wrong, something is missing, and nothing of that file is taken.
//
// No threads, no state. The entries hold account numbers; no fault says any of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "domain/money.h"
#include "domain/result.h"

namespace florin::sagas {

struct AchReturn {
  std::size_t line = 0;        // of the entry, from 1
  bool is_correction = false;  // a notification of change
  std::string code;            // "R03", "C01"; empty: none was announced that is one
  std::string trace;           // of the original entry: 15 digits; empty likewise
  std::string company_id;      // of the batch
  std::string account;
  std::string identification;  // ours: the 13 letters of a payout's id
  std::string bank;            // that received it, 8 digits; may be empty
  std::string corrected;       // a correction's data
  domain::Usd usd;
  std::string fault;  // why it cannot be taken, in a sentence; empty: it can
  friend bool operator==(AchReturn const&, AchReturn const&) = default;
};

// In the order of the file. The sentence: why this is no such file at all.
[[nodiscard]] Result<std::vector<AchReturn>, std::string> read_returns(std::string_view text);

// "R03 no such account": for a payout's note. The code alone when it is not known what it means.
[[nodiscard]] std::string return_note(std::string_view code);

}  // namespace florin::sagas
