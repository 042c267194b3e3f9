// The seam to storage (DESIGN, Growing past one machine): an append-only sequence of commits.
//
// A commit is keyed by the position of its last event, so the head is the largest key and commit k begins one
// after the key before it.
//
// Five functions: lease() makes the one writer, append() writes, keep_seeds_in() says where seeds go, read() reads and
// tails (its cursor's next() finds what came later), head() tells where the log ends.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "domain/ids.h"
#include "eventstore/fault.h"
#include "eventstore/store/person_seed.h"

namespace florin::eventstore {

// Where the log ends, or ended. {0, zeros} when it is empty.
struct Head {
  domain::Position position;
  domain::Digest link{};
  friend bool operator==(Head const&, Head const&) = default;
};

struct StoredCommit {
  domain::Position last;
  std::string_view bytes;
  domain::Digest link{};  // chain.h: link(previous link, last, bytes)
  Head before{};          // where the commit before it ends: told by a cursor, not asked by append()
};

// Which lease of the log: each one given has another number, also over the lives of processes.
struct Epoch {
  std::uint64_t number = 0;
  friend bool operator==(Epoch const&, Epoch const&) = default;
};

// What is appended together. None: nothing is done.
struct Append {
  domain::Position expected;  // the head that the caller believes in; another one is Kind::conflict (another writer)
  Epoch epoch;                // what lease() gave the caller; another one than the last is Kind::conflict
  std::span<StoredCommit const> commits{};
  std::span<PersonSeed const> seeds{};  // of the people whom these commits register
};

// One reader's place in the log. One thread at a time. Holds no read transaction between calls, so a slow reader
// never keeps the log from checkpointing.
class LogCursor {
 public:
  virtual ~LogCursor() = default;
  // The next commit, or nullopt when the reader has caught up (a later call may find more). The view is valid
  // until the next call.
  //
  // What it hands out was checked: the commit's link follows from the one before it, which is the one that the cursor
  // handed out before, and a log that has MACs has the right one here. What fails is Kind::corrupt, "position N: …",
  // and is not passed.
  [[nodiscard]] virtual ResultOr<std::optional<StoredCommit>> next() = 0;
};

class Log {
 public:
  virtual ~Log() = default;

  // Makes the caller the log's one writer, and tells its epoch. Who had the lease before from the same opening can
  // append no more; while another process has it, or where the log is opened for reading only, it is Kind::conflict.
  // The lease ends with this opening. It does not undo a fault: appends stay refused. The appender's thread, or before
  // that starts.
  [[nodiscard]] virtual ResultOr<Epoch> lease() = 0;

  // Durable when it returns; all or nothing. After any fault the log refuses every later append: whether the failed
  // one is durable is known only by reading again after a restart. One thread (the appender).
  //
  // An epoch that is not the last lease's is Kind::conflict, writes nothing, no seed either, and does not stop the
  // writer who has the lease.
  //
  // A commit never exists without the seeds of the people whom it registers, and no seed is replaced by a writer whose
  // append is refused because the log has another head. A seed whose commit did not become durable is harmless: the
  // person is registered anew, with another one.
  [[nodiscard]] virtual ResultOr<Unit> append(Append const& append) = 0;

  // Where seeds go, before the first append that has some; the keeper outlives the last one. A log that keeps them in a
  // table of its own ignores it.
  virtual void keep_seeds_in(SeedKeeper& keeper) = 0;

  // Starts at the commit that contains position `from`, and follows the log: whoever reached its end asks the cursor
  // again. Any thread; concurrent with append.
  [[nodiscard]] virtual ResultOr<std::unique_ptr<LogCursor>> read(domain::Position from) = 0;

  [[nodiscard]] virtual ResultOr<Head> head() = 0;
};

}  // namespace florin::eventstore
