#include "tests/eventstore/failing_disk.h"

#include <array>

#include <sqlite3.h>

namespace florin {
namespace {

std::atomic<bool> writes_fail{false};
std::atomic<bool> syncs_fail{false};
sqlite3_vfs* original = nullptr;
sqlite3_vfs failing;

// SQLite has one table of functions for the database and another for the WAL; both write and sync alike.
struct Table {
  sqlite3_io_methods const* original = nullptr;
  sqlite3_io_methods failing;
};
std::array<Table, 4> tables;

int write(sqlite3_file* file, void const* bytes, int size, sqlite3_int64 offset) {
  return writes_fail ? SQLITE_FULL : tables[0].original->xWrite(file, bytes, size, offset);
}

int sync(sqlite3_file* file, int flags) {
  return syncs_fail ? SQLITE_IOERR_FSYNC : tables[0].original->xSync(file, flags);
}

// The original opens the file and works on it; only its table of functions is exchanged.
int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  int const code = original->xOpen(original, name, file, flags, out_flags);
  if (file->pMethods == nullptr) return code;
  for (auto& table : tables) {
    if (table.original == nullptr) {
      table.original = file->pMethods;
      table.failing = *file->pMethods;
      table.failing.xWrite = write;
      table.failing.xSync = sync;
    }
    if (table.original != file->pMethods) continue;
    file->pMethods = &table.failing;
    break;
  }
  return code;
}

}  // namespace

FailingDisk::FailingDisk() {
  fail_writes(false);
  fail_syncs(false);
  original = sqlite3_vfs_find("unix");
  failing = *original;
  failing.zName = "failing";
  failing.pNext = nullptr;
  failing.xOpen = open;
  sqlite3_vfs_register(&failing, 1);
}

FailingDisk::~FailingDisk() {
  sqlite3_vfs_unregister(&failing);
  sqlite3_vfs_register(original, 1);
}

void FailingDisk::fail_writes(bool on) { writes_fail = on; }
void FailingDisk::fail_syncs(bool on) { syncs_fail = on; }

}  // namespace florin
