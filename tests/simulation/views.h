// Read models of a simulated server: the projector's steps, and builds between them, in one thread. Handlers read them
// as they read the runner's.
#pragma once

#include <memory>
#include <vector>

#include "domain/ledger.h"
#include "projections/projector.h"
#include "projections/read_models.h"

namespace florin::simulation {

// One thread. Everything outlives it.
class Views final : public projections::ReadModels {
 public:
  Views(eventstore::Log& log, eventstore::Tail& tail, eventstore::Runtime& runtime,
        std::vector<projections::Projection const*> const& projections);

  [[nodiscard]] eventstore::ResultOr<Unit> open() { return projector_.open(); }
  // Whoever waits for a view has it caught up.
  [[nodiscard]] eventstore::ResultOr<projections::ViewReader> read(std::string_view name) override;
  [[nodiscard]] domain::Position position(std::string_view name) const override;
  [[nodiscard]] bool when_reached(std::string_view name, domain::Position position, int timeout_ms,
                                  std::unique_ptr<projections::ViewWaiter> waiter) override;
  [[nodiscard]] std::vector<projections::ProjectionStatus> status() const override;
  [[nodiscard]] eventstore::ResultOr<Unit> rebuild(std::string_view name) override;

  // Everything that the log has goes into the views, and what is to be built is built; but for what faults prevent.
  void catch_up();
  // A clean end.
  void close() { projector_.close(); }
  // Throws a Violation when a view is not what it would be, built anew, or shows what the state at the log's head is
  // not. One that stopped on a fault is left out, unless `all`. No fault may be planned.
  void compare(domain::State const& state, bool all);

 private:
  bool order_build(projections::ViewSlot& slot);
  void compare(projections::ViewSlot& slot, domain::State const& state);

  eventstore::Log& log_;
  eventstore::Tail& tail_;
  eventstore::Runtime& runtime_;
  std::vector<std::pair<projections::ViewSlot*, std::shared_ptr<projections::BuildProgress>>> ordered_;
  projections::Projector projector_;
};

}  // namespace florin::simulation
