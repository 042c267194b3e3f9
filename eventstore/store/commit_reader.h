// The one reader of commits: in order, each checked before it is decoded (log.h says how), and its positions must be
// those that the log says it has, so that what is handed out is what was written. What fails is Kind::corrupt with its
// position. Whole logs, with threads of their own: linked_reader.h.
#pragma once

#include <memory>
#include <optional>

#include "domain/events.h"
#include "eventstore/store/log.h"

namespace florin::eventstore {

// The link of the commit that ends at exactly `position`; nullopt when none ends there. Of position
// zero: zeros.
[[nodiscard]] ResultOr<std::optional<domain::Digest>> link_at(Log& log, domain::Position position);

// Is `checkpoint` a place that this log went through? False when the log is shorter or has another history.
[[nodiscard]] ResultOr<bool> log_contains(Log& log, Head const& checkpoint);

// The commit in a row of the log, begun where `before` ended; `bytes` are what was written.
[[nodiscard]] ResultOr<domain::Commit> open_row(std::string_view bytes, domain::Position last, domain::Position before);

// One thread.
class CommitReader {
 public:
  // Starts after `after`, the last position of some commit (or zero); nullopt when no commit ends there.
  [[nodiscard]] static ResultOr<std::optional<CommitReader>> after(Log& log, domain::Position after);
  // Starts at the commit that contains position `within`, once there is one.
  [[nodiscard]] static ResultOr<CommitReader> containing(Log& log, domain::Position within);

  // The next commit; nullopt when the log has no more (a later call may find more). Kind::corrupt when the commit is
  // missing or is not what was written, Kind::unknown for an event of a newer version: the reader passes neither.
  [[nodiscard]] ResultOr<std::optional<domain::Commit>> next();

  // The log's head when the last commit that next() gave was its last.
  [[nodiscard]] Head head() const { return head_.value_or(Head{}); }

 private:
  CommitReader(std::unique_ptr<LogCursor> cursor, std::optional<StoredCommit> first, Head const& head)
      : cursor_(std::move(cursor)), first_(first), head_(head) {}
  explicit CommitReader(std::unique_ptr<LogCursor> cursor) : cursor_(std::move(cursor)) {}
  std::unique_ptr<LogCursor> cursor_;
  std::optional<StoredCommit> first_;  // read already
  std::optional<Head> head_;           // nullopt: where the first commit begins
};

}  // namespace florin::eventstore
