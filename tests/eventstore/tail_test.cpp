#include "eventstore/engine/tail.h"

#include <thread>

#include <gtest/gtest.h>

#include "eventstore/runtime/wake.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "tests/support/memory_log.h"
#include "tests/support/store.h"

namespace florin::eventstore {
namespace {

using domain::Position;
using test_support::MemoryLog;
using test_support::must;

// A log that grows by commits of one or two events, and the tail over it.
class TailTest : public testing::Test {
 protected:
  void open(std::size_t recent_commits) { tail = std::make_unique<Tail>(log, head, recent_commits); }

  // In the log, not yet published.
  std::vector<CommitPtr> append(std::size_t count) {
    std::vector<CommitPtr> commits;
    rows.clear();
    bytes.assign(count, {});
    auto const expected = head.position;
    for (std::size_t i = 0; i < count; ++i) {
      domain::Commit commit{domain::next(head.position), domain::Timestamp::from_seconds(1'800'000'000), {}, {}};
      for (std::uint64_t events = 1 + commit.first.value() % 2; events > 0; --events) {
        commit.events.emplace_back(domain::PinReissued{domain::TransferId(1), 2, {}});
      }
      if (verified) commit.events.back() = domain::PinVerified{domain::TransferId(1), {}};
      encoder.encode(commit, bytes[i]);
      head = {commit.last(), chain_link(head.link, commit.last(), bytes[i])};
      rows.push_back({commit.last(), bytes[i], head.link});
      commits.push_back(std::make_shared<domain::Commit const>(std::move(commit)));
    }
    must(log.append({expected, must(log.lease()), rows}));
    return commits;
  }
  void grow(std::size_t count) {
    auto const commits = append(count);
    tail->publish(commits, rows);
  }

  std::unique_ptr<TailCursor> follow(Position after = {}) {
    return tail->follow("test", after, [this] { ++wakes; });
  }

  // Everything that is there, checked to be contiguous after `at` and to carry the log's links.
  Position drain(TailCursor& cursor, Position at) {
    while (auto const found = must(cursor.next())) {
      EXPECT_EQ(found->commit->first, domain::next(at));
      EXPECT_EQ(found->head.position, found->commit->last());
      EXPECT_EQ(found->head.link, must(link_at(log, found->head.position)));
      at = found->commit->last();
      EXPECT_EQ(cursor.position(), at);
    }
    return at;
  }

  MemoryLog log;
  Encoder encoder;
  Head head;
  bool verified = false;  // what is appended ends with a verified PIN
  std::vector<std::string> bytes;
  std::vector<StoredCommit> rows;
  std::unique_ptr<Tail> tail;
  std::atomic<int> wakes = 0;
};

TEST_F(TailTest, AConsumerSeesEveryCommitOnceInOrder) {
  open(1'000);
  auto const cursor = follow();
  Position at;
  for (std::size_t const count : {1u, 5u, 64u, 1u}) {
    grow(count);
    at = drain(*cursor, at);
    EXPECT_EQ(at, head.position);
  }
}

TEST_F(TailTest, OldCommitsComeFromTheStoreAndRecentOnesFromMemory) {
  static_cast<void>(append(10));
  open(8);
  for (int i = 0; i < 50; ++i) grow(3);
  auto const late = follow();
  EXPECT_EQ(drain(*late, {}), head.position);
  // Memory alone goes on: nothing is read from a log that cannot be read any more.
  log.fail_reads(Fault{Fault::Kind::io, "gone"});
  auto const last = late->position();
  std::vector<CommitPtr> seen;
  log.fail_reads(std::nullopt);
  auto const more = append(3);
  tail->publish(more, rows);
  log.fail_reads(Fault{Fault::Kind::io, "gone"});
  while (auto const found = must(late->next())) seen.push_back(found->commit);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen.front()->first, domain::next(last));
  EXPECT_EQ(seen[1], more[1]) << "the commit itself, not a copy";
  // One that is too far behind needs the store.
  auto const behind = follow();
  EXPECT_EQ(behind->next().error().kind, Fault::Kind::io);
}

TEST_F(TailTest, AConsumerThatFallsBehindGoesOnFromTheStore) {
  open(4);
  auto const cursor = follow();
  grow(2);
  auto at = drain(*cursor, {});
  for (int i = 0; i < 400; ++i) grow(1);
  at = drain(*cursor, at);
  EXPECT_EQ(at, head.position);
  grow(1);
  EXPECT_EQ(drain(*cursor, at), head.position);
}

TEST_F(TailTest, WhatIsDurableButNotPublishedIsNotShown) {
  open(4);
  auto const cursor = follow();
  auto const commits = append(3);
  EXPECT_FALSE(must(cursor->next()));
  EXPECT_EQ(tail->head(), Position());
  tail->publish(commits, rows);
  EXPECT_EQ(drain(*cursor, {}), head.position);
}

TEST_F(TailTest, ACaughtUpConsumerIsWokenOnce) {
  open(100);
  auto const cursor = follow();
  grow(1);
  EXPECT_EQ(wakes, 0) << "it has not asked";
  auto at = drain(*cursor, {});
  grow(1);
  EXPECT_EQ(wakes, 1);
  grow(1);
  EXPECT_EQ(wakes, 1) << "it is awake";
  at = drain(*cursor, at);
  grow(1);
  EXPECT_EQ(wakes, 2);
}

TEST_F(TailTest, AConsumerIsWokenForWhatIsUrgentOrWhenMuchHasGathered) {
  open(10'000);
  auto const cursor = tail->follow(
      "test", {}, [this] { ++wakes; },
      [](domain::Event const& event) { return std::holds_alternative<domain::PinVerified>(event); });
  auto at = drain(*cursor, {});
  grow(3);
  EXPECT_EQ(wakes, 0) << "nothing is urgent";
  verified = true;
  grow(1);
  EXPECT_EQ(wakes, 1);
  at = drain(*cursor, at);
  EXPECT_EQ(at, head.position) << "what was not urgent comes with it";
  verified = false;
  while (head.position.value() < at.value() + Tail::kGathered) {
    EXPECT_EQ(wakes, 1);
    grow(1);
  }
  grow(1);
  EXPECT_EQ(wakes, 2) << "many have gathered";
  at = drain(*cursor, at);
  grow(1);
  EXPECT_EQ(wakes, 2);
  EXPECT_EQ(drain(*cursor, at), head.position) << "who asks gets all that there is";
}

TEST_F(TailTest, WakesWhenThePositionIsReached) {
  open(100);
  auto const cursor = follow();
  cursor->wake_at(Position(10));
  while (tail->head() < Position(9)) {
    EXPECT_EQ(wakes, 0);
    grow(1);
  }
  while (tail->head() < Position(10)) grow(1);
  EXPECT_EQ(wakes, 1);
  cursor->wake_at(Position(5));
  EXPECT_EQ(wakes, 2) << "it is there already";
}

TEST_F(TailTest, TellsWhoFollowsAndHowFarBehind) {
  open(100);
  auto const cursor = follow();
  grow(4);
  static_cast<void>(must(cursor->next()));
  auto const consumers = tail->consumers();
  ASSERT_EQ(consumers.size(), 1u);
  EXPECT_EQ(consumers[0].name, "test");
  EXPECT_EQ(consumers[0].position, cursor->position());
  EXPECT_EQ(consumers[0].lag, head.position.value() - cursor->position().value());
}

TEST_F(TailTest, ADamagedCommitStopsTheConsumerAtIt) {
  static_cast<void>(append(9));
  open(1);
  log.rows()[4].bytes[0] ^= 1;
  auto const cursor = follow();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(must(cursor->next()));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(cursor->next().error().kind, Fault::Kind::corrupt);
}

TEST_F(TailTest, AReadThatWasWrongOnceIsReadAgain) {
  static_cast<void>(append(9));
  open(1);
  auto const cursor = follow();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(must(cursor->next()));
  auto const at = cursor->position();
  log.rows()[4].bytes[0] ^= 1;
  EXPECT_EQ(cursor->next().error().kind, Fault::Kind::corrupt);
  log.rows()[4].bytes[0] ^= 1;
  EXPECT_EQ(drain(*cursor, at), head.position);
}

TEST_F(TailTest, ALogThatEndsBeforeTheTailIsAFault) {
  static_cast<void>(append(9));
  open(1);
  log.rows().pop_back();
  auto const cursor = follow();
  ResultOr<std::optional<TailCommit>> found = must(cursor->next());
  while (found && found.value()) found = cursor->next();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, Fault::Kind::corrupt);
}

TEST_F(TailTest, MovesToAnotherPlace) {
  open(100);
  for (int i = 0; i < 10; ++i) grow(2);
  auto const cursor = follow();
  auto const first = must(cursor->next())->commit->last();
  EXPECT_EQ(drain(*cursor, first), head.position);
  cursor->move_to(first);
  EXPECT_EQ(drain(*cursor, first), head.position);
}

// With consumers of every speed beside the appender: nothing is lost, doubled or out of order.
TEST_F(TailTest, ManyThreadsFollowWhileTheLogGrows) {
  open(16);
  constexpr std::uint64_t kCommits = 20'000;
  std::atomic<bool> done{false};
  std::vector<std::thread> followers;
  std::atomic<std::uint64_t> reached{0};
  for (int i = 0; i < 3; ++i) {
    followers.emplace_back([&, i] {
      auto const cursor = tail->follow("follower", {}, [] {});
      Position at;
      for (;;) {
        bool const last_look = done;
        auto const found = must(cursor->next());
        if (!found && last_look) break;
        if (!found || (i == 2 && at.value() % 64 == 0)) std::this_thread::yield();
        if (!found) continue;
        ASSERT_EQ(found->commit->first, domain::next(at));
        at = found->commit->last();
      }
      reached += at.value();
    });
  }
  for (std::uint64_t i = 0; i < kCommits; i += 8) grow(8);
  done = true;
  for (auto& follower : followers) follower.join();
  EXPECT_EQ(reached, 3 * head.position.value());
}

// A consumer that somebody else rouses at the very moment of a publication asks for the next wake while the appender
// gives the last one: it must be woken for the commit after it all the same.
TEST_F(TailTest, AConsumerThatIsRousedByOthersIsStillWoken) {
  constexpr int kRounds = 20'000;
  open(64);
  Wake wake;
  must(wake.open());
  std::atomic<std::uint64_t> reached{0};
  std::atomic<bool> done{false};
  std::thread consumer([&] {
    auto const cursor = tail->follow("sleeper", {}, [&] { wake.signal(); });
    while (!done) {
      while (must(cursor->next())) {
      }
      reached = cursor->position().value();
      wake.wait(-1);
    }
  });
  auto const wait_until_reached = [&] {
    auto const until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (reached < head.position.value()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  };
  bool woken = true;
  for (int round = 0; round < kRounds && woken; ++round) {
    if (round % 2 == 0) wake.signal();
    grow(1);
    woken = wait_until_reached();
  }
  EXPECT_TRUE(woken) << "a wake was lost";
  done = true;
  wake.signal();
  consumer.join();
}

}  // namespace
}  // namespace florin::eventstore
