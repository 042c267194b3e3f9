#include "eventstore/store/commit_reader.h"

#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/linked_reader.h"

namespace florin::eventstore {

using domain::Commit;
using domain::Position;

ResultOr<std::optional<domain::Digest>> link_at(Log& log, Position position) {
  if (!position) return std::optional(domain::Digest{});
  auto cursor = FLORIN_TRY(log.read(position));
  auto const row = FLORIN_TRY(cursor->next());
  std::optional<domain::Digest> link;
  if (row && row->last == position) link = row->link;
  return link;
}

ResultOr<bool> log_contains(Log& log, Head const& checkpoint) {
  auto const link = FLORIN_TRY(link_at(log, checkpoint.position));
  return !checkpoint.position || link == checkpoint.link;
}

ResultOr<Commit> open_row(std::string_view bytes, Position last, Position before) {
  auto const first = domain::next(before);
  auto commit = decode(bytes);
  if (!commit) return fault_at(first, commit.error().kind, commit.error().what);
  if (commit.value().events.empty() || commit.value().first != first || commit.value().last() != last) {
    return fault_at(first, Fault::Kind::corrupt, "the commit's positions are not those of its row");
  }
  return commit;
}

ResultOr<std::optional<CommitReader>> CommitReader::after(Log& log, Position after) {
  auto cursor = FLORIN_TRY(log.read(domain::next(after)));
  auto const first = FLORIN_TRY(cursor->next());
  Head head;
  if (first) {
    head = first->before;
  } else {
    head = FLORIN_TRY(log.head());
  }
  if (head.position != after) return std::optional<CommitReader>();
  return std::optional(CommitReader(std::move(cursor), first, head));
}

ResultOr<CommitReader> CommitReader::containing(Log& log, Position within) {
  auto cursor = FLORIN_TRY(log.read(within));
  return CommitReader(std::move(cursor));
}

ResultOr<std::optional<Commit>> CommitReader::next() {
  auto stored = std::exchange(first_, std::nullopt);
  if (!stored) stored = FLORIN_TRY(cursor_->next());
  if (!stored) return std::optional<Commit>();
  if (!head_) head_ = stored->before;
  FLORIN_TRY(check_follows(*head_, *stored));
  auto commit = FLORIN_TRY(open_row(stored->bytes, stored->last, head_->position));
  head_ = Head{stored->last, stored->link};
  return std::optional(std::move(commit));
}

}  // namespace florin::eventstore
