// The simulated disk forgets what it may forget and nothing else; SQLite works on it.
#include "tests/simulation/simulated_disk.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "eventstore/runtime/durable_file.h"

namespace florin::simulation {
namespace {

using eventstore::OpenFor;

TEST(SimulatedDisk, KeepsWhatWasSyncedUnderNamesThatWere) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimulatedDisk disk(seed);
    ASSERT_TRUE(eventstore::replace_file(disk.files(), "/folder/file", "old", 0600));
    ASSERT_TRUE(eventstore::replace_file(disk.files(), "/folder/file", "new", 0600));
    disk.power_cut();
    auto const found = eventstore::read_file(disk.files(), "/folder/file", 100);
    ASSERT_TRUE(found);
    EXPECT_EQ(found.value(), "new");
  }
}

TEST(SimulatedDisk, LosesKeepsAndTearsWhatWasNotSynced) {
  SimulatedDisk::Losses all;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimulatedDisk disk(seed);
    ASSERT_TRUE(eventstore::replace_file(disk.files(), "/folder/file", std::string(4096, 'a'), 0600));
    auto const file = disk.files().open("/folder/file", OpenFor::updating);
    ASSERT_TRUE(file);
    for (std::uint64_t i = 0; i < 4; ++i) ASSERT_TRUE(file.value()->write(i * 1024, std::string(1024, 'b')));
    ASSERT_TRUE(disk.files().open("/folder/other", OpenFor::creating));
    auto const losses = disk.power_cut();
    all.lost += losses.lost;
    all.torn += losses.torn;
    all.kept += losses.kept;
    all.names_lost += losses.names_lost;
  }
  EXPECT_GT(all.lost, 100);
  EXPECT_GT(all.torn, 50);
  EXPECT_GT(all.kept, 50);
  EXPECT_GT(all.names_lost, 50);
}

TEST(SimulatedDisk, APlannedFaultComesAtItsCall) {
  SimulatedDisk disk(1);
  ASSERT_TRUE(eventstore::replace_file(disk.files(), "/folder/file", "whole", 0600));
  auto const file = disk.files().open("/folder/file", OpenFor::updating);
  ASSERT_TRUE(file);
  disk.plan(DiskFault::disk_full, 2);
  EXPECT_TRUE(file.value()->write(0, "x"));
  auto const second = file.value()->write(0, "y");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, eventstore::Fault::Kind::full);
  EXPECT_TRUE(disk.take_fault());
  EXPECT_TRUE(file.value()->sync());
  disk.die();
  EXPECT_FALSE(file.value()->write(0, "z"));
  disk.restart();
  EXPECT_EQ(eventstore::read_file(disk.files(), "/folder/file", 100).value(), "xhole");
}

int rows_of(sqlite3* connection) {
  int rows = -1;
  sqlite3_exec(
      connection, "SELECT count(*) FROM t",
      [](void* into, int, char** values, char**) {
        *static_cast<int*>(into) = std::atoi(values[0]);
        return 0;
      },
      &rows, nullptr);
  return rows;
}

// A commit in WAL mode with synchronous=FULL survives every power cut; one that was not made is not there.
TEST(SimulatedDisk, SqliteKeepsItsPromiseOnIt) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SimulatedDisk disk(seed);
    InstalledVfs const vfs(disk, seed);
    int committed = 0;
    for (int life = 0; life < 4; ++life) {
      sqlite3* connection = nullptr;
      ASSERT_EQ(sqlite3_open("/folder/test.db", &connection), SQLITE_OK);
      ASSERT_EQ(sqlite3_exec(connection,
                             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS "
                             "t(a INTEGER PRIMARY KEY, b BLOB)",
                             nullptr, nullptr, nullptr),
                SQLITE_OK);
      ASSERT_TRUE(disk.files().make_folder("/folder"));
      // The one whose COMMIT failed may have been committed.
      int const rows = rows_of(connection);
      EXPECT_TRUE(rows == committed || rows == committed + 1) << "seed " << seed << ", life " << life << ": " << rows;
      committed = rows;
      disk.plan(DiskFault::death, 5 + seed % 23);
      for (int i = 0; i < 20; ++i) {
        if (sqlite3_exec(connection, "INSERT INTO t(b) VALUES(randomblob(3000))", nullptr, nullptr, nullptr) !=
            SQLITE_OK) {
          break;
        }
        ++committed;
      }
      disk.die();
      sqlite3_close(connection);
      disk.power_cut();
    }
  }
}

}  // namespace
}  // namespace florin::simulation
