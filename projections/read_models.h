// The read models as those who ask them see them: the Runner (runner.h), or a simulation's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.h"
#include "eventstore/fault.h"
#include "projections/view_reader.h"

namespace florin::projections {

struct RebuildStatus {
  domain::Position position;
  domain::Position target;
  double events_per_second = 0;  // a rate shown to a person, not money
  std::int64_t eta_seconds = -1;
};

struct ProjectionStatus {
  std::string name;
  int version = 0;
  domain::Position position;
  std::uint64_t lag = 0;   // events behind the log's durable head
  bool readable = false;   // somebody may read it now, if only an older version
  int served_version = 0;  // which version is read; zero: none. Another than `version` while that one is being built
  bool failed = false;     // stopped by a fault; `error` says which. Tried again (io, full), or rebuild to recover.
  std::string error;       // of the last fault, also of a rebuild that failed while the view itself goes on
  std::optional<RebuildStatus> rebuild;  // while one waits for its turn, runs, or is about to be swapped in
};

// A callback for who waits for a view without a thread. When the runner is destroyed, so is it, without a call.
class ViewWaiter {
 public:
  virtual ~ViewWaiter() = default;
  // Called once, on the projector's thread or the one that registered it; must not block. False: the view has stopped,
  // the time is over, or the runner stops.
  virtual void tell(bool reached) = 0;
};

// Any thread.
class ReadModels {
 public:
  virtual ~ReadModels() = default;

  // Kind::missing for an unknown name, and while a view is built that nobody could read; Kind::io, with the reason,
  // when it has stopped. Each open reader is one connection: the callers bound how many there are.
  [[nodiscard]] virtual eventstore::ResultOr<ViewReader> read(std::string_view name) = 0;
  // How far readers see a view; zero for an unknown name.
  [[nodiscard]] virtual domain::Position position(std::string_view name) const = 0;
  // Registers the waiter, or calls it at once when there is nothing to wait for. Returns false without registering when
  // kWaitersMax are registered (each is a request under way, some 200 bytes). Expiry is checked lazily, so keep your
  // own time-out.
  static constexpr std::size_t kWaitersMax = 10'000;
  [[nodiscard]] virtual bool when_reached(std::string_view name, domain::Position position, int timeout_ms,
                                          std::unique_ptr<ViewWaiter> waiter) = 0;

  [[nodiscard]] virtual std::vector<ProjectionStatus> status() const = 0;
  // Queues a rebuild; Kind::missing for an unknown name or a stopped runner, Kind::conflict when one is under way.
  [[nodiscard]] virtual eventstore::ResultOr<Unit> rebuild(std::string_view name) = 0;
};

}  // namespace florin::projections
