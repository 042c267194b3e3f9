// What goes into the engine and what comes out: a command under a request id, and its one outcome.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include "domain/commands.h"
#include "domain/ledger.h"
#include "eventstore/engine/commit.h"
#include "eventstore/fault.h"

namespace florin::eventstore {

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
// A fault: what it rests on (the commit of an earlier use of the id, a person's key) is damaged. Nothing was done, and
// others are not concerned.
using Outcome = std::variant<Committed, Repeated, Reused, domain::Rejection, Unavailable, Fault>;

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

// Where submissions go: the writer (writer.h), or a simulation's stepped engine.
class Submitter {
 public:
  virtual ~Submitter() = default;
  // Any thread. The reply must be given, and may be completed before this returns.
  virtual void submit(Submission submission) = 0;
};

}  // namespace florin::eventstore
