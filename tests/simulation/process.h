// One life of the server, without its sockets and threads: what a process opens, in the order in which it opens it, on
// a simulated machine.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/engine/engine.h"
#include "eventstore/runtime/clock.h"
#include "eventstore/store/facts.h"
#include "eventstore/store/sqlite_log.h"
#include "sagas/effects.h"
#include "tests/simulation/bank.h"
#include "tests/simulation/companies.h"
#include "tests/simulation/simulated_runtime.h"
#include "tests/simulation/views.h"

namespace florin::simulation {

inline std::string const kFolder = "/ledger";

// What the sagas submit, until the next round takes it.
class Submissions final : public eventstore::Submitter {
 public:
  void submit(eventstore::Submission submission) override { waiting_.push_back(std::move(submission)); }
  [[nodiscard]] std::vector<eventstore::Submission> take() { return std::exchange(waiting_, {}); }

 private:
  std::vector<eventstore::Submission> waiting_;
};

// One thread calls it. Replies to its sagas are destroyed before it.
struct Process {
  explicit Process(SimulatedRuntime& machine) : runtime(machine), clock(eventstore::clocks_of(machine)) {}
  ~Process() {
    if (effects) effects->loop().stop();
  }

  // Once, with these read models; the companies outlive it. After a fault it is of no use.
  [[nodiscard]] eventstore::ResultOr<Unit> open(std::vector<projections::Projection const*> const& read_models,
                                                Companies& companies, RecordingBank const& bank);

  SimulatedRuntime& runtime;
  std::unique_ptr<eventstore::SqliteLog> log;
  std::unique_ptr<eventstore::FactReader> facts;
  std::unique_ptr<eventstore::Vault> vault;
  std::unique_ptr<eventstore::RequestIndex> requests;
  std::unique_ptr<eventstore::CheckpointFile> checkpoints;
  eventstore::LedgerClock clock;
  eventstore::DurableState durable;
  std::unique_ptr<eventstore::Tail> tail;
  std::unique_ptr<eventstore::TailCursor> cursor;  // of who checks the tail
  std::unique_ptr<eventstore::Engine> engine;
  std::optional<sagas::Effects> effects;
  Submissions submissions;
  std::unique_ptr<Views> views;
};

}  // namespace florin::simulation
