// The embedded log: one SQLite file in WAL mode, synchronous=FULL, one row a commit, no secondary index.
//
//   CREATE TABLE commits(position INTEGER PRIMARY KEY, bytes BLOB NOT NULL, link BLOB NOT NULL) STRICT
//
// One connection writes and checkpoints (SQLite 3.40: a known WAL-reset bug needs two); readers are read-only
// connections, pooled; a cursor keeps one for its life and must not outlive the log by long: the last connection to
// close tidies the WAL away. No mmap. FORMAT.md says what each kind of damage leads to.
#pragma once

#include <filesystem>
#include <memory>

#include "eventstore/runtime/files.h"
#include "eventstore/store/log.h"

namespace florin::eventstore {

class SqliteLog final : public Log {
 public:
  // Creates the file when absent. What it then holds is durable, also what a dead process wrote and never synced. Takes
  // an exclusive lock file beside it for as long as it lives, because already that writes; lease() counts epochs under
  // it. A second process is Kind::conflict. A file of a newer format is Kind::unknown.
  [[nodiscard]] static ResultOr<std::unique_ptr<SqliteLog>> open(std::filesystem::path const& file,
                                                                 Files& files = machine_files());
  // For auditors and tools: never writes, may run beside a live server. lease() and append() are
  // Kind::conflict.
  [[nodiscard]] static ResultOr<std::unique_ptr<SqliteLog>> open_read_only(std::filesystem::path const& file);
  ~SqliteLog() override;

  ResultOr<Epoch> lease() override;
  ResultOr<Unit> append(Append const& append) override;
  void keep_seeds_in(SeedKeeper& keeper) override;
  ResultOr<std::unique_ptr<LogCursor>> read(domain::Position from) override;
  ResultOr<Head> head() override;

 private:
  struct Impl;
  explicit SqliteLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::eventstore
