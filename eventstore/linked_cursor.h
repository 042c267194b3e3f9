// Reads commits from a place in the middle of the log and checks each before it is decoded: its link must follow from
// the link before it. What fails is Kind::corrupt with its position. Whole logs: linked_reader.h.
#pragma once

#include <memory>
#include <optional>

#include "domain/events.h"
#include "eventstore/log.h"

namespace florin::eventstore {

// The link of the commit that ends at exactly `position`, as it is stored; nullopt when none ends there. Of position
// zero: zeros.
[[nodiscard]] Faulty<std::optional<domain::Digest>> link_at(Log& log, domain::Position position);

// One thread.
class LinkedCursor {
 public:
  // Starts after `after`, the last position of some commit (or zero); nullopt when no commit ends there.
  [[nodiscard]] static Faulty<std::optional<LinkedCursor>> open(Log& log, domain::Position after);

  // The next commit; nullopt when the log has no more (a later call may find more). Kind::corrupt when the commit is
  // missing or is not what was written, Kind::unknown for an event of a newer version: the cursor passes neither.
  [[nodiscard]] Faulty<std::optional<domain::Commit>> next();

  // The log's head when the last commit that next() gave was its last.
  [[nodiscard]] Head const& head() const { return head_; }

 private:
  LinkedCursor(std::unique_ptr<LogCursor> cursor, Head const& head) : cursor_(std::move(cursor)), head_(head) {}
  std::unique_ptr<LogCursor> cursor_;
  Head head_;
};

}  // namespace florin::eventstore
