#include "eventstore/engine/writer.h"

#include <fstream>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/facts.h"
#include "tests/support/memory_log.h"
#include "tests/support/store.h"
#include "tests/support/temp_folder.h"

namespace florin::eventstore {
namespace {

using namespace test_support;
using domain::GameId;
using domain::Position;
using std::chrono_literals::operator""ms;

bool ready(std::future<Outcome>& reply) { return reply.wait_for(0ms) == std::future_status::ready; }
bool unavailable(std::future<Outcome>& reply, Unavailable why) {
  auto const outcome = reply.get();
  auto const* said = std::get_if<Unavailable>(&outcome);
  return said != nullptr && *said == why;
}

class WriterTest : public ::testing::Test {
 protected:
  TempFolder folder;
  MemoryLog log;
};

TEST_F(WriterTest, PositionsAreContiguousAndRepliesCarryTheCommit) {
  Store store(folder.path(), log);
  auto const game = store.make_game();
  auto const first = store.commit(credit(game, 1, units(10)), request(game, "a"));
  EXPECT_EQ(first->first, Position(2));
  EXPECT_EQ(first->events.size(), 3u);  // registered, joined, credited
  auto const second = store.commit(purchase(game, 1, units(4)), request(game, "b"));
  EXPECT_EQ(second->first, Position(5));
  EXPECT_EQ(store.writer().durable(), Position(5));
  auto const stopped = store.writer().stop();
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped.value().head, must(log.head()));
  EXPECT_EQ(stopped.value().tree.size(), 3u);
}

TEST_F(WriterTest, NoReplyLeavesBeforeItsCommitIsDurable) {
  Store store(folder.path(), log);
  auto const game = store.make_game();
  log.block();
  auto committed = store.ask(credit(game, 1, units(10)), request(game, "a"));
  log.wait_for_append(2);
  // Decided on, or repeating, what is not yet durable.
  auto repeated = store.ask(credit(game, 1, units(10)), request(game, "a"));
  auto reused = store.ask(credit(game, 1, units(11)), request(game, "a", 2));
  auto refused = store.ask(purchase(game, 1, units(99)), request(game, "b"));
  std::this_thread::sleep_for(30ms);
  EXPECT_FALSE(ready(committed) || ready(repeated) || ready(reused) || ready(refused));
  EXPECT_EQ(store.writer().durable(), Position(1));
  log.unblock();
  auto const commit = std::get<Committed>(committed.get()).commit;
  EXPECT_EQ(std::get<Repeated>(repeated.get()).original, commit);
  EXPECT_EQ(std::get<Reused>(reused.get()).original, commit);
  auto const refusal = std::get<domain::Rejection>(refused.get());
  EXPECT_EQ(refusal.code, domain::RejectionCode::insufficient_balance);
  EXPECT_EQ(refusal.available, units(10));
  EXPECT_EQ(log.batches(), (std::vector<std::size_t>{1, 1}));  // refusals and repeats append nothing
}

TEST_F(WriterTest, WhatArrivesDuringAnAppendBecomesOneBatchInOrder) {
  Store store(folder.path(), log);
  auto const game = store.make_game();
  log.block();
  auto first = store.ask(credit(game, 0, units(10)), request(game, "first"));
  log.wait_for_append(2);
  std::vector<std::future<Outcome>> replies;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    replies.push_back(store.ask(credit(game, i, units(1)), request(game, "r" + std::to_string(i))));
  }
  std::this_thread::sleep_for(50ms);  // lets most of them be decided; the assertions hold in any case
  log.unblock();
  Position before = std::get<Committed>(first.get()).commit->last();
  for (auto& reply : replies) {
    auto const commit = std::get<Committed>(reply.get()).commit;
    EXPECT_EQ(commit->first, next(before));
    before = commit->last();
  }
  EXPECT_LE(log.batches().size(), 6u);
  EXPECT_EQ(store.writer().durable(), before);
}

TEST_F(WriterTest, TheSameIdTwiceInOneBatchIsARepeat) {
  WriterOptions options;
  Store store(folder.path(), log, options);
  auto const game = store.make_game();
  log.block();
  auto busy = store.ask(credit(game, 1, units(10)), {});
  log.wait_for_append(2);
  auto one = store.ask(purchase(game, 1, units(1)), request(game, "same"));
  auto two = store.ask(purchase(game, 1, units(1)), request(game, "same"));
  auto other_game = store.ask(purchase(game, 1, units(1)), request(GameId(5), "same"));
  log.unblock();
  auto const original = std::get<Committed>(one.get()).commit;
  EXPECT_EQ(std::get<Repeated>(two.get()).original, original);
  EXPECT_NE(std::get<Committed>(other_game.get()).commit, original);
}

TEST_F(WriterTest, AnEventThatDoesNotBalanceStopsTheWriterBeforeItIsWritten) {
  Store store(folder.path(), log);
  auto const game = store.make_game();
  store.commit(credit(game, 1, units(10)));
  auto const sale = samples::fact_in<domain::ItemPurchased>(*store.commit(purchase(game, 1, units(4))));
  auto altered = *sale;
  altered.platform_fee += domain::Money::from_minor(1);  // not what the log holds
  auto const head = must(log.head());
  auto refund = store.ask(domain::RefundItem{game, samples::fact(altered, sale.commit(), sale.at()), "spoilt"},
                          request(game, "refund"));
  EXPECT_TRUE(unavailable(refund, Unavailable::stopped));
  auto again = store.ask(domain::RefundItem{game, sale, "spoilt"}, request(game, "refund"));
  EXPECT_TRUE(unavailable(again, Unavailable::stopped));
  EXPECT_EQ(must(log.head()), head);
  auto const stopped = store.writer().stop();
  ASSERT_FALSE(stopped.ok());
  EXPECT_NE(stopped.error().what.find("ItemRefunded do not sum to zero"), std::string::npos) << stopped.error().what;
}

TEST_F(WriterTest, IdsAreRememberedAcrossRestarts) {
  GameId game;
  domain::Commit original;
  {
    Store store(folder.path(), log);
    game = store.make_game();
    original = *store.commit(credit(game, 1, units(10)), request(game, "kept"));
    // Enough for several runs of the small index, and none of it flushed at the end.
    for (int i = 0; i < 300; ++i) store.commit(credit(game, 1, units(1)), request(game, "n" + std::to_string(i)));
  }
  Store store(folder.path(), log);
  auto repeated = store.ask(credit(game, 1, units(10)), request(game, "kept"));
  EXPECT_EQ(*std::get<Repeated>(repeated.get()).original, original);
  auto reused = store.ask(credit(game, 1, units(11)), request(game, "kept", 9));
  EXPECT_EQ(*std::get<Reused>(reused.get()).original, original);
  for (int i = 0; i < 300; ++i) {
    auto again = store.ask(credit(game, 1, units(1)), request(game, "n" + std::to_string(i)));
    EXPECT_TRUE(std::holds_alternative<Repeated>(again.get())) << i;
  }
}

TEST_F(WriterTest, ARefusalConsumesNothing) {
  Store store(folder.path(), log);
  auto const game = store.make_game();
  store.commit(credit(game, 1, units(1)), request(game, "a"));
  EXPECT_TRUE(
      std::holds_alternative<domain::Rejection>(store.ask(purchase(game, 1, units(5)), request(game, "b")).get()));
  store.commit(credit(game, 1, units(9)), request(game, "c"));
  auto const bought = store.commit(purchase(game, 1, units(5)), request(game, "b"));
  EXPECT_EQ(bought->first, Position(6));
}

TEST_F(WriterTest, AnEmptyIdIsNeverARepeat) {
  Store store(folder.path(), log);
  auto const game = store.make_game();
  EXPECT_NE(store.commit(credit(game, 1, units(1)))->first, store.commit(credit(game, 1, units(1)))->first);
}

TEST_F(WriterTest, TimeNeverGoesBackEvenOverARestart) {
  domain::Timestamp at;
  {
    Store store(folder.path(), log);
    store.clock().advance(5'000'000);
    auto const game = store.make_game();
    at = store.commit(credit(game, 1, units(1)))->at;
    store.clock().advance(-3'000'000);
    EXPECT_EQ(store.commit(credit(game, 1, units(1)))->at, at);
  }
  Store store(folder.path(), log);
  EXPECT_EQ(store.commit(create_game("Beta"))->at, at);
}

TEST_F(WriterTest, NoPersonalDataReachesTheLogInClear) {
  Store store(folder.path(), log);
  auto const game = store.make_game();
  auto command = credit(game, 1, units(1));
  command.player.name = "Grace Hopper";
  store.commit(command);
  for (auto const& row : log.rows()) {
    EXPECT_EQ(row.bytes.find("example.org"), std::string::npos);
    EXPECT_EQ(row.bytes.find("Grace"), std::string::npos);
  }
}

TEST_F(WriterTest, AReplyIsNeverAheadOfWhatReadersAndConsumersSee) {
  Store store(folder.path(), log);
  auto const cursor = store.tail().follow("test", {}, [] {});
  auto const game = store.make_game();
  std::uint64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    auto const commit = store.commit(credit(game, 1, units(1)));
    EXPECT_GE(store.durable().position(), commit->last());
    EXPECT_GE(store.tail().head(), commit->last());
    while (last < commit->last().value()) {
      auto const found = must(cursor->next());
      ASSERT_TRUE(found);
      EXPECT_EQ(found->commit->first.value(), last + 1);
      last = found->commit->last().value();
    }
  }
}

TEST_F(WriterTest, AFullQueueAnswersBusyAtOnce) {
  WriterOptions options;
  options.queue_limit = 8;
  options.batch_limit = 4;
  Store store(folder.path(), log, options);
  auto const game = store.make_game();
  log.block();
  std::vector<std::future<Outcome>> replies;
  for (int i = 0; i < 100; ++i) replies.push_back(store.ask(credit(game, 1, units(1)), {}));
  std::size_t busy = 0;
  for (auto& reply : replies) {
    if (!ready(reply)) continue;
    EXPECT_TRUE(unavailable(reply, Unavailable::busy));
    reply = {};
    ++busy;
  }
  EXPECT_GE(busy, 100u - 8 - 2 * 4);  // queue, being appended, decided
  log.unblock();
  for (auto& reply : replies) {
    if (reply.valid()) {
      EXPECT_TRUE(std::holds_alternative<Committed>(reply.get()));
    }
  }
}

TEST_F(WriterTest, AFailedAppendStopsEverythingAndTheLogDecides) {
  for (auto const failure : {MemoryLog::Failure::absent, MemoryLog::Failure::durable}) {
    TempFolder const own;
    MemoryLog failing;
    GameId game;
    {
      Store store(own.path(), failing);
      game = store.make_game();
      store.commit(credit(game, 1, units(10)), request(game, "before"));
      failing.block();
      failing.fail_next(failure);
      auto in_flight = store.ask(credit(game, 1, units(1)), request(game, "doubtful"));
      failing.wait_for_append(3);
      std::vector<std::future<Outcome>> decided;
      for (int i = 0; i < 40; ++i) decided.push_back(store.ask(credit(game, 1, units(1)), request(game, "later")));
      std::this_thread::sleep_for(20ms);
      failing.unblock();
      EXPECT_TRUE(unavailable(in_flight, Unavailable::outcome_unknown));
      for (auto& reply : decided) {
        auto const why = std::get<Unavailable>(reply.get());
        EXPECT_TRUE(why == Unavailable::outcome_unknown || why == Unavailable::stopped);
      }
      auto after = store.ask(credit(game, 1, units(1)), request(game, "after"));
      EXPECT_TRUE(unavailable(after, Unavailable::stopped));
      EXPECT_FALSE(store.writer().healthy());
      EXPECT_EQ(store.writer().fault()->what, "injected");
      EXPECT_FALSE(store.writer().stop().ok());
    }
    failing.restart();
    Store store(own.path(), failing);
    auto doubtful = store.ask(credit(game, 1, units(1)), request(game, "doubtful"));
    auto const outcome = doubtful.get();
    EXPECT_EQ(std::holds_alternative<Repeated>(outcome), failure == MemoryLog::Failure::durable);
    EXPECT_EQ(std::holds_alternative<Committed>(outcome), failure == MemoryLog::Failure::absent);
    store.commit(credit(game, 1, units(1)), request(game, "later"));
    auto const last = store.commit(purchase(game, 1, units(1)), request(game, "last"));
    EXPECT_EQ(std::get<domain::ItemPurchased>(last->events.back()).available_after, units(11));
    ASSERT_TRUE(store.writer().stop().ok());
    EXPECT_TRUE(verify(failing, nullptr).ok());
  }
}

TEST_F(WriterTest, ADamagedOriginalRefusesItsRequestInsteadOfGuessing) {
  GameId game;
  {
    Store store(folder.path(), log);
    game = store.make_game();
    store.commit(credit(game, 1, units(10)), request(game, "a"));
    for (int i = 0; i < 5000; ++i) store.ask(credit(game, 1, units(1)), {});
  }
  Store store(folder.path(), log);
  log.rows()[1].bytes.clear();
  auto repeated = store.ask(credit(game, 1, units(10)), request(game, "a"));
  EXPECT_TRUE(std::holds_alternative<Fault>(repeated.get()));
  EXPECT_TRUE(store.writer().healthy());
  EXPECT_TRUE(store.writer().stop().ok());
}

TEST_F(WriterTest, AnOriginalThatDecodesButIsNotWhatWasWrittenRefusesItsRequestAlone) {
  GameId game;
  {
    Store store(folder.path(), log);
    game = store.make_game();
    store.commit(credit(game, 1, units(10)), request(game, "a"));
    for (int i = 0; i < 5000; ++i) store.ask(credit(game, 1, units(1)), {});
  }
  Store store(folder.path(), log);
  auto& bytes = log.rows()[1].bytes;
  auto const id = bytes.find(std::string("a\0\0\0\0\0\0\0", 8));
  ASSERT_NE(id, std::string::npos);
  bytes[id + 8] ^= 1;  // the message stays whole
  auto repeated = store.ask(credit(game, 1, units(10)), request(game, "a"));
  auto const outcome = repeated.get();
  auto const* fault = std::get_if<Fault>(&outcome);
  ASSERT_NE(fault, nullptr);
  EXPECT_TRUE(fault->what.starts_with("position 2: ")) << fault->what;
  store.commit(credit(game, 1, units(1)), request(game, "b"));
}

TEST_F(WriterTest, ALostKeyOfAPersonRefusesWhatIsAboutThemAlone) {
  Store store(folder.path(), log);
  auto const game = store.make_game();
  store.commit(credit(game, 1, units(10)));
  store.commit(credit(game, 2, units(10)));
  {
    std::fstream keys(folder.path() / "persons.keys", std::ios::in | std::ios::out | std::ios::binary);
    keys.seekp(4096);
    keys << std::string(32, '\xff');
  }
  auto renamed = credit(game, 1, units(1));
  renamed.player.name = "another";
  renamed.player.name_tag = 7;
  renamed.player.renamed = true;
  auto const outcome = store.ask(renamed, {}).get();
  ASSERT_TRUE(std::holds_alternative<Fault>(outcome));
  store.commit(credit(game, 1, units(1)));  // nothing is sealed
  store.commit(credit(game, 3, units(1)));
  EXPECT_TRUE(store.writer().healthy());
}

TEST_F(WriterTest, AnIdThatCannotBeLookedUpNowIsBusyAndEverythingElseGoesOn) {
  GameId game;
  {
    Store store(folder.path(), log);
    game = store.make_game();
    store.commit(credit(game, 1, units(10)), request(game, "old"));
  }
  Store store(folder.path(), log);  // whose recent commits do not hold it
  for (auto const kind : {Fault::Kind::io, Fault::Kind::full, Fault::Kind::conflict, Fault::Kind::missing}) {
    log.fail_reads(Fault{kind, "no descriptor left"});
    auto repeated = store.ask(credit(game, 1, units(10)), request(game, "old"));
    auto reused = store.ask(credit(game, 1, units(11)), request(game, "old", 2));
    EXPECT_TRUE(unavailable(repeated, Unavailable::busy));
    EXPECT_TRUE(unavailable(reused, Unavailable::busy));
    store.commit(credit(game, 1, units(1)), request(game, "new" + std::to_string(static_cast<int>(kind))));
    EXPECT_TRUE(store.writer().healthy());
  }
  log.fail_reads(std::nullopt);
  auto repeated = store.ask(credit(game, 1, units(10)), request(game, "old"));
  EXPECT_TRUE(std::holds_alternative<Repeated>(repeated.get()));
  auto const bought = store.commit(purchase(game, 1, units(1)), request(game, "bought"));
  EXPECT_EQ(std::get<domain::ItemPurchased>(bought->events.back()).available_after, units(13));
  EXPECT_TRUE(store.writer().stop().ok());
}

TEST_F(WriterTest, AnOriginalOfANewerVersionRefusesItsRequest) {
  GameId game;
  {
    Store store(folder.path(), log);
    game = store.make_game();
    store.commit(credit(game, 1, units(10)), request(game, "old"));
  }
  Store store(folder.path(), log);
  log.fail_reads(Fault{Fault::Kind::unknown, "newer"});
  auto repeated = store.ask(credit(game, 1, units(10)), request(game, "old"));
  EXPECT_TRUE(std::holds_alternative<Fault>(repeated.get()));
  EXPECT_TRUE(store.writer().healthy());
}

TEST_F(WriterTest, StoppingDrainsAndSigns) {
  std::vector<std::future<Outcome>> replies;
  Store store(folder.path(), log);
  auto const game = store.make_game();
  for (int i = 0; i < 2000; ++i) replies.push_back(store.ask(credit(game, 1, units(1)), {}));
  auto const stopped = store.writer().stop();
  ASSERT_TRUE(stopped.ok());
  for (auto& reply : replies) EXPECT_TRUE(std::holds_alternative<Committed>(reply.get()));
  auto late = store.ask(credit(game, 1, units(1)), {});
  EXPECT_TRUE(unavailable(late, Unavailable::stopped));
  auto const checkpoint = must(store.checkpoints().read());
  EXPECT_EQ(checkpoint.size, 2001u);
  EXPECT_EQ(checkpoint.head, stopped.value().head);
  EXPECT_EQ(checkpoint.root, stopped.value().tree.root());
  EXPECT_TRUE(verify(log, &checkpoint).ok());
}

TEST_F(WriterTest, SignsCheckpointsWhileItRuns) {
  WriterOptions options;
  options.checkpoint_every = 1000;
  Store store(folder.path(), log, options);
  store.make_game();
  for (;;) {  // also when no commit follows
    auto const checkpoint = store.checkpoints().read();
    if (checkpoint && checkpoint.value().size == 1) break;
    std::this_thread::sleep_for(1ms);
  }
}

TEST_F(WriterTest, ACheckpointThatCannotBeWrittenStopsNothing) {
  WriterOptions options;
  options.checkpoint_every = 1000;
  std::filesystem::create_directory(folder.path() / "store");
  Store store(folder.path() / "store", log, options);
  auto const game = store.make_game();
  std::filesystem::rename(folder.path() / "store", folder.path() / "gone");
  while (!store.writer().checkpoint_fault()) {
    store.commit(credit(game, 1, units(1)));
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_TRUE(store.writer().healthy());
  store.commit(credit(game, 1, units(1)));
  std::filesystem::rename(folder.path() / "gone", folder.path() / "store");
  EXPECT_TRUE(store.writer().stop().ok());
}

TEST_F(WriterTest, ManySubmittersEachGetOneAnswerAndMoneyAddsUp) {
  Store store(folder.path(), log);
  auto const game = store.make_game();
  constexpr std::uint64_t kThreads = 4;
  constexpr int kEach = 1500;
  std::vector<std::thread> submitters;
  std::atomic<int> bought = 0;
  std::atomic<int> repeated = 0;
  for (std::uint64_t player = 0; player < kThreads; ++player) {
    store.commit(credit(game, player, units(kEach / 2)));
    submitters.emplace_back([&, player] {
      std::vector<std::future<Outcome>> window;
      for (int i = 0; i < kEach; ++i) {
        // Every second one is a retry of the one before.
        auto const id = "p" + std::to_string(player) + "-" + std::to_string(i / 2);
        window.push_back(store.ask(purchase(game, player, units(1)), request(game, id)));
        if (window.size() < 64 && i + 1 < kEach) continue;
        for (auto& reply : window) {
          auto const outcome = reply.get();
          bought += std::holds_alternative<Committed>(outcome);
          repeated += std::holds_alternative<Repeated>(outcome);
        }
        window.clear();
      }
    });
  }
  for (auto& submitter : submitters) submitter.join();
  EXPECT_EQ(bought, static_cast<int>(kThreads) * kEach / 2);
  EXPECT_EQ(repeated, static_cast<int>(kThreads) * kEach / 2);
  auto const stopped = store.writer().stop();
  ASSERT_TRUE(stopped.ok());
  for (auto const& wallet : {1, 2, 3, 4}) {
    EXPECT_EQ(stopped.value().state.wallet(domain::PlayerId(static_cast<std::uint64_t>(wallet)), domain::CurrencyId(1)),
              domain::Wallet());
  }
}

}  // namespace
}  // namespace florin::eventstore
