// Takes snapshots beside a running engine, by recovering: a thread of low priority loads the newest snapshot, replays
// the tail of the log onto it and writes the result. The engine is never paused, and recovery is exercised all day.
// Price: for the length of one snapshot, a second copy of one model in memory (the deciding state's, then the durable
// one's, never both). Rejected: fork(), which stalls the writer for its page tables and forbids malloc in the child.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include "eventstore/engine/tail.h"
#include "eventstore/runtime/files.h"
#include "eventstore/runtime/wake.h"

namespace florin::eventstore {

// A consumer of the tail, "snapshots": its position is where the newest snapshot stands, or was tried.
class Snapshotter {
 public:
  // Called on its thread after each try, with where it was taken. A failed one loses nothing: the next start replays
  // more, and it is tried again after as many events.
  using Report = std::function<void(domain::Position, ResultOr<Unit> const&)>;

  // Log, tail and files outlive this. `last`: where the newest snapshot stands.
  Snapshotter(Log& log, Tail& tail, std::filesystem::path folder, domain::Position last, std::uint64_t every_events,
              Report report, Files& files = machine_files());
  ~Snapshotter();

  [[nodiscard]] ResultOr<Unit> start();
  void stop();  // waits for the snapshot at hand

 private:
  void run();

  Log& log_;
  Tail& tail_;
  Files& files_;
  std::filesystem::path const folder_;
  std::uint64_t const every_events_;
  Report const report_;
  Wake wake_;
  std::unique_ptr<TailCursor> const cursor_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace florin::eventstore
