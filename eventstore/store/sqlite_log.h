// The embedded log: one SQLite file in WAL mode, synchronous=FULL, no secondary index. A row holds what was appended
// together (row.h); rows of format 1, a commit each, stay where they are. FORMAT.md has the tables, and what each kind
// of damage leads to.
//
// One connection writes and checkpoints (SQLite 3.40: a known WAL-reset bug needs two); readers are read-only
// connections, pooled; a cursor keeps one for its life and must not outlive the log by long: the last connection to
// close tidies the WAL away. No mmap.
#pragma once

#include <filesystem>
#include <memory>

#include "eventstore/runtime/files.h"
#include "eventstore/runtime/runtime.h"
#include "eventstore/store/log.h"
#include "eventstore/store/row_keys.h"

namespace florin::eventstore {

class SqliteLog final : public Log {
 public:
  // Creates the file when absent. What it then holds is durable, also what a dead process wrote and never synced. Takes
  // an exclusive lock file beside it for as long as it lives, and counts its openings in the file: a second process is
  // Kind::conflict. A file of a newer format is Kind::unknown; one of format 1 becomes one of format 2.
  [[nodiscard]] static ResultOr<std::unique_ptr<SqliteLog>> open(std::filesystem::path const& file,
                                                                 Files& files = machine_files());
  // For auditors and tools: never writes, may run beside a live server. lease() and append() are
  // Kind::conflict.
  [[nodiscard]] static ResultOr<std::unique_ptr<SqliteLog>> open_read_only(std::filesystem::path const& file);
  ~SqliteLog() override;

  ResultOr<Epoch> lease() override;
  // Reads the keys in `file`, and makes it where there is none and no row was written yet; Kind::corrupt where it is
  // missing and rows were written. From then on rows are written with MACs, and read only when theirs are right. Before
  // anybody reads events or appends; without it rows have no MAC, and none is checked.
  [[nodiscard]] ResultOr<Unit> use_keys(std::filesystem::path const& file, Runtime& runtime = machine());
  // Null without use_keys().
  [[nodiscard]] RowKeys const* keys() const;

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
