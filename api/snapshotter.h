// Takes snapshots beside a running writer, by recovering: a thread of low priority loads the newest snapshot, replays
// the tail of the log onto it and writes the result. The writer is never paused, and recovery is exercised all day.
// Price: for the length of one snapshot, a second copy of one model in memory (the write model's, then the balance
// view's, never both). Rejected: fork(), which stalls the writer for its page tables and forbids malloc in the child.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "eventstore/log.h"
#include "eventstore/writer.h"
#include "projections/balances.h"

namespace florin::api {

// Folds the commits after the view's position, up to and including `until`, into `balances`.
[[nodiscard]] eventstore::Faulty<Unit> catch_up(eventstore::Log& log, projections::Balances& balances,
                                                domain::Position until);

class Snapshotter final : public eventstore::CommitListener {
 public:
  // `log` outlives this. `last`: where the newest snapshot stands.
  Snapshotter(eventstore::Log& log, std::filesystem::path folder, domain::Position last, std::uint64_t every_events);
  ~Snapshotter() override;

  void start();
  void stop();  // waits for the snapshot at hand

  void on_commits(std::span<eventstore::CommitPtr const> commits) override;

 private:
  void run();

  eventstore::Log& log_;
  std::filesystem::path const folder_;
  std::uint64_t const every_events_;
  std::mutex mutex_;
  std::condition_variable wake_;
  domain::Position last_;    // guarded by mutex_
  domain::Position wanted_;  // guarded by mutex_: zero when no snapshot is due
  bool stopping_ = false;    // guarded by mutex_
  std::thread thread_;
};

}  // namespace florin::api
