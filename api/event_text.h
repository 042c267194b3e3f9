// How an event is shown to people: one aligned line (for programs: event_json.h). Used by the command line. Any thread.
//
// Personal text is "(sealed)" unless a vault is given; then it is opened, or "(erased)" when the person's key was
// destroyed, or "(unreadable)" when the box does not open.
#pragma once

#include <string>
#include <string_view>

#include "domain/events.h"
#include "eventstore/store/vault.h"

namespace florin::api {

// "position  time  transaction  event  details", without a line end. What could fool a reader in a game's own texts is
// written out (printable_text.h).
[[nodiscard]] std::string event_line(domain::Commit const& commit, std::size_t index,
                                     eventstore::Vault const* vault = nullptr);

// A person's text as everything that shows events shows it (see above); "" when there is none.
[[nodiscard]] std::string personal_text(domain::IdentityId identity, eventstore::Field field,
                                        domain::PersonalText const& text, eventstore::Vault const* vault);

// Quotes `text` for a terminal: quotes, backslashes and what printable_text.h names are escaped.
[[nodiscard]] std::string terminal_quoted(std::string_view text);

}  // namespace florin::api
