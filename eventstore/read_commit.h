// One commit out of the log.
#pragma once

#include <optional>

#include "domain/events.h"
#include "eventstore/fault.h"
#include "eventstore/log.h"

namespace florin::eventstore {

// The commit that begins at exactly `first`; nullopt when none does. Reads the disk: some 20 µs.
[[nodiscard]] Faulty<std::optional<domain::Commit>> read_commit(Log& log, domain::Position first);

}  // namespace florin::eventstore
