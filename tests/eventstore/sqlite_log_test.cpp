#include "eventstore/store/sqlite_log.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eventstore/runtime/open_files.h"
#include "eventstore/store/sqlite.h"
#include "tests/eventstore/failing_disk.h"
#include "tests/eventstore/log_files.h"
#include "tests/eventstore/temporary_folder.h"

namespace florin::eventstore {
namespace {

using domain::Position;

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
