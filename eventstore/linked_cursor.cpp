#include "eventstore/linked_cursor.h"

#include "eventstore/chain.h"
#include "eventstore/codec.h"
#include "eventstore/linked_reader.h"

namespace florin::eventstore {

Faulty<std::optional<domain::Digest>> link_at(Log& log, domain::Position position) {
  if (!position) return std::optional(domain::Digest{});
  auto cursor = log.read(position);
  if (!cursor) return fail(cursor.error());
  auto const row = cursor.value()->next();
  if (!row) return fail(row.error());
  std::optional<domain::Digest> link;
  if (row.value() && row.value()->last == position) link = row.value()->link;
  return link;
}

Faulty<std::optional<LinkedCursor>> LinkedCursor::open(Log& log, domain::Position after) {
  // From the row before, so that one cursor reads its link and what follows.
  auto cursor = log.read(after ? after : domain::Position(1));
  if (!cursor) return fail(cursor.error());
  Head head{after, {}};
  if (after) {
    auto const before = cursor.value()->next();
    if (!before) return fail(before.error());
    if (!before.value() || before.value()->last != after) return std::optional<LinkedCursor>();
    head.link = before.value()->link;
  }
  return std::optional(LinkedCursor(std::move(cursor).value(), head));
}

Faulty<std::optional<domain::Commit>> LinkedCursor::next() {
  auto const row = cursor_->next();
  if (!row) return fail(row.error());
  if (!row.value()) return std::optional<domain::Commit>();
  auto const& [last, bytes, link] = *row.value();
  auto const first = domain::next(head_.position);
  if (last < first || link != chain_link(head_.link, last, bytes)) {
    return fault_at(first, Fault::Kind::corrupt,
                    "the commit is missing or is not what was written: its link does not match");
  }
  auto commit = decode(bytes);
  if (!commit) return fault_at(first, commit.error().kind, commit.error().what);
  if (commit.value().events.empty() || commit.value().first != first || commit.value().last() != last) {
    return fault_at(first, Fault::Kind::corrupt, "the commit's positions are not those of its row");
  }
  head_ = {last, link};
  return std::optional(std::move(commit).value());
}

}  // namespace florin::eventstore
