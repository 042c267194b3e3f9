// The engine: the way of a submission, in steps that somebody else calls. It has no thread, no lock and no timer of its
// own; writer.h drives it with two threads, a simulation with one.
//
//   decide    idempotency, decide, seal, apply, encode                the deciding thread
//   append    rows chained, one durable append with their seeds       the appending thread
//   publish   the durable state, then the tail                        the appending thread
//   answer    the replies                                             the appending thread
//
// Invariants, whoever drives it: a reply leaves only after its commit, or the commit that it repeats, is durable and
// visible in the durable state; consumers of the tail never see a commit that the durable state lacks; after a fault
// nothing more is decided or appended, because only recovery knows what reached the disk.
#pragma once

#include <span>
#include <vector>

#include "eventstore/engine/decider.h"
#include "eventstore/engine/durable_state.h"
#include "eventstore/engine/recovery.h"
#include "eventstore/engine/tail.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/row_keys.h"

namespace florin::eventstore {

// What an engine works on. Everything outlives it.
struct EngineParts {
  Log& log;
  Epoch epoch;  // of the lease under which the engine appends
  Vault& vault;
  RequestIndex& requests;
  CheckpointFile const& checkpoints;
  Clock const& clock;
  DurableState& durable;  // stands where `recovered` stands
  Tail& tail;             // likewise
  Runtime& runtime = machine();
  RowKeys const* row_keys = nullptr;  // under which the log writes; null: none, and then no keys are bound
};

class Engine {
 public:
  // `recovered` is where the log stands, and check_keys() found its keys to be these. The first append of a log that is
  // not bound to them yet begins with a commit that binds it.
  Engine(Recovered recovered, EngineParts const& parts);

  // --- the deciding thread ---

  // Decides `some` in order; each gets its answer in `batch`, and its commit if there is one. The clock is read once
  // for all of them. After a fault the submissions that were not answered still own their replies.
  [[nodiscard]] ResultOr<Unit> decide(std::span<Submission> some, Batch& batch);

  // --- the appending thread ---

  // Makes the batch durable. Batches come in the order in which they were decided.
  [[nodiscard]] ResultOr<Unit> append(Batch const& batch);
  // After append(): shows the batch to readers, then to the tail's consumers.
  void publish(Batch const& batch);
  // After publish(): completes the replies.
  void answer(Batch& batch);

  // Whether commits were appended since the last checkpoint that this engine wrote.
  [[nodiscard]] bool has_unsigned() const { return tree_.size() != signed_size_; }
  // Signs where the log stands now.
  [[nodiscard]] ResultOr<Unit> write_checkpoint();

  // --- any thread ---

  [[nodiscard]] domain::Position durable() const { return parts_.tail.head(); }

  // Once, when no other thread calls it any more: where everything stands, for a snapshot.
  [[nodiscard]] Recovered take_state();

 private:
  EngineParts const parts_;
  Decider decider_;  // the deciding thread's

  // The appending thread's.
  Head head_;
  MerkleTree tree_;
  // Of the tree at the last checkpoint of this run: after a crash the end of the log is signed soon, too.
  std::uint64_t signed_size_ = 0;
  std::vector<StoredCommit> rows_;
};

}  // namespace florin::eventstore
