#include "eventstore/engine/recovery.h"

#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "eventstore/store/sqlite_log.h"
#include "tests/support/memory_log.h"
#include "tests/support/store.h"
#include "tests/support/temp_folder.h"

namespace florin::eventstore {
namespace {

using namespace test_support;
using domain::Position;

class RecoveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Store store(folder.path(), log);
    game = store.make_game();
    for (std::uint64_t i = 0; i < 40; ++i) {
      store.commit(credit(game, i % 7, units(10)), request(game, "credit-" + std::to_string(i)));
      store.commit(purchase(game, i % 7, units(2)), request(game, "buy-" + std::to_string(i)));
    }
    auto stopped = must(store.writer().stop());
    head = stopped.head;
    tree = stopped.tree;
    checkpoint = {tree.size(), tree.root(), head};
  }

  // The fault of a row with this content must name the first position of the row.
  void expect_named(ResultOr<Verified> const& verified, std::size_t row) {
    ASSERT_FALSE(verified.ok());
    auto const first = row == 0 ? 1 : sound[row - 1].last.value() + 1;
    EXPECT_TRUE(verified.error().what.starts_with("position " + std::to_string(first) + ": ")) << verified.error().what;
  }

  // Makes every link right again, as someone would who may write to the log.
  void relink() {
    domain::Digest link{};
    for (auto& row : log.rows()) row.link = link = chain_link(link, row.last, row.bytes);
  }

  void change(std::size_t row, auto&& edit) {
    auto commit = must(decode(log.rows()[row].bytes));
    edit(commit);
    log.rows()[row].bytes.clear();
    Encoder().encode(commit, log.rows()[row].bytes);
    relink();
  }

  TempFolder folder;
  MemoryLog log;
  std::vector<MemoryLog::Row> const& sound = log.rows();
  domain::GameId game;
  Head head;
  MerkleTree tree;
  Checkpoint checkpoint;
};

TEST_F(RecoveryTest, SnapshotAndTailGiveWhatTheWholeLogGives) {
  Recovered all;
  ASSERT_TRUE(replay(log, all).ok());
  EXPECT_EQ(all.head, head);
  EXPECT_EQ(all.tree, tree);
  for (auto const& row : log.rows()) {
    Recovered part;
    ASSERT_TRUE(replay(log, part, row.last).ok());
    EXPECT_EQ(part.head.position, row.last);
    ASSERT_TRUE(write_snapshot(folder.path() / "snapshots", part).ok());
    DurableState durable;
    auto const recovered = must(recover(log, folder.path() / "snapshots", nullptr, &durable));
    EXPECT_TRUE(recovered.state == all.state);
    EXPECT_EQ(recovered.head, all.head);
    EXPECT_EQ(recovered.tree, all.tree);
    EXPECT_EQ(recovered.at, all.at);
    EXPECT_EQ(recovered.snapshot, row.last);
    EXPECT_EQ(durable.position(), all.head.position);
    EXPECT_TRUE(durable.read([&](domain::State const& state) { return state == all.state; }));
  }
}

TEST_F(RecoveryTest, ReplayStopsAtTheLastWholeCommitBeforeAPosition) {
  Recovered part;  // commit 2 has positions 2 to 4
  ASSERT_TRUE(replay(log, part, Position(3)).ok());
  EXPECT_EQ(part.head.position, Position(1));
}

TEST_F(RecoveryTest, AnEmptyLogIsAFreshStart) {
  MemoryLog empty;
  auto const recovered = must(recover(empty, folder.path() / "none", nullptr));
  EXPECT_EQ(recovered.head, Head{});
  auto const verified = must(verify(empty, nullptr));
  EXPECT_EQ(verified.commits, 0u);
  EXPECT_EQ(verified.root, MerkleTree().root());
}

TEST_F(RecoveryTest, TheRequestIndexIsRefilledFromWhereItIsCovered) {
  for (auto const keep : {0u, 30u, 81u}) {
    Recovered part;
    ASSERT_TRUE(replay(log, part, keep == 0 ? Position() : log.rows()[keep - 1].last).ok());
    ASSERT_TRUE(write_snapshot(folder.path() / "snapshots", part).ok());
    std::filesystem::remove_all(folder.path() / "requests");
    auto const index = must(RequestIndex::open(folder.path() / "requests", head.position, {16, 1u << 20}));
    must(recover(log, folder.path() / "snapshots", index.get()));
    for (auto const& row : log.rows()) {
      auto const commit = must(decode(row.bytes));
      if (commit.request.id.empty()) continue;
      EXPECT_EQ(must(index->candidates(game, commit.request.id)), std::vector{commit.first});
    }
  }
}

TEST_F(RecoveryTest, VerifyAcceptsASoundLog) {
  auto const verified = must(verify(log, &checkpoint));
  EXPECT_EQ(verified.commits, log.rows().size());
  EXPECT_EQ(verified.events, head.position.value());
  EXPECT_EQ(verified.head, head);
  EXPECT_EQ(verified.root, tree.root());
  EXPECT_TRUE(check_checkpoint(log, checkpoint).ok());
}

TEST_F(RecoveryTest, AnyChangedBitOfAnyRowIsNamed) {
  std::mt19937_64 random(11);
  for (std::size_t row = 0; row < log.rows().size(); ++row) {
    auto const good = log.rows()[row];
    auto const bit = static_cast<char>(1 << random() % 8);
    for (std::size_t at = random() % 8; at < good.bytes.size(); at += 8) {
      log.rows()[row].bytes[at] = static_cast<char>(log.rows()[row].bytes[at] ^ bit);
      expect_named(verify(log, nullptr), row);
      log.rows()[row] = good;
    }
    log.rows()[row].link[random() % 32] ^= static_cast<std::uint8_t>(1 << random() % 8);
    expect_named(verify(log, nullptr), row);
    log.rows()[row] = good;
    Recovered recovered;
    log.rows()[row].bytes[good.bytes.size() - 1] ^= 1;
    auto const replayed = replay(log, recovered);
    ASSERT_FALSE(replayed.ok());
    EXPECT_EQ(replayed.error().kind, Fault::Kind::corrupt);
    log.rows()[row] = good;
  }
}

TEST_F(RecoveryTest, AChangedKeyIsNamed) {
  for (auto const row : {0u, 5u, 80u}) {
    auto const good = log.rows()[row].last;
    log.rows()[row].last = next(good);
    ASSERT_FALSE(verify(log, nullptr).ok());
    log.rows()[row].last = good;
  }
}

TEST_F(RecoveryTest, AMissingRowIsNamed) {
  auto const rows = log.rows();
  for (std::size_t row = 0; row + 1 < rows.size(); ++row) {
    log.rows() = rows;
    log.rows().erase(log.rows().begin() + static_cast<std::ptrdiff_t>(row));
    auto const verified = verify(log, nullptr);
    ASSERT_FALSE(verified.ok());
    auto const first = row == 0 ? 1 : rows[row - 1].last.value() + 1;
    EXPECT_TRUE(verified.error().what.starts_with("position " + std::to_string(first) + ": "));
  }
  log.rows() = rows;
}

TEST_F(RecoveryTest, ATruncatedLogIsNoticedByTheCheckpoint) {
  auto const lost = log.rows().back();
  log.rows().pop_back();
  EXPECT_TRUE(verify(log, nullptr).ok());
  auto const verified = verify(log, &checkpoint);
  ASSERT_FALSE(verified.ok());
  EXPECT_TRUE(verified.error().what.starts_with("position " + std::to_string(lost.last.value()) + ": missing"));
  EXPECT_FALSE(check_checkpoint(log, checkpoint).ok());
}

TEST_F(RecoveryTest, ARewrittenLogIsNoticedByTheCheckpoint) {
  change(10, [](domain::Commit& commit) { commit.request.id += "!"; });
  EXPECT_TRUE(verify(log, nullptr).ok());
  EXPECT_FALSE(verify(log, &checkpoint).ok());
  EXPECT_FALSE(check_checkpoint(log, checkpoint).ok());
}

TEST_F(RecoveryTest, ImpossibleEventsWithRightLinksAreFaultsAndNotAborts) {
  auto const rows = log.rows();
  auto const impossible = [&](auto&& edit, std::string const& why) {
    log.rows() = rows;
    change(2, [&](domain::Commit& commit) { edit(std::get<domain::ItemPurchased>(commit.events.at(0))); });
    auto const verified = verify(log, nullptr);
    ASSERT_FALSE(verified.ok()) << why;
    EXPECT_EQ(verified.error().kind, Fault::Kind::corrupt);
    EXPECT_TRUE(verified.error().what.starts_with("position 5: ItemPurchased: ")) << verified.error().what;
    EXPECT_NE(verified.error().what.find(why), std::string::npos) << verified.error().what;
  };
  impossible([](domain::ItemPurchased& e) { e.available_after += units(1); }, "does not add up");
  impossible([](domain::ItemPurchased& e) { e.player = domain::PlayerId(99); }, "never joined");
  impossible([](domain::ItemPurchased& e) { e.currency = domain::CurrencyId(7); }, "not of the player's game");
  impossible([](domain::ItemPurchased& e) { e.platform_fee += units(1); }, "sum to zero");
  impossible([](domain::ItemPurchased& e) { e.total = domain::Money::from_minor(INT64_MIN); }, "out of range");

  auto const replaced = [&](domain::Event event, std::string const& why) {
    log.rows() = rows;
    change(2, [&](domain::Commit& commit) { commit.events.at(0) = std::move(event); });
    auto const verified = verify(log, nullptr);
    ASSERT_FALSE(verified.ok()) << why;
    EXPECT_NE(verified.error().what.find(why), std::string::npos) << verified.error().what;
  };
  domain::PersonalText const sealed{"box", true};
  replaced(domain::IdentityRegistered{domain::IdentityId(9), {}, sealed}, "out of sequence");
  replaced(domain::IdentityRegistered{domain::IdentityId(2), person(0).email_index, sealed}, "twice");
  replaced(domain::PlayerJoined{domain::PlayerId(2), game, domain::IdentityId(1), sealed, 0}, "twice");
  replaced(domain::PlayerJoined{domain::PlayerId(2), domain::GameId(3), domain::IdentityId(1), sealed, 0}, "game");
  replaced(domain::PlayerJoined{domain::PlayerId(2), game, domain::IdentityId(8), sealed, 0}, "identity");
  replaced(domain::PlayerRenamed{domain::PlayerId(1), domain::IdentityId(8), sealed, 0}, "foreign");
  replaced(domain::GameUpdated{domain::GameId(3), {}}, "does not exist");
  replaced(domain::SdkKeyRotated{domain::GameId(3), {}, {}}, "does not exist");
  replaced(domain::GameCreated{game, {}, {}, {}}, "exists");
  log.rows() = rows;
}

// The real file: whatever byte changes, the audit names a position, or nothing that it says has changed.
TEST_F(RecoveryTest, AnyFlippedByteOfTheLogFileIsNamedOrChangesNothing) {
  auto const file = folder.path() / "log.db";
  {
    auto const real = must(SqliteLog::open(file));
    Position before;
    for (auto const& row : log.rows()) {
      StoredCommit const commit{row.last, row.bytes, row.link};
      must(real->append({before, must(real->lease()), {&commit, 1}}));
      before = row.last;
    }
  }
  std::ifstream in(file, std::ios::binary);
  std::string const good((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  auto const sound_log = must(verify(*must(SqliteLog::open_read_only(file)), &checkpoint));
  auto const seed = std::random_device{}();
  std::mt19937_64 random(seed);
  int named = 0;
  for (int round = 0; round < 400; ++round) {
    auto const at = random() % good.size();
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 + random() % 255));
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bad;
    auto const opened = SqliteLog::open_read_only(file);
    if (!opened) continue;  // the file's header: said at once
    auto const verified = verify(*opened.value(), &checkpoint);
    if (verified) {
      ASSERT_EQ(verified.value().head, sound_log.head) << "byte " << at << ", seed " << seed;
      ASSERT_EQ(verified.value().root, sound_log.root) << "byte " << at << ", seed " << seed;
    } else {
      ASSERT_TRUE(verified.error().what.starts_with("position ")) << verified.error().what;
      ++named;
    }
  }
  EXPECT_GT(named, 100);
}

TEST_F(RecoveryTest, TimeThatGoesBackIsNamed) {
  change(4, [](domain::Commit& commit) { commit.at = domain::Timestamp::from_micros(1); });
  expect_named(verify(log, nullptr), 4);
}

}  // namespace
}  // namespace florin::eventstore
