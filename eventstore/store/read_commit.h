// One commit out of the log.
#pragma once

#include <optional>

#include "domain/events.h"
#include "eventstore/fault.h"
#include "eventstore/store/log.h"

namespace florin::eventstore {

// The commit that begins at exactly `first`, its link checked against the row before it (commit_reader.h); nullopt when
// none begins there. Kind::corrupt, with the position, when the row is not what was written. Reads the disk: some 20
// µs.
[[nodiscard]] ResultOr<std::optional<domain::Commit>> read_commit(Log& log, domain::Position first);

// Event `position` of the commit that begins at `first`. Both are numbers of a derived file: nullptr when the commit
// has no such event, and then the file is wrong.
[[nodiscard]] domain::Event const* event_at(domain::Commit const& commit, domain::Position position);

}  // namespace florin::eventstore
