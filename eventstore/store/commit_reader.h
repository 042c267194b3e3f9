// The one reader of commits: in order, each checked before it is decoded. Its link must follow from the link before it,
// and its positions must be those of its row, so that what is handed out is what was written. (That the links
// themselves were not made anew is what `audit verify` proves.) What fails is Kind::corrupt with its position. Whole
// logs, with threads of their own: linked_reader.h.
#pragma once

#include <memory>
#include <optional>

#include "domain/events.h"
#include "eventstore/store/log.h"

namespace florin::eventstore {

// The link of the commit that ends at exactly `position`, as it is stored; nullopt when none ends there. Of position
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
  [[nodiscard]] Head const& head() const { return head_; }

 private:
  CommitReader(Log& log, std::unique_ptr<LogCursor> cursor, Head const& head, domain::Position within)
      : log_(&log), cursor_(std::move(cursor)), head_(head), within_(within) {}
  Log* log_;
  std::unique_ptr<LogCursor> cursor_;
  Head head_;
  domain::Position within_;  // not zero: head_ is to be looked up, before the commit that contains this
};

}  // namespace florin::eventstore
