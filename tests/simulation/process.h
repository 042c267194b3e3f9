// One life of the server, without its sockets and threads: what a process opens, in the order in which it opens it, on
// a simulated machine.
#pragma once

#include <memory>
#include <string>

#include "eventstore/engine/engine.h"
#include "eventstore/runtime/clock.h"
#include "eventstore/store/facts.h"
#include "eventstore/store/sqlite_log.h"
#include "sagas/expiry/expiry_plan.h"
#include "tests/simulation/simulated_runtime.h"
#include "tests/simulation/views.h"

namespace florin::simulation {

inline std::string const kFolder = "/ledger";

// One thread calls it.
struct Process {
  explicit Process(SimulatedRuntime& machine) : runtime(machine), clock(eventstore::clocks_of(machine)) {}

  // Once, with these read models. After a fault it is of no use.
  [[nodiscard]] eventstore::ResultOr<Unit> open(std::vector<projections::Projection const*> const& read_models);

  SimulatedRuntime& runtime;
  std::unique_ptr<eventstore::SqliteLog> log;
  std::unique_ptr<eventstore::FactReader> facts;
  std::unique_ptr<eventstore::Vault> vault;
  std::unique_ptr<eventstore::RequestIndex> requests;
  std::unique_ptr<eventstore::CheckpointFile> checkpoints;
  eventstore::LedgerClock clock;
  eventstore::DurableState durable;
  std::unique_ptr<eventstore::Tail> tail;
  std::unique_ptr<eventstore::TailCursor> cursor;  // the sagas'
  std::unique_ptr<eventstore::Engine> engine;
  sagas::ExpiryPlan expiries;
  std::unique_ptr<Views> views;
};

}  // namespace florin::simulation
