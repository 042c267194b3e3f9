// A row of the log: consecutive commits that were appended together, in one message, compressed when that makes it
// smaller, under one MAC (FORMAT.md, Rows). Whatever stores rows stores them as they are and knows nothing of this.
//
// A MAC covers everything in its row but the row's place: that is the link's, which follows from the row before.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "eventstore/store/codec.h"
#include "eventstore/store/log.h"
#include "eventstore/store/row_keys.h"

namespace florin::eventstore {

enum class RowForm : std::uint8_t {
  commit = 0,      // the bytes of one commit and nothing else: rows of format 1, which have no MAC
  packed = 1,      // a directory (of each commit: its size u32, its number of events u32), then the commits
  compressed = 2,  // the same as one zstd frame
};

struct StoredRow {
  domain::Position last;      // of its last commit
  std::uint32_t commits = 0;  // how many
  RowForm form = RowForm::packed;
  RowKeyNumber key = 0;  // under which the MAC was made; 0: without one
  std::string_view bytes{};
  domain::Digest link{};  // of its last commit
  domain::Digest mac{};   // zeros without a key
};

// Small enough that a look-up of one commit stays cheap (it opens the whole row), large enough that compression has
// something to find.
inline constexpr std::size_t kRowCommitsMax = 64;
inline constexpr std::size_t kRowBytesMax = 32u << 10;                     // unpacked, unless one commit is larger
inline constexpr std::size_t kStoredRowBytesMax = kMaxCommitBytes + 4096;  // one commit and its directory

// Makes rows. One thread.
class RowPacker {
 public:
  RowPacker();
  ~RowPacker();
  RowPacker(RowPacker const&) = delete;
  RowPacker& operator=(RowPacker const&) = delete;

  struct Packed {
    StoredRow row;  // valid until the next call
    std::size_t commits;
  };
  // Packs as many of `commits` as go into one row, at least the first; `before` is where the log ends. Without keys the
  // row has no MAC.
  [[nodiscard]] Packed pack(domain::Position before, std::span<StoredCommit const> commits, RowKeys const* keys);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Opens rows. One thread. Costly to make (zstd's tables, 160 KB): whoever reads keeps it.
class RowOpener {
 public:
  RowOpener();
  ~RowOpener();
  RowOpener(RowOpener const&) = delete;
  RowOpener& operator=(RowOpener const&) = delete;

  // Checks all of the row before it hands out any of it: the MAC before anything is unpacked (not without `keys`: an
  // auditor who has none), then the commits' sizes and positions, then that their links lead from `before` to the
  // row's. Kind::corrupt, naming the first position of the row, when one of them is wrong. `row.bytes` must stay where
  // they are, on a multiple of 8, as long as the commits are used.
  [[nodiscard]] ResultOr<Unit> open(Head const& before, StoredRow const& row, RowKeys const* keys);
  // What open() found. Valid until the next open().
  [[nodiscard]] std::span<StoredCommit const> commits() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::eventstore
