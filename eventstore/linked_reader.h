// Reads a log in order on a thread of its own, checking the chain, and hands the commits over in blocks: hashing and
// reading one block overlap with whatever the caller does with the one before.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/chain.h"
#include "eventstore/log.h"

namespace florin::eventstore {

// "position N: …"
[[nodiscard]] Failure<Fault> fault_at(domain::Position position, Fault::Kind kind, std::string_view what);

// The caller's thread constructs, calls next() and destroys.
class LinkedReader {
 public:
  struct Row {
    domain::Position last;
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  // Consecutive commits whose links are right.
  struct Block {
    std::string bytes;
    std::vector<Row> rows;
    [[nodiscard]] std::string_view of(Row row) const { return std::string_view(bytes).substr(row.begin, row.size); }
  };

  // Starts after `head`, whose tree is `tree`; ends at the last commit that is not beyond `until` (zero: the end of
  // the log). With a checkpoint (may be null), tree and head are compared when the tree has its size.
  LinkedReader(Log& log, Head head, MerkleTree tree, domain::Position until, Checkpoint const* checkpoint);
  ~LinkedReader();

  // The next block; nullptr at the end. Valid until the next call. A fault comes after every good row before it.
  [[nodiscard]] Faulty<Block const*> next();

  // Once next() has returned nullptr: where the reader stands.
  [[nodiscard]] Head const& head() const { return head_; }
  [[nodiscard]] MerkleTree& tree() { return tree_; }

 private:
  void run();
  Faulty<Unit> read_all();
  Faulty<Unit> check(StoredCommit const& row);
  [[nodiscard]] bool hand_over();  // false: the caller wants no more

  Log& log_;
  Head head_;
  MerkleTree tree_;
  domain::Position const until_;
  Checkpoint const* const checkpoint_;
  Block filling_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Block> ready_;     // guarded
  std::vector<Block> spare_;    // guarded: used ones, with their memory
  bool ended_ = false;          // guarded
  bool cancelled_ = false;      // guarded
  std::optional<Fault> fault_;  // guarded
  Block current_;               // the caller's
  std::thread thread_;
};

}  // namespace florin::eventstore
