// The deciding half of the engine: idempotency, decide, seal, apply, encode, one submission at a time. No threads.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/ledger.h"
#include "eventstore/engine/request_index.h"
#include "eventstore/engine/submission.h"
#include "eventstore/runtime/clock.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/log.h"
#include "eventstore/store/vault.h"

namespace florin::eventstore {

// What was decided and is not yet durable, in order.
struct Batch {
  struct Row {
    domain::Position last;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  struct Answer {
    std::unique_ptr<Reply> reply;
    Outcome outcome;
  };
  std::string bytes;              // of every row, one after the other
  std::vector<PersonSeed> seeds;  // of the people whom the commits register
  std::vector<Row> rows;
  std::vector<CommitPtr> commits;  // one a row
  std::vector<Answer> answers;     // one a submission

  [[nodiscard]] bool empty() const { return answers.empty(); }
  void clear();
  void take(Batch& later);  // its contents go after these; it is empty afterwards, and keeps its memory
};

// 64 fresh bits at a time, a page of them a call of the runtime.
class Entropy {
 public:
  explicit Entropy(Runtime& runtime) : runtime_(runtime) {}
  [[nodiscard]] std::uint64_t draw();

 private:
  Runtime& runtime_;
  std::array<std::uint64_t, 512> drawn_{};
  std::size_t next_ = drawn_.size();
};

// One thread.
class Decider {
 public:
  Decider(domain::State state, domain::Position head, domain::Timestamp at, Log& log, Vault& vault,
          RequestIndex& requests, Clock const& clock, Runtime& runtime, std::optional<domain::KeysBound> keys);

  // Reads the clock for what is handled from here on: once for what waited together, and before the first handle().
  void read_clock();
  // Adds the answer, and the commit if there is one, to `batch`. `durable`: how far the log is known to reach. When
  // an earlier commit of the same id or a person's key cannot be read, nothing is done, and the answer is the fault
  // when what is stored is wrong, `busy` when it may be readable later. After a fault the submission still owns its
  // reply, nothing was decided for it, and nothing more may be handled.
  [[nodiscard]] ResultOr<Unit> handle(Submission& submission, domain::Position durable, Batch& batch);

  [[nodiscard]] domain::State& state() { return state_; }
  [[nodiscard]] domain::Timestamp at() const { return at_; }

 private:
  // The commit of these that carries the same (game, id), or null.
  ResultOr<CommitPtr> find_earlier(domain::Request const& request, std::span<domain::Position const> candidates);
  ResultOr<CommitPtr> commit_at(domain::Position first);
  ResultOr<Unit> bind_keys(Batch& batch);
  ResultOr<std::shared_ptr<domain::Commit>> seal(domain::Request request, std::vector<domain::Event> events,
                                                 Batch& batch);
  ResultOr<CommitPtr> record(std::shared_ptr<domain::Commit> commit, Batch& batch);

  domain::State state_;
  domain::Position next_;
  domain::Timestamp at_;   // of the last commit
  domain::Timestamp now_;  // never before it
  Log& log_;
  Vault& vault_;
  RequestIndex& requests_;
  Clock const& clock_;
  Entropy entropy_;
  Encoder encoder_;
  std::optional<domain::KeysBound> keys_;  // in use
  std::deque<CommitPtr> recent_;           // everything not yet durable, and a little more
};

}  // namespace florin::eventstore
