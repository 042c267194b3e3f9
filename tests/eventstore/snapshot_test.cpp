#include "eventstore/engine/snapshot.h"

#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "tests/support/facts.h"
#include "tests/support/memory_log.h"
#include "tests/support/store.h"
#include "tests/support/temp_folder.h"

namespace florin::eventstore {
namespace {

namespace fs = std::filesystem;
using namespace test_support;
using domain::Position;

std::vector<fs::path> files_in(fs::path const& folder) {
  std::vector<fs::path> files;
  for (auto const& file : fs::directory_iterator(folder)) files.push_back(file.path());
  std::sort(files.begin(), files.end());
  return files;
}

void flip_byte(fs::path const& file, std::uint64_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  char byte = 0;
  stream.get(byte);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(static_cast<char>(byte ^ 0x04));
}

class SnapshotTest : public ::testing::Test {
 protected:
  // A state with every part in use, as of the commits so far.
  Recovered grow(int commits) {
    Store store(folder.path(), log);
    auto game = must(log.head()).position ? domain::GameId() : store.make_game();
    if (!game) game = game_id;
    game_id = game;
    for (int i = 0; i < commits; ++i) {
      store.commit(credit(game, static_cast<std::uint64_t>(i), units(10)));
      auto const bought = store.commit(purchase(game, static_cast<std::uint64_t>(i), units(3)));
      if (i % 3 == 0) {
        store.commit(domain::RefundItem{game, samples::fact_in<domain::ItemPurchased>(*bought), "changed my mind"});
      }
    }
    domain::GameChanges changes;
    changes.name = "Alpha " + std::to_string(must(log.head()).position.value());  // a change, each time
    changes.icon_url = "https://example.org/icon.png";
    changes.limits = {{domain::LimitKind::batch_reads_per_minute, 9}};
    changes.status = domain::GameStatus::live;
    store.commit(domain::UpdateGame{game, changes});
    store.commit(domain::RotateSdkKey{game, {9}, false});
    auto const other = store.commit(create_game("Beta" + std::to_string(must(log.head()).position.value())));
    changes.linked_games = std::vector{std::get<domain::GameCreated>(other->events[0]).game};
    store.commit(domain::UpdateGame{game, changes});
    return must(store.writer().stop());
  }

  ResultOr<Recovered> read(Position limit = Position(1'000'000)) {
    skipped.clear();
    return read_newest_snapshot(folder.path() / "snaps", log, limit, &skipped);
  }
  ResultOr<Unit> write(Recovered const& recovered) { return write_snapshot(folder.path() / "snaps", recovered); }

  static void expect_same(Recovered const& a, Recovered const& b) {
    EXPECT_EQ(a.head, b.head);
    EXPECT_EQ(a.tree, b.tree);
    EXPECT_EQ(a.at, b.at);
    EXPECT_TRUE(a.state == b.state);
  }

  TempFolder folder;
  MemoryLog log;
  domain::GameId game_id;
  std::vector<std::string> skipped;
};

TEST_F(SnapshotTest, ComesBackAsItWas) {
  auto const recovered = grow(20);
  ASSERT_TRUE(write(recovered).ok());
  auto const back = must(read());
  expect_same(back, recovered);
  EXPECT_EQ(back.state.games().at(0).previous_keys, recovered.state.games().at(0).previous_keys);
  EXPECT_TRUE(back.state.find_identity(person(3).email_index).has_value());
  EXPECT_EQ(back.state.wallet(domain::PlayerId(1), domain::CurrencyId(1)).available, units(10));
  EXPECT_TRUE(skipped.empty());
}

TEST_F(SnapshotTest, ManyBlocksAndRowsComeBack) {
  auto recovered = grow(1);
  for (std::uint64_t i = 100; i < 400'000; ++i) {
    recovered.state.restore_identity({person(i).email_index});
    recovered.state.restore_player({static_cast<std::uint32_t>(recovered.state.identity_count()), 0});
    recovered.state.restore_wallet({static_cast<std::uint32_t>(recovered.state.player_count()), 1, 5, 0});
  }
  ASSERT_TRUE(write(recovered).ok());
  expect_same(must(read()), recovered);
}

TEST_F(SnapshotTest, ThereIsNoneInAnEmptyOrAbsentFolder) { EXPECT_EQ(read().error().kind, Fault::Kind::missing); }

TEST_F(SnapshotTest, AnyDamageFallsBackToTheOneBefore) {
  auto const older = grow(4);
  ASSERT_TRUE(write(older).ok());
  auto const newer = grow(4);
  ASSERT_TRUE(write(newer).ok());
  auto const file = files_in(folder.path() / "snaps").back();
  auto const whole = fs::file_size(file);
  std::mt19937_64 random(7);
  for (std::uint64_t at = 0; at < whole; at += 1 + random() % 40) {
    flip_byte(file, at);
    auto const back = read();
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back.value().head, older.head) << "byte " << at;
    EXPECT_EQ(skipped.size(), 1u);
    flip_byte(file, at);
  }
  EXPECT_EQ(must(read()).head, newer.head);
  for (std::uint64_t size = 0; size < whole; size += 1 + random() % 200) {
    fs::copy_file(file, folder.path() / "copy", fs::copy_options::overwrite_existing);
    fs::resize_file(file, size);
    EXPECT_EQ(must(read()).head, older.head) << "cut at " << size;
    fs::copy_file(folder.path() / "copy", file, fs::copy_options::overwrite_existing);
  }
  std::ofstream(file, std::ios::app) << "more";
  EXPECT_EQ(must(read()).head, older.head);
}

TEST_F(SnapshotTest, OneBeyondTheLimitIsNotUsed) {
  auto const older = grow(2);
  ASSERT_TRUE(write(older).ok());
  auto const newer = grow(2);
  ASSERT_TRUE(write(newer).ok());
  EXPECT_EQ(must(read(Position(newer.head.position.value() - 1))).head, older.head);
  EXPECT_EQ(read(Position(1)).error().kind, Fault::Kind::missing);
}

TEST_F(SnapshotTest, OneOfAnotherHistoryIsNotUsed) {
  auto const recovered = grow(2);
  ASSERT_TRUE(write(recovered).ok());
  log.rows().back().link[0] ^= 1;
  EXPECT_EQ(read().error().kind, Fault::Kind::missing);
  EXPECT_EQ(skipped.size(), 1u);
}

TEST_F(SnapshotTest, KeepsTheTwoNewestAndNothingOfAnotherHistory) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(write(grow(1)).ok());
  std::ofstream(folder.path() / "snaps" / "snapshot-00000000000000000001.bin.tmp") << "half";
  std::ofstream(folder.path() / "snaps" / "snapshot-00000000000009999999.bin") << "beyond the log";
  auto const last = grow(1);
  ASSERT_TRUE(write(last).ok());
  auto const files = files_in(folder.path() / "snaps");
  ASSERT_EQ(files.size(), 2u);
  fs::remove(files.back());
  EXPECT_LT(must(read()).head.position, last.head.position);
}

}  // namespace
}  // namespace florin::eventstore
