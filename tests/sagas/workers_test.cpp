#include "sagas/workers.h"

#include <chrono>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace florin::sagas {
namespace {

// Two workers for numbers. An odd one throws at its first try.
struct WorkersTest : testing::Test {
  asio::io_context io{1};
  std::deque<int> queue;
  std::vector<int> performed;
  std::vector<std::string> reasons;
  std::size_t free_again = 0;
  std::size_t busy_max = 0;
  bool can_put_back = true;
  Workers<int> workers{io,
                       2,
                       {[this]() -> std::optional<int> {
                          if (queue.empty()) return std::nullopt;
                          int const task = queue.front();
                          queue.pop_front();
                          return task;
                        },
                        [this](int task) { return perform(task); },
                        [this](int task, char const* why) {
                          if (!can_put_back) throw std::logic_error("no room");
                          reasons.emplace_back(why);
                          queue.push_back(task + 1);
                        },
                        [this](int) { ++free_again; }}};

  Awaitable<void> perform(int task) {
    busy_max = std::max(busy_max, workers.busy());
    SteadyTimer pause(io.get_executor(), std::chrono::milliseconds(1));
    co_await pause.async_wait(use_awaitable);
    if (task % 2 != 0) throw std::runtime_error("odd");
    performed.push_back(task);
  }
  // Until no worker has a task.
  void run() {
    io.restart();
    io.poll();
    while (workers.busy() > 0) ASSERT_GT(io.run_one_for(std::chrono::seconds(10)), 0u);
    io.poll();
  }
};

TEST_F(WorkersTest, WhatThrowsIsPutBackAndCostsNoWorker) {
  queue = {1, 3, 5, 7, 2};
  workers.start();
  run();
  std::ranges::sort(performed);
  EXPECT_EQ(performed, (std::vector{2, 2, 4, 6, 8}));
  EXPECT_EQ(reasons, std::vector<std::string>(4, "odd"));
  EXPECT_EQ(free_again, 9u);
  EXPECT_EQ(busy_max, 2u);
  EXPECT_EQ(workers.busy(), 0u);
  // Both are still there.
  busy_max = 0;
  queue = {2, 4};
  workers.wake(2);
  run();
  EXPECT_EQ(busy_max, 2u);
}

TEST_F(WorkersTest, WhatCannotBePutBackIsRethrownByTheLoop) {
  can_put_back = false;
  queue = {1};
  workers.start();
  EXPECT_THROW(run(), std::logic_error);
}

TEST_F(WorkersTest, AsManyAreWokenAsThereAreTasks) {
  workers.start();
  run();
  queue = {2, 4, 6};
  workers.wake(1);
  run();
  EXPECT_EQ(performed, (std::vector{2, 4, 6})) << "one worker takes them all";
  EXPECT_EQ(busy_max, 1u);
}

TEST_F(WorkersTest, StoppedWorkersTakeNothing) {
  workers.start();
  run();
  workers.stop();
  queue = {2};
  workers.wake(1);
  run();
  EXPECT_TRUE(performed.empty());
  EXPECT_TRUE(io.stopped()) << "no coroutine is left";
}

TEST(SpawnWorker, AnExceptionThatEscapesLeavesTheLoop) {
  asio::io_context io{1};
  spawn_worker(io, []() -> Awaitable<void> {
    throw std::runtime_error("escaped");
    co_return;
  }());
  EXPECT_THROW(io.run(), std::runtime_error);
}

TEST(OneShot, GivesTheFirstValueBeforeAndAfterTheWaitBegins) {
  asio::io_context io{1};
  std::vector<int> got;
  auto const wait = [](OneShot<int> shot, std::vector<int>& into) -> Awaitable<void> {
    int const value = co_await shot.wait();
    into.push_back(value);
  };
  OneShot<int> const early(io);
  early.setter()(1);
  early.setter()(2);
  spawn_worker(io, wait(early, got));
  io.run();
  EXPECT_EQ(got, std::vector{1});

  OneShot<int> const late(io);
  spawn_worker(io, wait(late, got));
  io.restart();
  io.poll();
  EXPECT_EQ(got, std::vector{1});
  late.setter()(3);
  io.restart();
  io.run();
  EXPECT_EQ(got, (std::vector{1, 3}));
}

TEST(OneShot, ASetterMayOutliveTheWait) {
  asio::io_context io{1};
  std::function<void(int)> setter;
  {
    OneShot<int> const shot(io);
    setter = shot.setter();
  }
  setter(1);
}

}  // namespace
}  // namespace florin::sagas
