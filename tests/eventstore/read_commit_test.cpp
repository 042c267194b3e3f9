#include "eventstore/store/read_commit.h"

#include <random>

#include <gtest/gtest.h>

#include "eventstore/store/commit_reader.h"
#include "eventstore/store/facts.h"
#include "tests/support/memory_log.h"
#include "tests/support/store.h"
#include "tests/support/temp_folder.h"

namespace florin::eventstore {
namespace {

using domain::Position;
using namespace test_support;

class ReadCommitTest : public testing::Test {
 protected:
  void SetUp() override {
    Store store(folder.path(), log);
    auto const game = store.make_game();
    for (std::uint64_t person = 1; person <= 4; ++person) {
      commits.push_back(store.commit(credit(game, person, units(10))));  // several events each
      commits.push_back(store.commit(purchase(game, person, units(1))));
    }
  }

  TempFolder folder;
  MemoryLog log;
  std::vector<CommitPtr> commits;
};

TEST_F(ReadCommitTest, FindsEachCommitByItsFirstPositionOnly) {
  for (auto const& commit : commits) {
    auto const found = must(read_commit(log, commit->first));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->events, commit->events);
    for (auto inside = next(commit->first); inside <= commit->last(); inside = next(inside)) {
      EXPECT_FALSE(must(read_commit(log, inside))) << inside.value();
    }
  }
  EXPECT_FALSE(must(read_commit(log, Position())));
  EXPECT_FALSE(must(read_commit(log, next(commits.back()->last()))));
  EXPECT_FALSE(must(read_commit(log, Position(~0ull))));
}

TEST_F(ReadCommitTest, AFactIsTheEventOfItsKindWithItsPlace) {
  FactReader const facts(log);
  auto const& sold = *commits[1];
  auto const fact = must(facts.find<domain::ItemPurchased>(sold.first));
  ASSERT_TRUE(fact);
  EXPECT_EQ(**fact, std::get<domain::ItemPurchased>(sold.events.back()));
  EXPECT_EQ(fact->commit(), sold.first);
  EXPECT_EQ(fact->at(), sold.at);
  EXPECT_FALSE(must(facts.find<domain::CurrencyPurchased>(sold.first)));
  EXPECT_FALSE(must(facts.find<domain::ItemPurchased>(next(sold.first, 1'000))));
  log.rows()[2].bytes.back() ^= 1;
  EXPECT_FALSE(facts.find<domain::ItemPurchased>(sold.first));
}

TEST_F(ReadCommitTest, AChangedBitOfARowIsAFaultThatNamesIt) {
  std::mt19937 random(15);
  for (int i = 0; i < 2'000; ++i) {
    auto const which = 1 + random() % (log.rows().size() - 1);  // row 0 makes the game
    auto& row = log.rows()[which];
    auto const before = row;
    if (random() % 8 == 0) {
      row.link[random() % row.link.size()] ^= static_cast<std::uint8_t>(1 << random() % 8);
    } else {
      row.bytes[random() % row.bytes.size()] ^= static_cast<char>(1 << random() % 8);
    }
    auto const first = commits[which - 1]->first;
    auto const read = read_commit(log, first);
    ASSERT_FALSE(read) << "iteration " << i;
    EXPECT_EQ(read.error().kind, Fault::Kind::corrupt);
    EXPECT_NE(read.error().what.find("position " + std::to_string(first.value()) + ":"), std::string::npos)
        << read.error().what;
    row = before;
  }
}

TEST_F(ReadCommitTest, AMissingRowIsAFaultAndNotAnAbsence) {
  log.rows().erase(log.rows().begin() + 3);
  auto const lost = read_commit(log, commits[2]->first);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, Fault::Kind::corrupt);
  auto const after = read_commit(log, commits[3]->first);
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().kind, Fault::Kind::corrupt);
  EXPECT_TRUE(must(read_commit(log, commits[4]->first)));
}

TEST_F(ReadCommitTest, ACursorDoesNotPassADamagedRow) {
  log.rows()[4].bytes[24] ^= 1;
  auto cursor = must(CommitReader::after(log, {}));
  ASSERT_TRUE(cursor);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(must(cursor->next()));
  auto const damaged = cursor->next();
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, Fault::Kind::corrupt);
  EXPECT_FALSE(cursor->next());
}

TEST_F(ReadCommitTest, NumbersOfADerivedFileAreChecked) {
  auto const& commit = *commits[0];
  ASSERT_GT(commit.events.size(), 1u);
  EXPECT_EQ(event_at(commit, commit.first), &commit.events.front());
  EXPECT_EQ(event_at(commit, commit.last()), &commit.events.back());
  EXPECT_EQ(event_at(commit, next(commit.last())), nullptr);
  EXPECT_EQ(event_at(commit, Position(commit.first.value() - 1)), nullptr);
  EXPECT_EQ(event_at(commit, Position(~0ull)), nullptr);
}

}  // namespace
}  // namespace florin::eventstore
