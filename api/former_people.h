// The former people of an environment (mailboxes.h), listed at its start. Only their sealed e-mails tell who they are,
// and opening one takes about 2 µs: the first start after an upgrade opens everybody's, on all cores, and
// `snapshots/mailboxes.bin` then says how far that went, so that a later start opens those who came since. Whoever is
// beyond that mark is opened again at each start: an older release may have run in between.
//
// The file is derived (FORMAT.md, Mailboxes): without it, or when it is of another log, everybody is opened again.
#pragma once

#include <filesystem>
#include <vector>

#include "api/mailboxes.h"
#include "eventstore/engine/durable_state.h"

namespace florin::api {

// In order of identities. The balances are at the log's end, and nothing is served yet.
[[nodiscard]] std::vector<FormerPerson> list_former_people(eventstore::Vault const& vault,
                                                           eventstore::DurableState const& balances,
                                                           std::filesystem::path const& file);

}  // namespace florin::api
