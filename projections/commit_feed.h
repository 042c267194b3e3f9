// The log as a projection sees it: decoded commits, one after another without a gap. One thread.
#pragma once

#include <memory>
#include <optional>

#include "domain/events.h"
#include "eventstore/log.h"

namespace florin::projections {

struct FedCommit {
  domain::Commit commit;
  eventstore::Head head;  // the log's head when this commit was its last
};

class CommitFeed {
 public:
  // Starts after `position`, the last position of some commit (or zero).
  [[nodiscard]] static eventstore::Faulty<CommitFeed> open(eventstore::Log& log, domain::Position position);

  // Nullopt when the log has no more; a later call may find more. Kind::corrupt when the commits do not follow one
  // another, Kind::unknown for an event of a newer version: the feed does not go past either.
  [[nodiscard]] eventstore::Faulty<std::optional<FedCommit>> next();

  [[nodiscard]] domain::Position position() const { return position_; }

 private:
  CommitFeed(std::unique_ptr<eventstore::LogCursor> cursor, domain::Position position)
      : cursor_(std::move(cursor)), position_(position) {}

  std::unique_ptr<eventstore::LogCursor> cursor_;
  domain::Position position_;
};

// Is `checkpoint` a place that this log went through? False when the log is shorter or has another history.
[[nodiscard]] eventstore::Faulty<bool> log_contains(eventstore::Log& log, eventstore::Head const& checkpoint);

}  // namespace florin::projections
