// A log that an older release wrote: with events that no decision makes any more.
#pragma once

#include "eventstore/fault.h"
#include "tests/simulation/companies.h"
#include "tests/simulation/simulated_runtime.h"

namespace florin::simulation {

// Writes it into the empty folder of the server: a game, and one order that was charged, disputed and lost or won.
[[nodiscard]] eventstore::ResultOr<Unit> write_old_release(SimulatedRuntime& runtime, Companies& companies, bool won);

}  // namespace florin::simulation
