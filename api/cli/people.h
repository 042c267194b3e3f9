// The people of a log, read from the folder alone.
#pragma once

#include <functional>
#include <vector>

#include "api/cli/store.h"
#include "api/mailboxes.h"

namespace florin::api::cli {

// Calls `see` for every event of the log, from the first to the one at `last`, with its position. One pass.
[[nodiscard]] eventstore::ResultOr<Unit> for_each_event(
    eventstore::Log& log, domain::Position last,
    std::function<void(domain::Event const&, domain::Position)> const& see);

// As a server lists them at its start (former_people.h), with every sealed e-mail opened. In order of identities.
[[nodiscard]] eventstore::ResultOr<std::vector<FormerPerson>> read_former_people(eventstore::Log& log,
                                                                                 eventstore::Vault const& vault,
                                                                                 domain::Position last);

}  // namespace florin::api::cli
