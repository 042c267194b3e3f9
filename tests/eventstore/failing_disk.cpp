#include "tests/eventstore/failing_disk.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

#include <sqlite3.h>

namespace florin {
namespace {

std::atomic<bool> writes_fail{false};
std::atomic<bool> syncs_fail{false};
sqlite3_vfs* original = nullptr;
sqlite3_vfs failing;

std::mutex mutex;                                  // guards the two
std::map<sqlite3_file const*, std::string> names;  // of open files
std::map<std::string, std::string> synced;         // contents at the last sync, by name

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
  if (syncs_fail) return SQLITE_IOERR_FSYNC;
  int const code = tables[0].original->xSync(file, flags);
  if (code != SQLITE_OK) return code;
  // Through SQLite's own descriptor: closing another would drop its locks.
  sqlite3_int64 size = 0;
  tables[0].original->xFileSize(file, &size);
  std::string content(static_cast<std::size_t>(size), '\0');
  constexpr std::size_t kPiece = 1u << 20;
  for (std::size_t at = 0; at < content.size(); at += kPiece) {
    auto const piece = static_cast<int>(std::min(kPiece, content.size() - at));
    tables[0].original->xRead(file, &content[at], piece, static_cast<sqlite3_int64>(at));
  }
  std::lock_guard const lock(mutex);
  synced[names[file]] = std::move(content);
  return SQLITE_OK;
}

// The original opens the file and works on it; only its table of functions is exchanged.
int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  int const code = original->xOpen(original, name, file, flags, out_flags);
  if (file->pMethods == nullptr) return code;
  if (name != nullptr) {
    std::lock_guard const lock(mutex);
    names[file] = name;
  }
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
  names.clear();
  synced.clear();
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

void FailingDisk::leave_written(std::filesystem::path const& from, std::filesystem::path const& to) {
  std::lock_guard const lock(mutex);
  for (auto const& entry : std::filesystem::directory_iterator(from)) {
    auto const copy = to / entry.path().filename();
    if (copy.string().ends_with("-shm")) continue;  // of the processes that are gone
    std::filesystem::copy_file(entry.path(), copy);
    if (auto const known = synced.find(entry.path().string()); known != synced.end()) {
      synced[copy.string()] = known->second;
    }
  }
}

void FailingDisk::leave_synced(std::filesystem::path const& from, std::filesystem::path const& to) {
  std::lock_guard const lock(mutex);
  for (auto const& [name, content] : synced) {
    std::filesystem::path const file(name);
    if (file.parent_path() != from) continue;
    std::ofstream(to / file.filename(), std::ios::binary) << content;
  }
}

void FailingDisk::fail_writes(bool on) { writes_fail = on; }
void FailingDisk::fail_syncs(bool on) { syncs_fail = on; }

}  // namespace florin
