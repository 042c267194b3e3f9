// The fields of every event, in one place: what is shown to people and what is written for programs follow from it
// (event_text.h, event_json.h).
//
// Personal text is "(sealed)" unless a vault is given; then it is opened, or "(erased)" when the person's key was
// destroyed, or "(unreadable)" when the box does not open.
#pragma once

#include <string>
#include <string_view>

#include "api/http/json.h"
#include "domain/events.h"
#include "eventstore/store/vault.h"

namespace florin::api {

// Members of the open object: every field.
void write_event_fields(JsonWriter& json, domain::Event const& event, eventstore::Vault const* vault);
// "name value  name value": what a person looks for.
[[nodiscard]] std::string event_details(domain::Event const& event, eventstore::Vault const* vault);

// A person's text as everything that shows events shows it (see above); "" when there is none.
[[nodiscard]] std::string personal_text(domain::IdentityId identity, eventstore::Field field,
                                        domain::PersonalText const& text, eventstore::Vault const* vault);

// Quotes `text` for a terminal: quotes, backslashes and what printable_text.h names are escaped.
[[nodiscard]] std::string terminal_quoted(std::string_view text);

}  // namespace florin::api
