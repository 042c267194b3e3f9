// Reads a log in order: one thread reads and checks what it reads, one builds the tree, and the caller gets blocks of
// commits while the next ones are on their way.
#pragma once

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/store/chain.h"
#include "eventstore/store/channel.h"
#include "eventstore/store/log.h"

namespace florin::eventstore {

// "position N: …"
[[nodiscard]] Failure<Fault> fault_at(domain::Position position, Fault::Kind kind, std::string_view what);

// Corrupt, with the position, unless `commit` begins where `before` ends.
[[nodiscard]] ResultOr<Unit> check_follows(Head const& before, StoredCommit const& commit);

// The caller's thread constructs, calls next() and destroys.
class LinkedReader {
 public:
  struct Row {
    domain::Position last;
    std::size_t begin = 0;
    std::size_t size = 0;
    domain::Digest link{};
  };
  // Consecutive commits, and what ends them if anything does: a fault comes after every good row before it.
  struct Block {
    std::string bytes;
    std::vector<Row> rows;
    std::optional<Fault> fault;
    [[nodiscard]] std::string_view of(Row const& row) const {
      return std::string_view(bytes).substr(row.begin, row.size);
    }
  };

  // Starts after `head`, whose tree is `tree`; ends at the last commit that is not beyond `until` (zero: the end of
  // the log). With a checkpoint (may be null), tree and head are compared when the tree has its size.
  LinkedReader(Log& log, Head head, MerkleTree tree, domain::Position until, Checkpoint const* checkpoint);
  ~LinkedReader();

  // The next block; nullptr at the end. Valid until the next call.
  [[nodiscard]] ResultOr<Block const*> next();

  // Once next() has returned nullptr: where the reader stands.
  [[nodiscard]] Head const& head() const { return head_; }
  [[nodiscard]] MerkleTree& tree() { return tree_; }

 private:
  void read_all(Head const& before);  // on the reading thread
  std::optional<Block> read_but_last(Head const& before);
  void hash_all();  // on the hashing thread
  ResultOr<Unit> add(Row const& row);
  ResultOr<Unit> check_end() const;
  [[nodiscard]] Block fresh_block();

  Log& log_;
  domain::Position const until_;
  Checkpoint const* const checkpoint_;
  Head head_;        // the hashing thread's, then the caller's
  MerkleTree tree_;  // likewise
  Channel<Block> read_;
  Channel<Block> checked_;
  Channel<Block> spare_;  // used ones, with their memory
  Block current_;
  std::thread reading_;
  std::thread hashing_;
};

}  // namespace florin::eventstore
