// SQLite's ordinary disk with a switch: while one is alive, connections opened afterwards write and sync through it. It
// remembers what was synced, and can show what a dead process and a power cut leave of it.
#pragma once

#include <atomic>
#include <filesystem>

namespace florin {

class FailingDisk {
 public:
  FailingDisk();
  ~FailingDisk();
  FailingDisk(FailingDisk const&) = delete;
  FailingDisk& operator=(FailingDisk const&) = delete;

  // From now on every write ends with SQLITE_FULL, every sync with SQLITE_IOERR_FSYNC.
  void fail_writes(bool on);
  void fail_syncs(bool on);

  // Makes `to` (empty) what a new process finds when the one that uses `from` has died: all that was written.
  void leave_written(std::filesystem::path const& from, std::filesystem::path const& to);
  // The same after a power cut: what was synced, under names that were.
  void leave_synced(std::filesystem::path const& from, std::filesystem::path const& to);
};

}  // namespace florin
