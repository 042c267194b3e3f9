// The log as a projection sees it: decoded commits whose links are right, one after another without a gap. One thread.
#pragma once

#include <optional>

#include "domain/events.h"
#include "eventstore/linked_cursor.h"

namespace florin::projections {

struct FedCommit {
  domain::Commit commit;
  eventstore::Head head;  // the log's head when this commit was its last
};

class CommitFeed {
 public:
  // Starts after `position`, the last position of some commit (or zero); Kind::corrupt when no commit ends there.
  [[nodiscard]] static eventstore::Faulty<CommitFeed> open(eventstore::Log& log, domain::Position position);

  // Nullopt when the log has no more; a later call may find more. Kind::corrupt when a commit is not what was
  // written, Kind::unknown for an event of a newer version: the feed does not go past either.
  [[nodiscard]] eventstore::Faulty<std::optional<FedCommit>> next();

  [[nodiscard]] domain::Position position() const { return cursor_.head().position; }

 private:
  explicit CommitFeed(eventstore::LinkedCursor cursor) : cursor_(std::move(cursor)) {}

  eventstore::LinkedCursor cursor_;
};

// Is `checkpoint` a place that this log went through? False when the log is shorter or has another history.
[[nodiscard]] eventstore::Faulty<bool> log_contains(eventstore::Log& log, eventstore::Head const& checkpoint);

}  // namespace florin::projections
