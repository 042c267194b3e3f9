#include "sagas/effects_loop.h"

#include <atomic>
#include <chrono>
#include <future>
#include <semaphore>
#include <stdexcept>
#include <string>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "sagas/workers.h"

namespace florin::sagas {
namespace {

struct Recorder {
  std::vector<std::string> stopped;
  std::vector<std::thread::id> threads;
};

class FakeSaga final : public Saga {
 public:
  FakeSaga(Recorder& recorder, std::string name) : recorder_(recorder), name_(std::move(name)) {}
  void check() override { ++checks; }
  [[nodiscard]] bool is_idle() override {
    ++asked;
    asks.release();
    return idle;
  }
  void stop() override {
    recorder_.stopped.push_back(name_);
    recorder_.threads.push_back(std::this_thread::get_id());
  }
  std::atomic<bool> idle{true};
  std::atomic<int> asked{0};
  std::counting_semaphore<> asks{0};
  std::atomic<int> checks{0};

 private:
  Recorder& recorder_;
  std::string const name_;
};

struct EffectsLoopTest : testing::Test {
  Recorder recorder;
  EffectsLoop loop;
  FakeSaga first{recorder, "first"};
  FakeSaga second{recorder, "second"};

  EffectsLoopTest() {
    loop.add(first);
    loop.add(second);
  }
  std::thread::id loop_thread() {
    std::promise<std::thread::id> id;
    asio::post(loop.io(), [&] { id.set_value(std::this_thread::get_id()); });
    return id.get_future().get();
  }
};

TEST_F(EffectsLoopTest, StopsTheSagasOnItsThreadTheLastOneFirst) {
  loop.start();
  auto const thread = loop_thread();
  loop.stop();
  EXPECT_EQ(recorder.stopped, (std::vector<std::string>{"second", "first"}));
  EXPECT_EQ(recorder.threads, std::vector(2, thread));
  EXPECT_NE(thread, std::this_thread::get_id());
  loop.stop();
  EXPECT_EQ(recorder.stopped.size(), 2u) << "each once";
}

TEST_F(EffectsLoopTest, NothingRunsAfterIt) {
  loop.start();
  loop.stop();
  bool ran = false;
  asio::post(loop.io(), [&] { ran = true; });
  loop.check();
  EXPECT_FALSE(loop.wait_until_idle(20));
  EXPECT_FALSE(ran);
  EXPECT_EQ(first.checks, 0);
}

TEST_F(EffectsLoopTest, ThatNeverStartedStopsTheSagasOnTheCallersThread) {
  loop.stop();
  EXPECT_EQ(recorder.threads, std::vector(2, std::this_thread::get_id()));
}

TEST_F(EffectsLoopTest, WaitsForOneSagaAfterTheOther) {
  first.idle = second.idle = false;
  loop.start();
  EXPECT_FALSE(loop.wait_until_idle(1));
  auto waiting = std::async(std::launch::async, [this] { return loop.wait_until_idle(60'000); });
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(first.asks.try_acquire_for(std::chrono::seconds(10)));
  EXPECT_EQ(second.asked, 0) << "what the first one reports may be work for the second";
  first.idle = true;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(second.asks.try_acquire_for(std::chrono::seconds(10)));
  auto const asked = first.asked.load();
  ASSERT_TRUE(second.asks.try_acquire_for(std::chrono::seconds(10)));
  EXPECT_EQ(first.asked, asked) << "it was idle";
  second.idle = true;
  EXPECT_TRUE(waiting.get());
  loop.stop();
}

TEST_F(EffectsLoopTest, ChecksAllWhenTheClockJumped) {
  loop.start();
  loop.check();
  (void)loop_thread();
  EXPECT_EQ(first.checks, 1);
  EXPECT_EQ(second.checks, 1);
  loop.stop();
}

TEST(EffectsLoopDeathTest, AnExceptionThatEscapesAWorkerEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        EffectsLoop loop;
        spawn_worker(loop.io(), []() -> Awaitable<void> {
          throw std::runtime_error("no way to put it back");
          co_return;
        }());
        loop.start();
        (void)loop.wait_until_idle(10'000);
      },
      "no way to put it back");
}

}  // namespace
}  // namespace florin::sagas
