#include "eventstore/store/sqlite_log.h"

#include <atomic>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eventstore/runtime/open_files.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/sqlite.h"
#include "tests/eventstore/failing_disk.h"
#include "tests/eventstore/log_rows.h"
#include "tests/eventstore/temporary_folder.h"
#include "tests/support/format_1_log.h"

namespace florin::eventstore {
namespace {

using domain::Position;

std::unique_ptr<SqliteLog> opened(std::filesystem::path const& file) {
  auto log = SqliteLog::open(file);
  EXPECT_TRUE(log) << (log ? "" : log.error().what);
  return std::move(log).value();
}

std::string content(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void replace(std::filesystem::path const& path, std::string const& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

// A closed log of rows 1 … `rows`.
void make_log(std::filesystem::path const& file, std::uint64_t rows) {
  ASSERT_TRUE(append(*opened(file), Position(), range(1, rows)));
}

void execute(std::filesystem::path const& path, std::string const& sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

TEST(SqliteLog, AFullDiskIsToldApartAndReadsGoOn) {
  FailingDisk disk;
  TemporaryFolder const folder;
  auto log = opened(folder / "log.db");
  ASSERT_TRUE(append(*log, Position(), {1, 2, 3}));
  disk.fail_writes(true);
  EXPECT_EQ(append(*log, Position(3), {4}).error().kind, Fault::Kind::full);
  EXPECT_EQ(positions(*log, Position(1)), range(1, 3));
  disk.fail_writes(false);
  EXPECT_EQ(append(*log, Position(3), {4}).error().kind, Fault::Kind::full) << "still refused";
  log.reset();
  log = opened(folder / "log.db");
  EXPECT_EQ(positions(*log, Position(1)), range(1, 3));
  EXPECT_TRUE(append(*log, Position(3), {4}));
}

TEST(SqliteLog, AFailedSyncStopsItAndTheNextStartIsConsistent) {
  FailingDisk disk;
  TemporaryFolder const folder;
  auto log = opened(folder / "log.db");
  ASSERT_TRUE(append(*log, Position(), {1, 2, 3}));
  disk.fail_syncs(true);
  EXPECT_EQ(append(*log, Position(3), {4, 5}).error().kind, Fault::Kind::io);
  disk.fail_syncs(false);
  EXPECT_FALSE(append(*log, Position(3), {4, 5}));
  log.reset();
  log = opened(folder / "log.db");
  auto const found = positions(*log, Position(1));
  EXPECT_TRUE(found == range(1, 3) || found == range(1, 5)) << found.size();
  EXPECT_TRUE(append(*log, Position(found.size()), {found.size() + 1}));
}

// A process wrote and died before the sync; the next one recovers, serves, and then the power goes.
TEST(SqliteLog, WhatADeadProcessDidNotSyncIsDurableBeforeItIsServed) {
  FailingDisk disk;
  TemporaryFolder const first;
  TemporaryFolder const second;
  TemporaryFolder const third;
  auto dying = opened(first / "log.db");
  ASSERT_TRUE(append(*dying, Position(), {1, 2, 3}));
  disk.fail_syncs(true);
  ASSERT_FALSE(append(*dying, Position(3), {4, 5}));
  disk.leave_written(first.path(), second.path());
  dying.reset();
  disk.fail_syncs(false);

  auto serving = opened(second / "log.db");
  auto const served = positions(*serving, Position(1));
  EXPECT_EQ(served, range(1, 5)) << "what was written can be recovered";
  ASSERT_TRUE(append(*serving, Position(5), {6}));
  disk.leave_synced(second.path(), third.path());
  EXPECT_EQ(positions(*opened(third / "log.db"), Position(1)), range(1, 6));
  TemporaryFolder const fourth;
  disk.leave_written(second.path(), fourth.path());
  serving.reset();

  // The same without a write of its own: whoever was only asked must be as certain.
  TemporaryFolder const fifth;
  TemporaryFolder const sixth;
  auto dying_again = opened(fourth / "log.db");
  ASSERT_TRUE(append(*dying_again, Position(6), {7}));
  disk.fail_syncs(true);
  ASSERT_FALSE(append(*dying_again, Position(7), {8}));
  disk.leave_written(fourth.path(), fifth.path());
  dying_again.reset();
  disk.fail_syncs(false);
  serving = opened(fifth / "log.db");
  EXPECT_EQ(serving->head().value().position, Position(8));
  disk.leave_synced(fifth.path(), sixth.path());
  EXPECT_EQ(positions(*opened(sixth / "log.db"), Position(1)), range(1, 8));
}

// What a reader keeps in the WAL is as durable as what is copied out of it, or it is a fault.
TEST(SqliteLog, ACheckpointAtOpenThatAReaderHoldsUpSyncsTheWal) {
  TemporaryFolder const folder;
  TemporaryFolder const after;
  make_log(folder / "log.db", 1);
  FailingDisk disk;
  auto const name = (folder / "log.db").string();
  auto const writer = sqlite::open(name, SQLITE_OPEN_READWRITE);
  auto const reader = sqlite::open(name, SQLITE_OPEN_READWRITE);
  ASSERT_TRUE(writer && reader);
  auto* const writing = writer.value().get();
  auto* const reading = reader.value().get();
  ASSERT_TRUE(sqlite::execute(writing, "PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x)"));
  ASSERT_TRUE(sqlite::execute(reading, "BEGIN; SELECT count(*) FROM t"));
  // All that the reader sees is copied already, and nothing of what came later is synced.
  ASSERT_TRUE(sqlite::execute(writing, "PRAGMA wal_checkpoint(PASSIVE); PRAGMA synchronous=OFF"));
  ASSERT_TRUE(sqlite::execute(writing, "INSERT INTO t VALUES(1); PRAGMA synchronous=FULL"));
  sqlite3_busy_timeout(writing, 1);
  disk.fail_syncs(true);
  auto const failed = sqlite::make_wal_durable(writing, name);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, Fault::Kind::io) << failed.error().what;
  disk.fail_syncs(false);
  auto const held_up = sqlite::make_wal_durable(writing, name);
  ASSERT_TRUE(held_up) << held_up.error().what;
  disk.leave_synced(folder.path(), after.path());
  auto const survivor = sqlite::open((after / "log.db").string(), SQLITE_OPEN_READWRITE);
  ASSERT_TRUE(survivor);
  auto const rows = sqlite::query_integer(survivor.value().get(), "SELECT count(*) FROM t");
  ASSERT_TRUE(rows) << rows.error().what;
  EXPECT_EQ(rows.value(), 1);

  EXPECT_GT(std::filesystem::file_size(folder / "log.db-wal"), 0u);
  ASSERT_TRUE(sqlite::execute(reading, "COMMIT"));
  EXPECT_TRUE(sqlite::make_wal_durable(writing, name));
  EXPECT_EQ(std::filesystem::file_size(folder / "log.db-wal"), 0u);
}

// 40 MiB pass through a WAL that is copied away at 16.
TEST(SqliteLog, CopiesTheWalAsItGrowsAndTidiesItOnClose) {
  TemporaryFolder const folder;
  auto log = opened(folder / "log.db");
  std::string const bytes(256u << 10, 'x');
  std::uintmax_t largest = 0;
  for (std::uint64_t last = 0; last < 160; ++last) {
    ASSERT_TRUE(append_one(*log, Position(last), Position(last + 1), bytes));
    largest = std::max(largest, std::filesystem::file_size(folder / "log.db-wal"));
  }
  EXPECT_LT(largest, 24u << 20);
  EXPECT_GT(std::filesystem::file_size(folder / "log.db"), 4u << 20);
  log.reset();
  EXPECT_FALSE(std::filesystem::exists(folder / "log.db-wal"));
}

TEST(SqliteLog, ReadOnlyFindsWhatALiveWriterAppends) {
  TemporaryFolder const folder;
  auto const log = opened(folder / "log.db");
  ASSERT_TRUE(append(*log, Position(), {1}));
  auto const auditor = std::move(SqliteLog::open_read_only(folder / "log.db")).value();
  EXPECT_EQ(positions(*auditor, Position(1)), range(1, 1));
  ASSERT_TRUE(append(*log, Position(1), {2}));
  EXPECT_EQ(positions(*auditor, Position(1)), range(1, 2));
  EXPECT_EQ(auditor->lease().error().kind, Fault::Kind::conflict);
  StoredCommit const row{Position(3), "three", {}};
  EXPECT_EQ(auditor->append({Position(2), Epoch{1}, {&row, 1}}).error().kind, Fault::Kind::conflict);
  ASSERT_TRUE(append(*log, Position(2), {3}));
}

TEST(SqliteLog, ReadOnlyReadsAClosedLog) {
  TemporaryFolder const folder;
  make_log(folder / "log.db", 10);
  EXPECT_EQ(positions(*SqliteLog::open_read_only(folder / "log.db").value(), Position(1)), range(1, 10));
  EXPECT_TRUE(append(*opened(folder / "log.db"), Position(10), {11}));
}

TEST(SqliteLog, ReadOnlyReadsAReadOnlyCopy) {
  TemporaryFolder const folder;
  make_log(folder / "log.db", 10);
  auto const copy = folder / "a copy?100%#1";
  std::filesystem::create_directory(copy);
  std::filesystem::copy_file(folder / "log.db", copy / "log.db");
  std::filesystem::permissions(copy, std::filesystem::perms(0555));
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  // root may write anywhere, so it takes another user's eyes.
  bool const root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  auto const log = SqliteLog::open_read_only(copy / "log.db");
  auto const found = log ? positions(*log.value(), Position(1)) : std::vector<std::uint64_t>();
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  std::filesystem::permissions(copy, std::filesystem::perms(0755));
  ASSERT_TRUE(log) << log.error().what;
  EXPECT_EQ(found, range(1, 10));
  EXPECT_FALSE(std::filesystem::exists(copy / "log.db-wal"));
}

TEST(SqliteLog, NothingThereIsMissingForReadingOnly) {
  TemporaryFolder const folder;
  EXPECT_EQ(SqliteLog::open_read_only(folder / "log.db").error().kind, Fault::Kind::missing);
}

TEST(SqliteLog, WhatIsNotALogIsCorruptAndANewerFormatIsUnknown) {
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
TEST(SqliteLog, AFlippedByteOfARowIsReportedAtItsPosition) {
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

TEST(SqliteLog, ATruncatedFileIsReported) {
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

TEST(SqliteLog, ReadsAndWritesGoOnWithNoDescriptorLeft) {
  TemporaryFolder const folder;
  auto log = opened(folder.path() / "log.db");
  ASSERT_TRUE(append(*log, Position(), range(1, 10)));
  // What is open stays open under the limit; nothing more can be opened.
  auto const starved = [&] {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    limit.rlim_cur = 3;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 2;
    std::vector<std::unique_ptr<LogCursor>> cursors;
    for (int i = 0; i < 4; ++i) {
      auto cursor = log->read(Position(1));
      if (!cursor || !cursor.value()->next()) return 3;
      cursors.push_back(std::move(cursor).value());
    }
    if (log->read(Position(1))) return 4;  // one too many
    cursors.pop_back();
    if (!log->read(Position(1))) return 5;
    if (!log->head()) return 5;
    return append(*log, Position(10), {11}).ok() ? 0 : 6;
  };
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  auto const result = starved();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(result, 0);
}

TEST(OpenFiles, TheSoftLimitBecomesTheHardOne) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  auto lowered = before;
  lowered.rlim_cur = std::min<rlim_t>(64, before.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
  EXPECT_EQ(raise_open_file_limit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

// A closed log of format 1 with the rows 1 … `rows`.
void make_format_1(std::filesystem::path const& file, std::uint64_t rows) {
  auto log = test_support::Format1Log::create(file);
  ASSERT_TRUE(log) << log.error().what;
  domain::Digest link{};
  for (std::uint64_t last = 1; last <= rows; ++last) {
    auto const bytes = bytes_at(Position(last));
    link = chain_link(link, Position(last), bytes);
    StoredCommit const commit{Position(last), bytes, link};
    ASSERT_TRUE(log.value().append({&commit, 1}));
  }
}

TEST(SqliteLog, ALogOfFormat1IsBroughtUpToDateAndGoesOn) {
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
TEST(SqliteLog, NobodyAppendsToTheRowsOfFormat1) {
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

TEST(SqliteLog, ARowWithoutARightMacIsRefusedAlsoWhenItsLinkIsRight) {
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

TEST(SqliteLog, KeysAreNeverMadeForALogThatHasRows) {
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

TEST(SqliteLog, WhatIsNotOfOurSchemaIsCorrupt) {
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

// Killed in the middle of appending: everything that was acknowledged is there, and nothing out of order.
TEST(SqliteLog, KeepsEveryAcknowledgedRowWhenTheProcessIsKilled) {
  TemporaryFolder const folder;
  std::uint64_t known = 0;
  for (int round = 0; round < 5; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    auto const child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto log = SqliteLog::open(folder / "log.db");
      if (!log) ::_exit(1);
      for (auto last = log.value()->head().value().position.value();; last += 3) {
        if (!append(*log.value(), Position(last), range(last + 1, last + 3))) ::_exit(1);
        auto const acknowledged = last + 3;
        if (::write(pipe_ends[1], &acknowledged, sizeof acknowledged) < 0) ::_exit(1);
      }
    }
    ::close(pipe_ends[1]);
    std::uint64_t acknowledged = 0;
    for (int i = 0; i < 40; ++i) {
      ASSERT_EQ(::read(pipe_ends[0], &acknowledged, sizeof acknowledged), int{sizeof acknowledged});
    }
    ::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &acknowledged, sizeof acknowledged) > 0) {
    }
    ::close(pipe_ends[0]);
    ::waitpid(child, nullptr, 0);
    auto const log = opened(folder / "log.db");
    known = log->head().value().position.value();
    EXPECT_GE(known, acknowledged);
    EXPECT_EQ(positions(*log, Position(1)), range(1, known));
  }
}

}  // namespace
}  // namespace florin::eventstore
