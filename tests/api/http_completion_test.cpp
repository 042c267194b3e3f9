// Results completed by other threads, and blocking work, without a server: an io_context is the io thread.
#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <gtest/gtest.h>

#include "api/http/completion.h"
#include "api/http/worker.h"

namespace florin::api {
namespace {

class Completions : public ::testing::Test {
 protected:
  ~Completions() override { inbox->close(); }
  void spawn(std::function<Awaitable<void>()> body) {
    // The closure lives with its frame: a coroutine lambda's captures are not copied into the frame.
    asio::co_spawn(
        io, [](std::function<Awaitable<void>()> kept) -> Awaitable<void> { co_await kept(); }(std::move(body)),
        asio::detached);
  }

  asio::io_context io{1};
  std::shared_ptr<Inbox> inbox = Inbox::make(io);
};

TEST_F(Completions, AWaiterGetsWhatAnotherThreadCompletes) {
  std::optional<std::string> got;
  std::thread other;
  auto guard = asio::make_work_guard(io);
  spawn([&]() -> Awaitable<void> {
    Completion<std::string> done(*inbox);
    other = std::thread([completer = done.completer()]() mutable { completer.complete("hello"); });
    got = co_await done.wait(60);
    guard.reset();
  });
  io.run();
  other.join();
  EXPECT_EQ(got, "hello");
}

TEST_F(Completions, AResultThatIsThereBeforeTheWaitNeedsNoSuspension) {
  std::optional<int> got;
  spawn([&]() -> Awaitable<void> {
    Completion<int> done(*inbox);
    done.completer().complete(7);
    got = co_await done.wait(60);
  });
  io.run();
  EXPECT_EQ(got, 7);
}

TEST_F(Completions, PastTheDeadlineTheWaiterGetsNothingAndALateResultIsDropped) {
  bool resumed = false;
  std::optional<int> got = 1;
  Completer<int> completer;
  inbox->sweep(1000);
  spawn([&]() -> Awaitable<void> {
    Completion<int> done(*inbox);
    completer = done.completer();
    got = co_await done.wait(2);
    resumed = true;
  });
  io.poll();
  inbox->sweep(2900);
  EXPECT_FALSE(resumed);
  inbox->sweep(3300);
  EXPECT_TRUE(resumed);
  EXPECT_EQ(got, std::nullopt);
  completer.complete(5);
  io.poll();
}

TEST_F(Completions, ADroppedCompleterAnswersAtOnceWithNothing) {
  std::optional<int> got = 1;
  bool resumed = false;
  spawn([&]() -> Awaitable<void> {
    Completion<int> done(*inbox);
    {
      auto const dropped = done.completer();
    }
    got = co_await done.wait(60);
    resumed = true;
  });
  io.run();
  EXPECT_TRUE(resumed);
  EXPECT_EQ(got, std::nullopt);
}

TEST_F(Completions, ACompleterMayOutliveTheServer) {
  Completer<std::string> survivor;
  spawn([&]() -> Awaitable<void> {
    Completion<std::string> done(*inbox);
    survivor = done.completer();
    co_return;
  });
  io.run();
  inbox->close();
  inbox.reset();
  survivor.complete("nobody listens");
  inbox = Inbox::make(io);
}

TEST_F(Completions, ExpireAllSparesWaitersWithoutADeadline) {
  bool with = false;
  bool without = false;
  Completer<int> first;
  Completer<int> second;
  spawn([&]() -> Awaitable<void> {
    Completion<int> done(*inbox);
    first = done.completer();
    (void)co_await done.wait(3600);
    with = true;
  });
  spawn([&]() -> Awaitable<void> {
    Completion<int> done(*inbox);
    second = done.completer();
    (void)co_await done.wait(0);
    without = true;
  });
  io.poll();
  inbox->expire_all();
  EXPECT_TRUE(with);
  EXPECT_FALSE(without);
  second.complete(1);
  io.poll();
  EXPECT_TRUE(without);
}

TEST_F(Completions, ManyCompletionsResumeInTheirOrder) {
  std::vector<Completer<int>> completers;
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    spawn([&]() -> Awaitable<void> {
      Completion<int> done(*inbox);
      completers.push_back(done.completer());
      order.push_back((co_await done.wait(60)).value_or(-1));
    });
  }
  io.poll();
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) completers[static_cast<std::size_t>(i)].complete(i);
  });
  other.join();
  io.poll_one();  // one wake-up resumes all of them
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(Completions, ThreadsMayCompleteAndDropAtRandomMoments) {
  constexpr int kWaiters = 2000;
  std::mutex mutex;
  std::vector<Completer<int>> queue;
  std::atomic<bool> stop{false};
  std::vector<std::thread> others;
  for (int i = 0; i < 3; ++i) {
    others.emplace_back([&, i] {
      for (;;) {
        std::vector<Completer<int>> mine;
        bool const last = stop.load();
        {
          std::lock_guard lock(mutex);
          mine.swap(queue);
        }
        for (auto& completer : mine) {
          if (i != 0) completer.complete(i);
        }
        if (last) return;
        std::this_thread::yield();
      }
    });
  }
  int resumed = 0;
  auto guard = asio::make_work_guard(io);
  for (int i = 0; i < kWaiters; ++i) {
    spawn([&, i]() -> Awaitable<void> {
      Completion<int> done(*inbox);
      {
        std::lock_guard lock(mutex);
        queue.push_back(done.completer());
      }
      if (i % 5 != 0) (void)co_await done.wait(i % 3 == 0 ? 0 : 60);  // one in five does not wait at all
      if (i % 7 == 0) inbox->expire_all();
      if (++resumed == kWaiters) guard.reset();
    });
  }
  io.run();
  stop = true;
  for (auto& other : others) other.join();
  EXPECT_EQ(resumed, kWaiters);
}

TEST_F(Completions, WorkRunsOnAWorkerAndItsValueComesBack) {
  WorkerPool workers(2);
  std::optional<std::string> got;
  std::thread::id worker;
  auto guard = asio::make_work_guard(io);
  spawn([&]() -> Awaitable<void> {
    got = co_await workers.run(*inbox, [&] {
      worker = std::this_thread::get_id();
      return std::string("read");
    });
    guard.reset();
  });
  io.run();
  EXPECT_EQ(got, "read");
  EXPECT_NE(worker, std::this_thread::get_id());
}

TEST_F(Completions, WithoutWorkersWhoeverAsksRunsTheWork) {
  WorkerPool workers(0, 0);
  std::thread::id ran_on;
  std::optional<int> got;
  spawn([&]() -> Awaitable<void> {
    got = co_await workers.run(*inbox, [&] {
      ran_on = std::this_thread::get_id();
      return 7;
    });
  });
  io.run();
  EXPECT_EQ(got, 7);
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST_F(Completions, AnExceptionOfTheWorkComesBack) {
  WorkerPool workers(1);
  std::string caught;
  auto guard = asio::make_work_guard(io);
  spawn([&]() -> Awaitable<void> {
    try {
      (void)co_await workers.run(*inbox, [] { throw std::runtime_error("disk"); });
    } catch (std::runtime_error const& error) {
      caught = error.what();
    }
    guard.reset();
  });
  io.run();
  EXPECT_EQ(caught, "disk");
}

TEST_F(Completions, AFullPoolTakesNoMoreWork) {
  WorkerPool workers(1, 0);
  bool refused = false;
  bool urgent = false;
  auto guard = asio::make_work_guard(io);
  spawn([&]() -> Awaitable<void> {
    refused = !co_await workers.run(*inbox, [] {});
    urgent = (co_await workers.run(*inbox, [] {}, true)).has_value();
    guard.reset();
  });
  io.run();
  EXPECT_TRUE(refused);
  EXPECT_TRUE(urgent);
}

}  // namespace
}  // namespace florin::api
