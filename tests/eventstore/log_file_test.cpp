// The log's file: its format, what brings an older one up to date, and what damage to it leads to.
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "tests/eventstore/log_files.h"
#include "tests/eventstore/temporary_folder.h"

namespace florin::eventstore {
namespace {

using domain::Position;

TEST(LogFile, WhatIsNotALogIsCorruptAndANewerFormatIsUnknown) {
  TemporaryFolder const folder;
  replace(folder / "text.db", std::string(10'000, 'x'));
  EXPECT_EQ(SqliteLog::open(folder / "text.db").error().kind, Fault::Kind::corrupt);
  EXPECT_EQ(SqliteLog::open_read_only(folder / "text.db").error().kind, Fault::Kind::corrupt);

  execute(folder / "other.db", "CREATE TABLE t(x)");
  EXPECT_EQ(SqliteLog::open(folder / "other.db").error().kind, Fault::Kind::corrupt);

  make_log(folder / "log.db", 3);
  execute(folder / "log.db", "PRAGMA user_version=3");
  EXPECT_EQ(SqliteLog::open(folder / "log.db").error().kind, Fault::Kind::unknown);
  EXPECT_EQ(SqliteLog::open_read_only(folder / "log.db").error().kind, Fault::Kind::unknown);
}

// Whatever happens to one byte of a row: the cursor returns what was written or a fault at its position, never crashes,
// never loops.
TEST(LogFile, AFlippedByteOfARowIsReportedAtItsPosition) {
  TemporaryFolder const folder;
  constexpr std::uint64_t kRows = 100;
  {
    auto const log = opened(folder / "log.db");
    ASSERT_TRUE(log->use_keys(folder / "rows.keys"));
    for (std::uint64_t last = 0; last < kRows; ++last) ASSERT_TRUE(append(*log, Position(last), {last + 1}));
  }
  auto const whole = content(folder / "log.db");
  auto const seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  int unnoticed = 0;
  for (int round = 0; round < 300; ++round) {
    auto const row = 1 + random() % kRows;
    auto const text = bytes_at(Position(row));
    auto const begin = whole.find(text);
    ASSERT_NE(begin, std::string::npos);
    auto changed = whole;
    // The row: size of the payload, key, up to ten bytes of record header, three numbers, the directory; then the
    // commit, its link and its MAC.
    std::size_t const before = 2 + 1 + 10 + 8;
    auto const at = begin - before + random() % (before + text.size() + 64);
    changed[at] = static_cast<char>(changed[at] ^ (1 + static_cast<int>(random() % 255)));
    auto const path = folder / ("flip" + std::to_string(round) + ".db");
    replace(path, changed);

    auto const log = SqliteLog::open_read_only(path);
    if (!log) continue;  // its page is not even opened
    ASSERT_TRUE(log.value()->use_keys(folder / "rows.keys"));
    auto const cursor = std::move(log.value()->read(Position(1))).value();
    std::uint64_t expected = 1;
    for (int steps = 0; steps < 400; ++steps) {
      auto const next = cursor->next();
      if (!next) {
        EXPECT_EQ(next.error().kind, Fault::Kind::corrupt);
        EXPECT_NE(next.error().what.find("position " + std::to_string(expected)), std::string::npos);
        break;
      }
      if (!next.value()) {
        // The last row, under another key: the head row misses it.
        EXPECT_TRUE(expected == kRows + 1 || (expected == kRows && !log.value()->head())) << expected;
        ++unnoticed;
        break;
      }
      EXPECT_EQ(next.value()->last, Position(expected));
      EXPECT_EQ(next.value()->bytes, bytes_at(Position(expected)));
      ++expected;
    }
    std::filesystem::remove(path);
  }
  // The type of the position column, which SQLite keeps as the row's key (FORMAT.md), and what lies before a row.
  EXPECT_LT(unnoticed, 30);
}

TEST(LogFile, ATruncatedFileIsReported) {
  TemporaryFolder const folder;
  make_log(folder / "log.db", 2000);
  auto const whole = content(folder / "log.db");
  replace(folder / "log.db", whole.substr(0, whole.size() / 2));
  auto const log = SqliteLog::open_read_only(folder / "log.db");
  if (!log) {
    EXPECT_EQ(log.error().kind, Fault::Kind::corrupt);
    return;
  }
  auto const cursor = std::move(log.value()->read(Position(1))).value();
  std::uint64_t last = 0;
  for (;;) {
    auto const next = cursor->next();
    if (!next) {
      EXPECT_EQ(next.error().kind, Fault::Kind::corrupt);
      EXPECT_NE(next.error().what.find("position " + std::to_string(last + 1)), std::string::npos);
      return;
    }
    ASSERT_TRUE(next.value()) << "ended at " << last << " as if nothing were missing";
    last = next.value()->last.value();
  }
}

// What no row holds any more is missed, also when it was the only one.
TEST(LogFile, ThatDoesNotEndWhereItsHeadRowSaysHasNoHead) {
  for (char const* sql : {"DELETE FROM rows", "DELETE FROM rows WHERE position = 3", "UPDATE head SET position = 4",
                          "UPDATE head SET position = 0", "DELETE FROM head"}) {
    TemporaryFolder const folder;
    auto const file = folder / "log.db";
    {
      auto const log = opened(file);
      ASSERT_TRUE(append(*log, Position(), {1, 2}));
      ASSERT_TRUE(append(*log, Position(2), {3}));
    }
    EXPECT_EQ(SqliteLog::open_read_only(file).value()->head().value().position, Position(3));
    execute(file, sql);
    auto const head = SqliteLog::open_read_only(file).value()->head();
    ASSERT_FALSE(head) << sql << ": " << head.value().position.value();
    EXPECT_EQ(head.error().kind, Fault::Kind::corrupt) << sql;
  }
}

TEST(LogFile, NumbersThatNoRowHasAreCorrupt) {
  for (char const* sql : {"UPDATE rows SET commits = commits + 4294967296", "UPDATE rows SET key = key + 4294967296",
                          "UPDATE rows SET commits = -1", "UPDATE rows SET form = 3"}) {
    TemporaryFolder const folder;
    auto const file = folder / "log.db";
    make_log(file, 3);
    execute(file, sql);
    auto const first = SqliteLog::open_read_only(file).value()->read(Position(1)).value()->next();
    ASSERT_FALSE(first) << sql;
    EXPECT_EQ(first.error().kind, Fault::Kind::corrupt) << sql;
  }
}

TEST(LogFile, ALogOfFormat1IsBroughtUpToDateAndGoesOn) {
  TemporaryFolder const folder;
  auto const file = folder / "log.db";
  make_format_1(file, 1000);
  {
    auto const auditor = SqliteLog::open_read_only(file);
    ASSERT_TRUE(auditor) << auditor.error().what;
    EXPECT_EQ(positions(*auditor.value(), Position(1)), range(1, 1000)) << "as it is";
    EXPECT_EQ(auditor.value()->head().value().position, Position(1000));
  }
  for (std::uint64_t life = 0; life < 3; ++life) {
    auto const log = opened(file);
    ASSERT_TRUE(log->use_keys(folder / "rows.keys"));
    auto const head = 1000 + 10 * life;
    EXPECT_EQ(log->head().value().position, Position(head));
    EXPECT_EQ(positions(*log, Position(1)), range(1, head));
    EXPECT_EQ(positions(*log, Position(999)), range(999, head));
    ASSERT_TRUE(append(*log, Position(head), range(head + 1, head + 10)));
    EXPECT_EQ(positions(*log, Position(1000)), range(1000, head + 10));
    EXPECT_EQ(positions(*log, Position(1001)), range(1001, head + 10));
  }
}

// Format 1 asks for no MAC: what claims to be of it must not stand behind a row that has one.
TEST(LogFile, NobodyAppendsToTheRowsOfFormat1) {
  TemporaryFolder const folder;
  auto const file = folder / "log.db";
  make_format_1(file, 3);
  {
    auto const log = opened(file);
    ASSERT_TRUE(log->use_keys(folder / "rows.keys"));
    ASSERT_TRUE(append(*log, Position(3), {4}));
  }
  auto const link = [&] { return SqliteLog::open_read_only(file).value()->head().value().link; }();
  auto const forged = bytes_at(Position(5));
  auto const next = chain_link(link, Position(5), forged);
  execute(file, "INSERT INTO commits VALUES(5, CAST('" + forged + "' AS BLOB), x'" +
                    domain::to_hex({reinterpret_cast<char const*>(next.data()), next.size()}) + "')");
  auto const log = opened(file);
  ASSERT_TRUE(log->use_keys(folder / "rows.keys"));
  EXPECT_EQ(log->head().value().position, Position(4));
  EXPECT_EQ(positions(*log, Position(1)), range(1, 4));
  EXPECT_TRUE(append(*log, Position(4), {5}));
  EXPECT_EQ(positions(*log, Position(5)), range(5, 5));
}

TEST(LogFile, ARowWithoutARightMacIsRefusedAlsoWhenItsLinkIsRight) {
  TemporaryFolder const folder;
  auto const file = folder / "log.db";
  {
    auto const log = opened(file);
    ASSERT_TRUE(log->use_keys(folder / "rows.keys"));
    ASSERT_TRUE(append(*log, Position(), {1, 2, 3}));
  }
  // A tool that knows the format but not the key.
  ASSERT_TRUE(append(*opened(file), Position(3), {4}));
  {
    auto const log = opened(file);
    EXPECT_EQ(positions(*log, Position(1)), range(1, 4)) << "its links are right";
    ASSERT_TRUE(log->use_keys(folder / "rows.keys"));
    auto const cursor = std::move(log->read(Position(3))).value();
    EXPECT_EQ(cursor->next().value()->last, Position(3));
    auto const refused = cursor->next();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Fault::Kind::corrupt);
    EXPECT_TRUE(refused.error().what.starts_with("position 4: ")) << refused.error().what;
    EXPECT_FALSE(cursor->next()) << "it does not pass it";
  }
}

TEST(LogFile, KeysAreNeverMadeForALogThatHasRows) {
  TemporaryFolder const folder;
  auto const file = folder / "log.db";
  {
    auto const log = opened(file);
    ASSERT_TRUE(log->use_keys(folder / "rows.keys"));
    ASSERT_TRUE(append(*log, Position(), {1}));
  }
  std::filesystem::remove(folder / "rows.keys");
  EXPECT_EQ(opened(file)->use_keys(folder / "rows.keys").error().kind, Fault::Kind::corrupt);
  EXPECT_FALSE(std::filesystem::exists(folder / "rows.keys"));
}

TEST(LogFile, WhatIsNotOfOurSchemaIsCorrupt) {
  for (char const* sql :
       {"CREATE TRIGGER swallow BEFORE INSERT ON rows BEGIN SELECT RAISE(IGNORE); END",
        "CREATE INDEX more ON rows(link)", "CREATE TABLE more(x)", "DROP TABLE head", "CREATE VIEW more AS SELECT 1",
        "UPDATE head SET position = 2", "DELETE FROM head", "INSERT INTO head VALUES(2, 3, 0)"}) {
    TemporaryFolder const folder;
    make_log(folder / "log.db", 3);
    execute(folder / "log.db", sql);
    EXPECT_EQ(SqliteLog::open(folder / "log.db").error().kind, Fault::Kind::corrupt) << sql;
  }
}

}  // namespace
}  // namespace florin::eventstore
