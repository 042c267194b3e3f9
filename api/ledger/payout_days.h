// A day's files for the bank: as they were written, or as they would be written now. The first export writes them
// (domain, PayoutFileWritten); every later one is the same bytes (sagas/payouts/payout_files.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ledger/reader.h"

namespace florin::api {

struct DayFiles {
  std::optional<domain::PayoutFileWritten> event;      // as written, or as they would be
  std::vector<std::string> texts;                      // not yet written: theirs
  std::optional<std::string> old_text;                 // the file of a day that has no event
  std::optional<domain::PayoutFileWritten> old_event;  // what the list says of it
};

struct NoFiles {
  enum class Why : std::uint8_t {
    none_to_pay,
    not_readable,    // somebody's bank details cannot be opened
    not_writable,    // no payout of it, or none today
    not_configured,  // whom the files are from
    day_not_over,
  };
  Why why = Why::none_to_pay;
  std::string what;  // in sentences
};

[[nodiscard]] Awaitable<Readable<Result<DayFiles, NoFiles>>> load_day(Reader reader, domain::Day day);

}  // namespace florin::api
