// The bank's returns and notifications of change, imported. Each entry is booked or refused by itself: nothing that is
// wrong with one holds up another, and what was refused is in the answer with its reason. A file that is imported again
// changes nothing, so after any doubt it is imported again.
//
// A trace number alone names no payout for ever, because ours start anew with each day: the payout's id, the trace
// number, the account, the receiving bank, the company and, in a return, the amount must all be those of the entry that
// we sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/ledger/reader.h"
#include "sagas/gateways/ach_returns.h"

namespace florin::api {

// What became of one entry.
struct Booking {
  sagas::AchReturn entry;
  std::optional<domain::Fact<domain::PayoutRequested>> payout;    // whose it is
  domain::PayoutStatus status = domain::PayoutStatus::requested;  // before
  std::string refusal;                                            // a code for programs; empty: booked
  std::string why;                                                // in a sentence

  void refuse(std::string_view code, std::string sentence) {
    refusal = code;
    why = std::move(sentence);
  }
};

// One for each entry of the file, or why it cannot be read.
using Bookings = Result<std::vector<Booking>, std::string>;
[[nodiscard]] Awaitable<Readable<Bookings>> import_returns(Reader reader, std::string_view file);

}  // namespace florin::api
