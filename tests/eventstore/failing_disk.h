// SQLite's ordinary disk with a switch: while one is alive, connections opened afterwards write and sync through it.
#pragma once

#include <atomic>

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
};

}  // namespace florin
