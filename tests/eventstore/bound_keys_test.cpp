#include "eventstore/engine/bound_keys.h"

#include <gtest/gtest.h>

#include "eventstore/engine/fold_check.h"
#include "tests/support/memory_log.h"
#include "tests/support/store.h"
#include "tests/support/temp_folder.h"

namespace florin::eventstore {
namespace {

using namespace test_support;
using domain::KeysBound;
using domain::Position;

class BoundKeysTest : public ::testing::Test {
 protected:
  // A life of the server: what it committed.
  domain::Position live(domain::Command command) {
    Store store(folder.path(), log, {}, {64, 1u << 20}, &row_keys);
    (void)store.ask(std::move(command), {}).get();
    return must(store.writer().stop()).head.position;
  }
  [[nodiscard]] std::vector<domain::Event> events() {
    std::vector<domain::Event> found;
    auto const cursor = must(log.read(Position(1)));
    while (auto const row = must(cursor->next())) {
      auto const commit = must(decode(row->bytes));
      found.insert(found.end(), commit.events.begin(), commit.events.end());
    }
    return found;
  }
  [[nodiscard]] std::optional<KeysBound> bound() {
    return must(recover(log, folder.path() / "none", nullptr)).state.keys();
  }

  TempFolder folder;
  MemoryLog log;
  std::filesystem::path file = folder.path() / "rows.keys";
  RowKeys row_keys = must(RowKeys::create(file));
};

TEST_F(BoundKeysTest, StandBeforeTheFirstCommitOfALogAndBeforeTheNextOfAnotherKeyOfRows) {
  EXPECT_EQ(live(create_game()), Position(2));
  auto const vault = must(Vault::open(folder.path()));
  EXPECT_EQ(events().at(0), domain::Event(keys_in_use(*vault, row_keys)));
  EXPECT_EQ(live(create_game()), Position(3)) << "once";

  ASSERT_TRUE(row_keys.add(file));
  EXPECT_EQ(live(create_game()), Position(5));
  EXPECT_EQ(events().at(3), domain::Event(keys_in_use(*vault, row_keys)));
  EXPECT_EQ(bound()->row_key, 2u);
  EXPECT_TRUE(check_keys(bound(), *vault, row_keys));
}

// The decision knew its position, so that the binding stays.
TEST_F(BoundKeysTest, StandAlsoBeforeARefusal) {
  EXPECT_EQ(live(domain::RotateSdkKey{domain::GameId(1), {}}), Position(1));
  EXPECT_EQ(live(create_game()), Position(2));
}

TEST_F(BoundKeysTest, OfAnotherVaultOrOlderOnesAreRefused) {
  auto const vault = must(Vault::open(folder.path()));
  auto const first = row_keys;
  EXPECT_TRUE(check_keys(std::nullopt, *vault, row_keys)) << "a log of an older release";
  auto const bound = keys_in_use(*vault, row_keys);
  EXPECT_TRUE(check_keys(bound, *vault, row_keys));

  TempFolder elsewhere;
  auto const other = must(Vault::open(elsewhere.path()));
  EXPECT_EQ(check_keys(bound, *other, row_keys).error().kind, Fault::Kind::corrupt);
  auto const other_rows = must(RowKeys::create(elsewhere.path() / "rows.keys"));
  EXPECT_EQ(check_keys(bound, *vault, other_rows).error().kind, Fault::Kind::corrupt);

  ASSERT_TRUE(row_keys.add(file));
  EXPECT_TRUE(check_keys(bound, *vault, row_keys)) << "one more";
  EXPECT_EQ(check_keys(keys_in_use(*vault, row_keys), *vault, first).error().kind, Fault::Kind::corrupt);
}

TEST_F(BoundKeysTest, ForgedOnesAreImpossible) {
  domain::State state;
  auto const why = [&](KeysBound const& keys) {
    return why_impossible(state, domain::Event(keys), {{}, Position(1), Position(1)});
  };
  EXPECT_NE(why({{1}, 0, {}}), nullptr) << "no number";
  EXPECT_EQ(why({{1}, 1, {}}), nullptr);
  domain::apply(state, domain::Event(KeysBound{{1}, 2, {}}), {});
  EXPECT_EQ(why({{1}, 3, {}}), nullptr);
  EXPECT_NE(why({{1}, 2, {}}), nullptr) << "the same again";
  EXPECT_NE(why({{2}, 3, {}}), nullptr) << "another vault";
}

}  // namespace
}  // namespace florin::eventstore
