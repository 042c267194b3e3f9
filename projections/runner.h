// The runner keeps every read model at the head of the log, and rebuilds one beside the live one under traffic.
//
// Threads: one projector thread for all (low priority: answering clients comes first, a lag is allowed and known);
// one more for the length of a rebuild. Readers take a Reader from any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.h"
#include "eventstore/log.h"
#include "eventstore/writer.h"
#include "projections/projection.h"

struct sqlite3;

namespace florin::projections {

struct ProjectionStatus {
  std::string name;
  int version = 0;
  domain::Position position;
  std::uint64_t lag = 0;  // events behind the log's durable head
  bool failed = false;    // stopped by a fault; `error` says which. Rebuild to recover.
  std::string error;
  struct Rebuild {
    domain::Position position;
    domain::Position target;
    double events_per_second = 0;  // a rate shown to a person, not money
    std::int64_t eta_seconds = -1;
  };
  std::optional<Rebuild> rebuild;  // while one runs
};

// A read-only connection to one generation of a view, with its open read transaction: everything read through it is
// of one position. Not for sharing between threads; returns to the pool on destruction.
class ViewReader {
 public:
  ~ViewReader();
  ViewReader(ViewReader&&) noexcept;
  [[nodiscard]] sqlite3* database() const;
  [[nodiscard]] domain::Position position() const;  // the checkpoint inside this transaction

 private:
  friend class Runner;
  struct Impl;
  explicit ViewReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class Runner final : public eventstore::CommitListener {
 public:
  // `log` and the projections outlive the runner.
  Runner(eventstore::Log& log, std::filesystem::path views, std::vector<Projection const*> projections);
  ~Runner() override;

  [[nodiscard]] eventstore::Faulty<Unit> start();
  void stop();  // finishes the transaction at hand and joins

  void on_commits(std::span<eventstore::CommitPtr const> commits) override;  // wakes the projector; no work here

  [[nodiscard]] eventstore::Faulty<ViewReader> read(std::string_view name);
  // Any thread; sleeps at most timeout_ms. False when the view is still behind.
  [[nodiscard]] bool wait_for(std::string_view name, domain::Position position, int timeout_ms);

  [[nodiscard]] std::vector<ProjectionStatus> status() const;
  // Starts a rebuild; Kind::missing for an unknown name, Kind::conflict when one is running.
  [[nodiscard]] eventstore::Faulty<Unit> rebuild(std::string_view name);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::projections
