#include "api/budget.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace florin::api {
namespace {

TEST(Budget, GivesUpToItsLimitAndTakesBack) {
  Budget budget(10);
  auto const six = budget.take(6);
  EXPECT_TRUE(six);
  EXPECT_FALSE(budget.take(5));
  {
    auto const four = budget.take(4);
    EXPECT_TRUE(four);
    EXPECT_FALSE(budget.take(1));
  }
  EXPECT_TRUE(budget.take(4));
}

TEST(Budget, MoreThanTheLimitIsNeverGiven) {
  Budget budget(10);
  EXPECT_FALSE(budget.take(11));
  EXPECT_FALSE(budget.take(static_cast<std::size_t>(-1)));
  EXPECT_TRUE(budget.take(10));
}

TEST(Budget, AMovedTicketIsGivenBackOnce) {
  Budget budget(1);
  {
    auto first = budget.take(1);
    auto second = std::move(first);
    EXPECT_TRUE(second);
    Budget::Ticket third;
    third = std::move(second);
    EXPECT_TRUE(third);
    EXPECT_FALSE(budget.take(1));
  }
  auto const again = budget.take(1);
  EXPECT_TRUE(again);
  EXPECT_FALSE(budget.take(1));
}

TEST(Budget, ThreadsTogetherNeverHoldMoreThanTheLimit) {
  Budget budget(3);
  std::atomic<int> held{0};
  std::atomic<int> most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 20'000; ++k) {
        auto const ticket = budget.take(1);
        if (!ticket) continue;
        int const now = held.fetch_add(1) + 1;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        held.fetch_sub(1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_GE(most, 1);
  EXPECT_LE(most, 3);
  EXPECT_TRUE(budget.take(3));
}

Holder caller(std::uint64_t id) { return {Holder::Kind::caller, id}; }

TEST(SharedBudget, OneHolderHasAtMostItsShare) {
  SharedBudget budget(10, 4);
  auto const three = budget.take(caller(1), 3);
  EXPECT_TRUE(three);
  EXPECT_FALSE(budget.take(caller(1), 2));
  EXPECT_FALSE(budget.take(caller(2), 5)) << "more than a share is never given";
  EXPECT_FALSE(budget.take(caller(2), static_cast<std::size_t>(-1)));
  EXPECT_TRUE(budget.take(caller(2), 4));
  EXPECT_TRUE(budget.take({Holder::Kind::ipv4, 1}, 4)) << "another kind of holder is another one";
}

TEST(SharedBudget, AllTogetherHaveAtMostItsLimit) {
  SharedBudget budget(10, 4);
  auto const first = budget.take(caller(1), 4);
  auto const second = budget.take(caller(2), 4);
  EXPECT_FALSE(budget.take(caller(3), 3));
  EXPECT_TRUE(budget.take(caller(3), 2));
}

TEST(SharedBudget, WhatIsGivenBackIsThereForEverybody) {
  SharedBudget budget(4, 4);
  {
    auto first = budget.take(caller(1), 4);
    SharedBudget::Ticket moved;
    moved = std::move(first);
    EXPECT_TRUE(moved);
    EXPECT_FALSE(budget.take(caller(2), 1));
    moved = {};
    EXPECT_TRUE(budget.take(caller(2), 4));
  }
  EXPECT_TRUE(budget.take(caller(1), 4)) << "given back once, and whole";
  auto const again = budget.take(caller(1), 4);
  EXPECT_FALSE(budget.take(caller(2), 1));
}

}  // namespace
}  // namespace florin::api
