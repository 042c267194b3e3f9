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
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.h"
#include "eventstore/engine/tail.h"
#include "eventstore/runtime/runtime.h"
#include "eventstore/store/log.h"
#include "projections/projection.h"

namespace florin::projections {

class Database;

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

// A read-only connection to one generation of a view, with its open read transaction: everything read through it is
// of one position. Not for sharing between threads; returns to the pool on destruction.
class ViewReader {
 public:
  ~ViewReader();
  ViewReader(ViewReader&&) noexcept;
  [[nodiscard]] Database& database();
  [[nodiscard]] domain::Position position() const;  // the checkpoint inside this transaction
  // The fault for a row that cannot be. Nobody reads this file from now on, and the view is built anew.
  [[nodiscard]] Failure<eventstore::Fault> distrust(std::string what);

 private:
  friend class Runner;
  struct Impl;
  explicit ViewReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Somebody who waits for a view and holds no thread meanwhile. Destroyed untold when the runner is.
class ViewWaiter {
 public:
  virtual ~ViewWaiter() = default;
  // Once, on the projector's thread or the one that registered: must not block. False: the view has stopped, its time
  // is over, or the runner stops.
  virtual void tell(bool reached) = 0;
};

class Runner {
 public:
  // Log, tail and projections outlive the runner, which follows the tail as "views". `retry_after`: how long a view
  // rests that stopped on a fault that may pass.
  Runner(eventstore::Log& log, eventstore::Tail& tail, std::filesystem::path views,
         std::vector<Projection const*> const& projections,
         std::chrono::milliseconds retry_after = std::chrono::seconds(5),
         eventstore::Runtime& runtime = eventstore::machine());
  ~Runner();

  // Once. Opens the views, removes what a crash left over, starts the threads. A view that cannot be opened does not
  // fail the start.
  [[nodiscard]] eventstore::Faulty<Unit> start();
  // Finishes the transaction at hand, gives up a rebuild, makes the files durable, joins. Readers may outlive it.
  void stop();

  // Any thread. Kind::missing for an unknown name, and while a view is built that nobody could read; Kind::io, with
  // the reason, when it has stopped. Each open reader is
  // one connection: the callers bound how many there are.
  [[nodiscard]] eventstore::Faulty<ViewReader> read(std::string_view name);
  // Any thread; sleeps at most timeout_ms. False when the view is still behind, or has failed. While someone waits the
  // projector does not gather commits for a larger transaction, so a wait takes milliseconds when there is no backlog.
  [[nodiscard]] bool wait_for(std::string_view name, domain::Position position, int timeout_ms);
  // The same without a thread: the waiter is told, at once when there is nothing to wait for. False: kWaitersMax wait
  // already (each is a request on its way, some 200 bytes), and nobody is told anything. One that is over may be told
  // so late: whoever waits watches the time.
  static constexpr std::size_t kWaitersMax = 10'000;
  [[nodiscard]] bool when_reached(std::string_view name, domain::Position position, int timeout_ms,
                                  std::unique_ptr<ViewWaiter> waiter);
  // Any thread. How far readers see a view; zero for an unknown name.
  [[nodiscard]] domain::Position position(std::string_view name) const;

  [[nodiscard]] std::vector<ProjectionStatus> status() const;
  // Queues a rebuild; Kind::missing for an unknown name or a stopped runner, Kind::conflict when one is under way.
  [[nodiscard]] eventstore::Faulty<Unit> rebuild(std::string_view name);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::projections
