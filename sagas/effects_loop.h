// The effects loop: the one thread on which the sagas run, so that none of them needs a lock for its own state. It
// follows the ledger's tail as "sagas" and shows each commit to all of them: at once when it holds an event that gives
// sagas something to do, the others within a second, in the order of the log.
//
// A tail that cannot be read is tried again after a second; until then the sagas learn nothing new, and trouble() says
// so.
//
// stop() stops the sagas on that thread, the one that was added last first, ends the loop and joins the thread. After
// it nothing is called or submitted any more; coroutines that were under way are destroyed with the loop.
//
// An exception that leaves the loop ends the process, which resumes from the log (workers.h).
//
// Owner: the environment, which declares it before everything that runs on it, and after the tail. add, follow, start
// and stop by the owner; the rest by any thread, and wait_until_idle by any but the loop's own.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>

#include "eventstore/engine/tail.h"
#include "sagas/gateways/asio.h"
#include "sagas/saga.h"

namespace florin::sagas {

class EffectsLoop {
 public:
  // The name is the thread's, as debuggers and `top` show it: "effects", or as much of it as fits in 15 bytes.
  // The runtime, which outlives the loop, tells its timers the time.
  explicit EffectsLoop(std::string name = "effects", eventstore::Runtime& runtime = eventstore::machine());
  ~EffectsLoop();  // stops it when it runs: the sagas are still there then
  EffectsLoop(EffectsLoop const&) = delete;
  EffectsLoop& operator=(EffectsLoop const&) = delete;

  [[nodiscard]] asio::io_context& io() { return io_; }
  [[nodiscard]] eventstore::Runtime& runtime() { return runtime_; }
  // Before start, and before the sagas to whom its reports give work: ended transfers owe texts. The saga outlives the
  // thread.
  void add(Saga& saga);
  // Before start: where the sagas resumed from. The tail outlives the loop.
  void follow(eventstore::Tail& tail, domain::Position after);
  void start();
  // Instead of start, for whoever steps the loop (a simulation): shows what was committed, and runs on the caller's
  // thread what is ready by now, until nothing is.
  void poll();
  // Before the writer stops. A second call does nothing. When the loop was never started, the sagas are stopped on the
  // caller's thread.
  void stop();

  // The clock jumped: what is due by now begins now and not at the next timer.
  void check();
  // Waits until one saga after the other, in the order in which they were added, had nothing due or under way (work
  // that waits for its next try excepted), at most timeout_ms. False: time ran out, or the loop has stopped. Blocks.
  [[nodiscard]] bool wait_until_idle(int timeout_ms);

  // Why the tail cannot be read; nullopt: it can.
  [[nodiscard]] std::optional<std::string> trouble() const;

 private:
  void stop_sagas();
  void show_and_look_again();
  void show_commits();
  void look_again();
  bool run_ready();
  bool run_due();

  std::string const name_;
  eventstore::Runtime& runtime_;
  asio::io_context io_{1};
  asio::executor_work_guard<Executor> work_;
  std::vector<Saga*> sagas_;
  std::unique_ptr<eventstore::TailCursor> cursor_;
  SteadyTimer look_;
  eventstore::SteadyTime looked_at_;  // poll(): when timers were last looked at
  std::atomic<bool> posted_{false};   // show_commits is on its way
  mutable std::mutex trouble_mutex_;
  std::optional<std::string> trouble_;  // under trouble_mutex_
  std::thread thread_;
};

}  // namespace florin::sagas
