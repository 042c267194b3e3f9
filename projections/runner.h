// The runner keeps every read model at the head of the log, and rebuilds one beside the live one under traffic.
//
// Threads: one projector thread for all, and one builder, asleep unless something is being rebuilt (both of low
// priority: answering clients comes first, a lag is allowed and known). Readers take a ViewReader from any thread.
//
// A view that is missing, damaged or of another version is built from the log before it can be read; until then an
// older version is read, if there is one that today's readers can read. What a file says is not believed: who reads a
// row that cannot be says so (ViewReader::distrust), and the view is built anew. A fault in one view stops that one; a
// log that cannot be read stops them all. A stopped view is not read: what it has grows old. It is tried again after a
// while when the fault is one that may pass (disk full, no descriptor left).
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "domain/ids.h"
#include "eventstore/engine/tail.h"
#include "eventstore/runtime/runtime.h"
#include "eventstore/store/log.h"
#include "projections/projection.h"
#include "projections/read_models.h"

namespace florin::projections {

class Runner final : public ReadModels {
 public:
  // Log, tail and projections outlive the runner, which follows the tail as "views". `retry_after`: how long a view
  // rests that stopped on a fault that may pass.
  Runner(eventstore::Log& log, eventstore::Tail& tail, std::filesystem::path views,
         std::vector<Projection const*> const& projections,
         std::chrono::milliseconds retry_after = std::chrono::seconds(5),
         eventstore::Runtime& runtime = eventstore::machine());
  ~Runner() override;

  // Once. Opens the views, removes what a crash left over, starts the threads. A view that cannot be opened does not
  // fail the start.
  [[nodiscard]] eventstore::ResultOr<Unit> start();
  // Finishes the transaction at hand, gives up a rebuild, makes the files durable, joins. Readers may outlive it.
  void stop();

  // ReadModels'.
  [[nodiscard]] eventstore::ResultOr<ViewReader> read(std::string_view name) override;
  [[nodiscard]] domain::Position position(std::string_view name) const override;
  [[nodiscard]] bool when_reached(std::string_view name, domain::Position position, int timeout_ms,
                                  std::unique_ptr<ViewWaiter> waiter) override;
  [[nodiscard]] std::vector<ProjectionStatus> status() const override;
  [[nodiscard]] eventstore::ResultOr<Unit> rebuild(std::string_view name) override;

  // Any thread; sleeps at most timeout_ms. False when the view is still behind, or has failed. While someone waits the
  // projector does not gather commits for a larger transaction, so a wait takes milliseconds when there is no backlog.
  [[nodiscard]] bool wait_for(std::string_view name, domain::Position position, int timeout_ms);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::projections
