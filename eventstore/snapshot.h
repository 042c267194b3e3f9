// Snapshots of the write model, so that a start replays only the tail. Derived: deleting every one costs time only.
//
// File snapshot-<position>.bin: header (magic, version, position, link, Merkle subtrees), the games as one encoded
// commit of GameCreated-like facts, the flat rows, the refunded orders, and a SHA-256 of it all at the end. Written
// to a temporary name, fsynced, renamed. The two newest are kept: a damaged one falls back to the one before.
#pragma once

#include <filesystem>

#include "domain/ledger.h"
#include "eventstore/chain.h"
#include "eventstore/log.h"

namespace florin::eventstore {

// Everything that recovery restores: the state after `head`, and the tree over the commits up to it.
struct Recovered {
  domain::State state;
  Head head;
  MerkleTree tree;
};

[[nodiscard]] Faulty<Unit> write_snapshot(std::filesystem::path const& folder, Recovered const& recovered);
// The newest snapshot that is whole and not beyond `limit`; Kind::missing when there is none. Damaged files are
// named in `skipped` (may be null) and left for the operator.
[[nodiscard]] Faulty<Recovered> read_newest_snapshot(std::filesystem::path const& folder, domain::Position limit,
                                                     std::vector<std::string>* skipped = nullptr);

}  // namespace florin::eventstore
