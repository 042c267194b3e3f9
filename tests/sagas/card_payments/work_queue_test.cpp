#include "sagas/card_payments/work_queue.h"

#include <vector>

#include <gtest/gtest.h>

namespace florin::sagas {
namespace {

using domain::OrderId;
using domain::Timestamp;
constexpr std::int64_t kSecond = domain::kMicrosPerSecond;

struct WorkQueueTest : testing::Test {
  WorkQueue queue;
  Timestamp now = Timestamp::from_seconds(1'800'000'000);

  void want(std::uint64_t order, Priority priority) { queue.want(OrderId(order), priority, now); }
  void event(std::string id) { queue.add_event({{}, "pi_1", std::move(id), 0}); }
  // "7" for an order, the event's name for an event, "-" for none.
  std::string take() {
    auto const task = queue.take(now);
    if (!task) return "-";
    return task->order ? std::to_string(task->order.value()) : task->event_id;
  }
  std::vector<std::string> take_all() {
    std::vector<std::string> all;
    for (auto next = take(); next != "-"; next = take()) all.push_back(next);
    return all;
  }
  void finish(std::uint64_t order, std::optional<std::int64_t> again_after = std::nullopt) {
    queue.finish_order(OrderId(order), again_after, now);
  }
  using Names = std::vector<std::string>;
};

TEST_F(WorkQueueTest, NewOrdersComeFirstAndLeaveEveryFourthTurnToTheOthers) {
  want(90, Priority::event);
  event("e1");
  for (std::uint64_t order = 1; order <= 8; ++order) want(order, Priority::new_order);
  EXPECT_EQ(take_all(), (Names{"1", "2", "3", "90", "4", "5", "6", "e1", "7", "8"}));
}

TEST_F(WorkQueueTest, AnOrderIsQueuedOnceAndBroughtForward) {
  event("e1");
  want(1, Priority::event);
  want(1, Priority::event);
  want(1, Priority::new_order);
  want(1, Priority::new_order);
  EXPECT_EQ(take_all(), (Names{"1", "e1"})) << "the older entry is passed over";
}

TEST_F(WorkQueueTest, WhatHappensToAnOrderInHandIsSeenToAfterwards) {
  want(1, Priority::new_order);
  ASSERT_EQ(take(), "1");
  want(1, Priority::recheck);
  finish(1);
  EXPECT_EQ(take(), "-") << "somebody who waits is told by what is under way";
  want(1, Priority::new_order);
  ASSERT_EQ(take(), "1");
  want(1, Priority::event);
  EXPECT_EQ(take(), "-") << "two callers would both charge it";
  finish(1);
  EXPECT_EQ(take(), "1");
  want(1, Priority::event);
  finish(1, 60 * kSecond);
  EXPECT_EQ(take(), "1") << "at once, although it was to wait";
}

TEST_F(WorkQueueTest, AnOrderIsRecheckedASecondAfterItWasInHand) {
  want(1, Priority::recheck);
  ASSERT_EQ(take(), "1");
  EXPECT_FALSE(queue.was_just_checked(OrderId(1), now)) << "it is in hand";
  finish(1, 60 * kSecond);
  EXPECT_TRUE(queue.was_just_checked(OrderId(1), now));
  now = now + (kSecond - 1);
  EXPECT_TRUE(queue.was_just_checked(OrderId(1), now));
  want(1, Priority::recheck);
  EXPECT_EQ(take(), "-");
  EXPECT_EQ(queue.next_due(), now + 1);
  now = now + 1;
  EXPECT_FALSE(queue.was_just_checked(OrderId(1), now));
  queue.release_due(now);
  EXPECT_EQ(take(), "1");
}

TEST_F(WorkQueueTest, ADelayedTaskComesAtItsTimeAndNotTwice) {
  want(1, Priority::new_order);
  ASSERT_EQ(take(), "1");
  finish(1, 10 * kSecond);
  event("e1");
  ASSERT_EQ(take(), "e1");
  queue.postpone({{}, "pi_1", "e1", 1}, 5 * kSecond, now);
  EXPECT_EQ(queue.next_due(), now + 5 * kSecond);
  now = now + (5 * kSecond - 1);
  queue.release_due(now);
  EXPECT_EQ(take(), "-");
  now = now + 1;
  queue.release_due(now);
  EXPECT_EQ(take(), "e1");
  // Taken up before its time, the order leaves its entry behind, which is passed over.
  want(1, Priority::event);
  ASSERT_EQ(take(), "1");
  finish(1, 60 * kSecond);
  now = now + 5 * kSecond;
  queue.release_due(now);
  EXPECT_EQ(take(), "-");
  now = now + 55 * kSecond;
  queue.release_due(now);
  EXPECT_EQ(take(), "1");
}

TEST_F(WorkQueueTest, AfterAnExceptionAnOrderIsFreeAgain) {
  want(1, Priority::new_order);
  ASSERT_EQ(take(), "1");
  want(1, Priority::event);
  queue.postpone({OrderId(1), {}, {}, 0}, kSecond, now);
  EXPECT_EQ(take(), "-");
  now = now + kSecond;
  queue.release_due(now);
  EXPECT_EQ(take(), "1");
}

TEST_F(WorkQueueTest, StaleEntriesAreBounded) {
  for (int i = 0; i < 1'000; ++i) {
    want(1, Priority::event);
    ASSERT_EQ(take(), "1");
    finish(1, 3'600 * kSecond);
    ASSERT_LE(queue.delayed(), 64u);
    now = now + 1;
  }
  now = now + 3'600 * kSecond;
  queue.release_due(now);
  EXPECT_EQ(take_all(), Names{"1"});
  // What is not stale is never dropped, however much it is.
  for (std::uint64_t order = 2; order < 300; ++order) {
    want(order, Priority::new_order);
    ASSERT_NE(take(), "-");
    finish(order, kSecond);
  }
  now = now + kSecond;
  queue.release_due(now);
  EXPECT_EQ(take_all().size(), 298u);
}

}  // namespace
}  // namespace florin::sagas
