// The single writer (DESIGN, The way data flows): a bounded queue, one thread that decides and applies against
// memory, one thread that makes batches durable. While batch N is being written, batch N+1 is being decided.
//
//   submit (any thread) -> queue -> WRITER: idempotency, decide, seal, apply, encode -> APPENDER: vault sync, chain,
//   append, listeners, replies
//
// A reply leaves only after its commit, or the commit that it repeats, is durable. If an append fails, nothing is
// retried: the writer stops for good, everything decided and not yet durable answers outcome_unknown, everything else
// and later submissions answer stopped, and a restart recovers from the log. The same happens on every other fault
// that leaves a decision in doubt (vault, request index, a damaged commit that an id points to). An id that cannot be
// looked up for the moment (no descriptor left) leaves nothing in doubt: that one submission answers busy.
//
// A checkpoint that cannot be written stops nothing, because the log is whole without it: it is tried again after
// checkpoint_every, checkpoint_fault() tells, and stop() reports it when the last try failed, too.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <variant>

#include "domain/commands.h"
#include "domain/ledger.h"
#include "eventstore/chain.h"
#include "eventstore/clock.h"
#include "eventstore/log.h"
#include "eventstore/recovery.h"
#include "eventstore/request_index.h"
#include "eventstore/vault.h"

namespace florin::eventstore {

using CommitPtr = std::shared_ptr<domain::Commit const>;

struct Committed {
  CommitPtr commit;
};
// The same id with the same payload was committed before.
struct Repeated {
  CommitPtr original;
};
// The same id was committed before with another payload.
struct Reused {
  CommitPtr original;
};
enum class Unavailable : std::uint8_t {
  busy,             // the queue is full, or an earlier use of the id could not be looked up: nothing was done
  stopped,          // the writer has stopped: nothing was done
  outcome_unknown,  // it may or may not be durable: ask again with the same request id
};
using Outcome = std::variant<Committed, Repeated, Reused, domain::Refusal, Unavailable>;

// Receives exactly one outcome, on the appender or on the submitting thread; must not block.
class Reply {
 public:
  virtual ~Reply() = default;
  virtual void complete(Outcome outcome) = 0;
};

struct Submission {
  domain::Command command;
  domain::Request request;  // an empty id opts out of idempotency (operators only)
  std::unique_ptr<Reply> reply;
};

// Called on the appender after the batch is durable and before its replies leave, in log order. Must not fail.
class CommitListener {
 public:
  virtual ~CommitListener() = default;
  virtual void on_commits(std::span<CommitPtr const> commits) = 0;
};

struct WriterOptions {
  std::size_t queue_limit = 8192;              // submissions waiting: about 100 ms of work; more would only add latency
  std::size_t batch_limit = 256;               // commits a batch: past this SQLite gains nothing more
  std::int64_t checkpoint_every = 10'000'000;  // µs between signed checkpoints while there are new commits
};

class Writer {
 public:
  // All references outlive the writer. `recovered` is where the log stands. Threads start in start().
  Writer(Recovered recovered, Log& log, Vault& vault, RequestIndex& requests, CheckpointFile const& checkpoints,
         Clock const& clock, std::vector<CommitListener*> listeners, WriterOptions options = {});
  ~Writer();

  void start();
  // Any thread. The reply must be given, and may be completed before this returns.
  void submit(Submission submission);
  // Once. Stops accepting, drains, appends, writes a checkpoint, joins. Returns where everything stands (for a
  // snapshot), or the fault that had stopped the writer earlier.
  [[nodiscard]] Faulty<Recovered> stop();
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
