#include "eventstore/store/commit_reader.h"

#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/linked_reader.h"

namespace florin::eventstore {
namespace {

using domain::Commit;
using domain::Position;

// Where the commit ends that contains `position`.
Faulty<Head> end_of_commit_with(Log& log, Position position) {
  auto cursor = log.read(position);
  if (!cursor) return fail(cursor.error());
  auto const row = cursor.value()->next();
  if (!row) return fail(row.error());
  if (!row.value()) return fault_at(position, Fault::Kind::corrupt, "the commit is missing");
  return Head{row.value()->last, row.value()->link};
}

// Where the commit ends that comes before the one that ends at `last` and contains `within`; the head of an empty log
// when there is none. Found by halving over the keys of the rows: the bytes are what is to be checked.
Faulty<Head> head_before(Log& log, Position within, Position last) {
  std::uint64_t first = 1;
  for (auto high = within.value(); first < high;) {
    auto const middle = first + (high - first) / 2;
    auto const end = end_of_commit_with(log, Position(middle));
    if (!end) return end;
    if (end.value().position < last) {
      first = middle + 1;
    } else {
      high = middle;
    }
  }
  if (first == 1) return Head{};
  return end_of_commit_with(log, Position(first - 1));
}

}  // namespace

Faulty<std::optional<domain::Digest>> link_at(Log& log, Position position) {
  if (!position) return std::optional(domain::Digest{});
  auto cursor = log.read(position);
  if (!cursor) return fail(cursor.error());
  auto const row = cursor.value()->next();
  if (!row) return fail(row.error());
  std::optional<domain::Digest> link;
  if (row.value() && row.value()->last == position) link = row.value()->link;
  return link;
}

Faulty<bool> log_contains(Log& log, Head const& checkpoint) {
  auto const link = link_at(log, checkpoint.position);
  if (!link) return fail(link.error());
  return !checkpoint.position || link.value() == checkpoint.link;
}

Faulty<Commit> open_row(std::string_view bytes, Position last, Position before) {
  auto const first = domain::next(before);
  auto commit = decode(bytes);
  if (!commit) return fault_at(first, commit.error().kind, commit.error().what);
  if (commit.value().events.empty() || commit.value().first != first || commit.value().last() != last) {
    return fault_at(first, Fault::Kind::corrupt, "the commit's positions are not those of its row");
  }
  return commit;
}

Faulty<std::optional<CommitReader>> CommitReader::after(Log& log, Position after) {
  // From the row before, so that one cursor reads its link and what follows.
  auto cursor = log.read(after ? after : Position(1));
  if (!cursor) return fail(cursor.error());
  Head head{after, {}};
  if (after) {
    auto const before = cursor.value()->next();
    if (!before) return fail(before.error());
    if (!before.value() || before.value()->last != after) return std::optional<CommitReader>();
    head.link = before.value()->link;
  }
  return std::optional(CommitReader(log, std::move(cursor).value(), head, {}));
}

Faulty<CommitReader> CommitReader::containing(Log& log, Position within) {
  auto cursor = log.read(within);
  if (!cursor) return fail(cursor.error());
  return CommitReader(log, std::move(cursor).value(), {}, within);
}

Faulty<std::optional<Commit>> CommitReader::next() {
  auto const row = cursor_->next();
  if (!row) return fail(row.error());
  if (!row.value()) return std::optional<Commit>();
  auto const& stored = *row.value();
  if (within_) {
    auto const before = head_before(*log_, within_, stored.last);
    if (!before) return fail(before.error());
    head_ = before.value();
    within_ = {};
  }
  if (auto const linked = check_link(head_, stored); !linked) return fail(linked.error());
  auto commit = open_row(stored.bytes, stored.last, head_.position);
  if (!commit) return fail(commit.error());
  head_ = {stored.last, stored.link};
  return std::optional(std::move(commit).value());
}

}  // namespace florin::eventstore
