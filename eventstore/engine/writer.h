// The single writer (DESIGN, The way data flows): drives the engine with a bounded queue, one thread that decides
// against memory, and one thread that makes batches durable. While batch N is being written, batch N+1 is being
// decided.
//
//   submit (any thread) -> queue -> WRITER: Engine::decide -> APPENDER: Engine::append, Engine::publish
//
// A reply leaves only after its commit, or the commit that it repeats, is durable. If an append fails, nothing is
// retried: the writer stops for good, everything decided and not yet durable answers outcome_unknown, everything else
// and later submissions answer stopped, and a restart recovers from the log. The same happens on every other fault
// that leaves a decision in doubt. A submission that rests on what cannot be read (the commit of an earlier use of its
// id, a person's key) leaves nothing in doubt: it alone answers the fault, or busy when it may be readable later.
//
// A checkpoint that cannot be written stops nothing, because the log is whole without it: it is tried again after
// checkpoint_every, checkpoint_fault() tells, and stop() reports it when the last try failed, too.
#pragma once

#include <memory>
#include <optional>

#include "eventstore/engine/engine.h"
#include "eventstore/engine/submission.h"

namespace florin::eventstore {

struct WriterOptions {
  std::size_t queue_limit = 8192;              // submissions waiting: about 100 ms of work; more would only add latency
  std::size_t batch_limit = 256;               // commits a batch: past this SQLite gains nothing more
  std::int64_t checkpoint_every = 10'000'000;  // µs between signed checkpoints while there are new commits
};

class Writer final : public Submitter {
 public:
  // The parts outlive the writer. `recovered` is where the log stands. Threads start in start().
  Writer(Recovered recovered, EngineParts const& parts, WriterOptions options = {});
  ~Writer() override;

  void start();
  void submit(Submission submission) override;
  // Once. Stops accepting, drains, appends, writes a checkpoint, joins. Returns where everything stands (for a
  // snapshot), or the fault that had stopped the writer earlier.
  [[nodiscard]] ResultOr<Recovered> stop();
  // Any thread: true until a fault stopped the writer.
  [[nodiscard]] bool healthy() const;
  // Any thread: what stopped the writer; why the last checkpoint could not be written.
  [[nodiscard]] std::optional<Fault> fault() const;
  [[nodiscard]] std::optional<Fault> checkpoint_fault() const;
  // Any thread: position of the last durable event.
  [[nodiscard]] domain::Position durable() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::eventstore
