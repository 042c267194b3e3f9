// An event for programs: one JSON object with every field. Used by the command line. Any thread.
//
// Personal text as in event_fields.h.
#pragma once

#include <string>

#include "domain/events.h"
#include "eventstore/store/vault.h"

namespace florin::api {

// {"position","at","transaction_id","request","event","data":{…},"postings":[…]} appended to `out`, without a line
// end. Money is a decimal string, `at` has microseconds. request is null for a command without a client_request_id.
void append_event_json(std::string& out, domain::Commit const& commit, std::size_t index,
                       eventstore::Vault const* vault = nullptr);

}  // namespace florin::api
