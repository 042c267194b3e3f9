#include "sagas/effects_loop.h"

#include <atomic>
#include <chrono>
#include <future>
#include <semaphore>
#include <stdexcept>
#include <string>

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "sagas/workers.h"
#include "tests/support/memory_log.h"

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
  void on_commits(std::span<eventstore::CommitPtr const> commits) override {
    for (auto const& commit : commits) shown.push_back(commit->first.value());
  }
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
  std::vector<std::uint64_t> shown;  // the loop's

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

// A ledger whose commits are one event each.
class FollowedLedger {
 public:
  FollowedLedger() : tail(log, {}) {}
  void commit(std::size_t count) {
    std::vector<eventstore::CommitPtr> commits;
    std::vector<eventstore::StoredCommit> rows;
    std::vector<std::string> bytes(count);
    auto const expected = head.position;
    for (auto& row : bytes) {
      domain::Commit made{domain::next(head.position), {}, {}, {domain::PinReissued{domain::TransferId(1), 2, {}}}};
      encoder.encode(made, row);
      head = {made.last(), eventstore::chain_link(head.link, made.last(), row)};
      rows.push_back({made.last(), row, head.link});
      commits.push_back(std::make_shared<domain::Commit const>(std::move(made)));
    }
    ASSERT_TRUE(log.append({expected, log.lease().value(), rows}));
    tail.publish(commits, rows);
  }
  test_support::MemoryLog log;
  eventstore::Tail tail;
  eventstore::Encoder encoder;
  eventstore::Head head;
};

struct FollowingLoopTest : testing::Test {
  FollowedLedger ledger;
  std::optional<eventstore::Tail> restarted;  // over the same log; its memory is empty
  Recorder recorder;
  EffectsLoop loop;
  FakeSaga saga{recorder, "saga"};

  FollowingLoopTest() { loop.add(saga); }
  // What the loop has been shown once everything is done that was posted until now.
  std::vector<std::uint64_t> shown() {
    std::promise<std::vector<std::uint64_t>> answer;
    asio::post(loop.io(), [&] { answer.set_value(saga.shown); });
    return answer.get_future().get();
  }
};

TEST_F(FollowingLoopTest, WhatWasCommittedIsShownBeforeWhateverIsPostedAfterwards) {
  ledger.commit(3);
  loop.follow(ledger.tail, domain::Position(1));
  loop.start();
  EXPECT_EQ(shown(), (std::vector<std::uint64_t>{2, 3}));
  for (std::uint64_t round = 0; round < 200; ++round) {
    ledger.commit(1 + round % 5);
    auto const seen = shown();
    ASSERT_EQ(seen.back(), ledger.head.position.value());
    ASSERT_EQ(seen.size(), ledger.head.position.value() - 1) << "each once";
  }
  loop.stop();
}

TEST_F(FollowingLoopTest, ATailThatCannotBeReadIsTriedAgain) {
  ledger.commit(3);
  restarted.emplace(ledger.log, ledger.head);
  ledger.log.fail_reads(eventstore::Fault{eventstore::Fault::Kind::io, "no descriptor"});
  loop.follow(*restarted, {});
  loop.start();
  EXPECT_TRUE(shown().empty());
  ASSERT_TRUE(loop.trouble());
  EXPECT_NE(loop.trouble()->find("no descriptor"), std::string::npos);
  ledger.log.fail_reads(std::nullopt);
  while (shown().size() < 3) std::this_thread::yield();
  EXPECT_FALSE(loop.trouble());
  loop.stop();
}

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

// A machine on which time goes on when it is told to.
class StandingTime final : public eventstore::Runtime {
 public:
  [[nodiscard]] eventstore::ClockReading clocks() const override { return eventstore::machine().clocks(); }
  [[nodiscard]] eventstore::SteadyTime now() const override { return now_; }
  void draw(std::span<std::byte> into) override { eventstore::machine().draw(into); }
  [[nodiscard]] eventstore::Files& files() override { return eventstore::machine().files(); }
  void pass(std::chrono::hours time) { now_ += time; }

 private:
  eventstore::SteadyTime now_ = eventstore::machine().now();
};

TEST(EffectsLoop, ALoopThatIsSteppedRunsInItsRuntimesTime) {
  StandingTime time;
  EffectsLoop loop("stepped", time);
  SteadyTimer timer(loop.io());
  int fired = 0;
  asio::post(loop.io(), [&] {
    timer.expires_after(std::chrono::hours(2));
    timer.async_wait([&](boost::system::error_code error) { fired += error ? 0 : 1; });
  });
  loop.poll();
  time.pass(std::chrono::hours(1));
  loop.poll();
  EXPECT_EQ(fired, 0);
  time.pass(std::chrono::hours(1));
  loop.poll();
  EXPECT_EQ(fired, 1) << "two hours went by in no time";
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
