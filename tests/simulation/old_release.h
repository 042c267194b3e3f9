// A log that an older release wrote: with events that no decision makes any more.
#pragma once

#include "domain/fact.h"
#include "domain/ledger.h"
#include "eventstore/fault.h"
#include "tests/simulation/simulated_runtime.h"

namespace florin::simulation {

struct OldOrder {
  domain::Fact<domain::CurrencyOrdered> ordered;
  domain::PaymentReport report;  // what the processor knows of it
};

// Writes it into the empty folder of the server: a game, and one order that was charged, disputed and lost or won.
[[nodiscard]] eventstore::ResultOr<OldOrder> write_old_release(SimulatedRuntime& runtime, bool won);

}  // namespace florin::simulation
