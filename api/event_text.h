// How an event is shown to people: one aligned line (for programs: event_json.h). Used by the command line. Any thread.
// Personal text as in event_fields.h.
#pragma once

#include <string>

#include "api/event_fields.h"

namespace florin::api {

// "position  time  transaction  event  details", without a line end. What could fool a reader in a game's own texts is
// written out (printable_text.h).
[[nodiscard]] std::string event_line(domain::Commit const& commit, std::size_t index,
                                     eventstore::Vault const* vault = nullptr);

}  // namespace florin::api
