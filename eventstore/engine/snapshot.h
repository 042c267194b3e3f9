// Snapshots of the write model, so that a start replays only the tail. Derived: deleting every one costs time only.
//
// File snapshot-<position>.bin: blocks of at most 4 MiB, each followed by a digest that chains all blocks before it,
// so that a reader never acts on a byte it has not checked and reads the file once. In the blocks: where it stands,
// the games, the flat rows, the refunded orders, the open matters (state_file.h; FORMAT.md, Snapshots). Written to a
// temporary name, fsynced, renamed. The two newest are kept: a damaged one falls back to the one before.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "domain/ledger.h"
#include "eventstore/runtime/files.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/log.h"

namespace florin::eventstore {

// Everything that recovery restores: the state after `head`, and the tree over the commits up to it.
struct Recovered {
  domain::State state;
  Head head;
  MerkleTree tree;
  domain::Timestamp at;         // of the commit at `head`: the next one is never earlier
  domain::Position snapshot{};  // where the snapshot stood from which it was recovered; zero: none
};

// Also deletes older snapshots than the one before, and any beyond `recovered.head` (of another history). Hashing
// and writing run on a second thread.
[[nodiscard]] ResultOr<Unit> write_snapshot(std::filesystem::path const& folder, Recovered const& recovered,
                                            Files& files = machine_files());

// The newest snapshot that is whole, not beyond `limit`, and of this log: the log has its link at its position.
// Kind::missing when there is none. Others that were tried are named in `skipped` (may be null) and left in place.
[[nodiscard]] ResultOr<Recovered> read_newest_snapshot(std::filesystem::path const& folder, Log& log,
                                                       domain::Position limit,
                                                       std::vector<std::string>* skipped = nullptr,
                                                       Files& files = machine_files());

}  // namespace florin::eventstore
