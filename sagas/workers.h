// Coroutines that run on the effects loop by themselves. None can be lost to an exception without anybody noticing.
//
// Workers<Task>: a fixed number of coroutines that take tasks one by one. What a task throws is caught and the task is
// put back, so that the worker goes on; what cannot be put back ends the process, which resumes from the log.
#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <spdlog/spdlog.h>

#include "sagas/gateways/asio.h"
#include "sagas/one_shot.h"

namespace florin::sagas {

// An exception that escapes a worker coroutine ends the process. If it were swallowed, as asio::detached does, one
// worker would silently be missing, and whatever only it would have done.
inline void rethrow_escaped(std::exception_ptr const& escaped) {
  if (!escaped) return;
  spdlog::critical("an exception escaped from a worker of the effects loop: the process ends");
  std::rethrow_exception(escaped);
}

// Runs `work` on the loop. Nobody waits for its end.
inline void spawn_worker(asio::io_context& io, Awaitable<void> work) {
  asio::co_spawn(io, std::move(work), rethrow_escaped);
}

// The loop's thread, except for the constructor and start.
template <class Task>
class Workers {
 public:
  struct Work {
    std::function<std::optional<Task>()> take;            // nullopt: there is nothing to do now
    std::function<Awaitable<void>(Task)> perform;         // may throw
    std::function<void(Task, char const* why)> put_back;  // after `perform` threw. What it throws ends the process
    std::function<void(Task const&)> done;                // after either, when the worker is free again
  };

  // `io` and whatever `work` refers to outlive the coroutines.
  Workers(asio::io_context& io, std::size_t count, Work work) : io_(io), work_(std::move(work)) {
    for (std::size_t i = 0; i < count; ++i) idle_.emplace_back(io);
  }
  Workers(Workers const&) = delete;
  Workers& operator=(Workers const&) = delete;

  void start() {
    for (auto& idle : idle_) spawn_worker(io_, run(idle));
  }
  // There are so many tasks to take: wakes as many workers, or all.
  void wake(std::size_t tasks) {
    for (auto& idle : idle_) {
      if (tasks == 0) return;
      if (idle.wake()) --tasks;
    }
  }
  // No worker takes another task.
  void stop() {
    stopping_ = true;
    for (auto& idle : idle_) idle.wake();
  }
  [[nodiscard]] std::size_t busy() const { return busy_; }

 private:
  Awaitable<void> run(Wakeup& idle) {
    while (!stopping_) {
      std::optional<Task> const task = work_.take();
      if (!task) {
        co_await idle.wait();
        continue;
      }
      ++busy_;
      try {
        Awaitable<void> performing = work_.perform(*task);
        co_await std::move(performing);
      } catch (std::exception const& thrown) {
        work_.put_back(*task, thrown.what());
      }
      --busy_;
      work_.done(*task);
    }
  }

  asio::io_context& io_;
  Work const work_;
  std::deque<Wakeup> idle_;  // one for each worker; they do not move
  std::size_t busy_ = 0;
  bool stopping_ = false;
};

}  // namespace florin::sagas
