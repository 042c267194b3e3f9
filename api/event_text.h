// How an event is shown to people and programs: one aligned line, or one JSON object with every field. Used by the
// command line. Any thread.
//
// Personal text is "(sealed)" unless a vault is given; then it is opened, or "(erased)" when the person's key was
// destroyed, or "(unreadable)" when the box does not open.
#pragma once

#include <string>
#include <string_view>

#include "domain/events.h"
#include "eventstore/vault.h"

namespace florin::api {

// "position  time  transaction  event  details", without a line end. Bytes that could steer a terminal (control
// characters in a game's own texts) are shown as \x1b.
[[nodiscard]] std::string event_line(domain::Commit const& commit, std::size_t index,
                                     eventstore::Vault const* vault = nullptr);

// {"position","at","transaction_id","request","event","data":{…},"postings":[…]} appended to `out`, without a line
// end. Money is a decimal string, `at` has microseconds. request is null for a command without a client_request_id.
void append_event_json(std::string& out, domain::Commit const& commit, std::size_t index,
                       eventstore::Vault const* vault = nullptr);

// Quotes `text` for a terminal: control characters escaped.
[[nodiscard]] std::string terminal_quoted(std::string_view text);

}  // namespace florin::api
