#include "eventstore/store/commit_reader.h"

#include "eventstore/store/chain.h"
#include "eventstore/store/codec.h"
#include "eventstore/store/linked_reader.h"

namespace florin::eventstore {
namespace {

using domain::Commit;
using domain::Position;

// Where the commit ends that contains `position`.
ResultOr<Head> end_of_commit_with(Log& log, Position position) {
  auto cursor = FLORIN_TRY(log.read(position));
  auto const row = FLORIN_TRY(cursor->next());
  if (!row) return fault_at(position, Fault::Kind::corrupt, "the commit is missing");
  return Head{row->last, row->link};
}

// Where the commit ends that comes before the one that ends at `last` and contains `within`; the head of an empty log
// when there is none. Found by halving over the keys of the rows: the bytes are what is to be checked.
ResultOr<Head> head_before(Log& log, Position within, Position last) {
  std::uint64_t first = 1;
  for (auto high = within.value(); first < high;) {
    auto const middle = first + (high - first) / 2;
    auto const end = FLORIN_TRY(end_of_commit_with(log, Position(middle)));
    if (end.position < last) {
      first = middle + 1;
    } else {
      high = middle;
    }
  }
  if (first == 1) return Head{};
  return end_of_commit_with(log, Position(first - 1));
}

}  // namespace

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
  // From the row before, so that one cursor reads its link and what follows.
  auto cursor = FLORIN_TRY(log.read(after ? after : Position(1)));
  Head head{after, {}};
  if (after) {
    auto const before = FLORIN_TRY(cursor->next());
    if (!before || before->last != after) return std::optional<CommitReader>();
    head.link = before->link;
  }
  return std::optional(CommitReader(log, std::move(cursor), head, {}));
}

ResultOr<CommitReader> CommitReader::containing(Log& log, Position within) {
  auto cursor = FLORIN_TRY(log.read(within));
  return CommitReader(log, std::move(cursor), {}, within);
}

ResultOr<std::optional<Commit>> CommitReader::next() {
  auto const row = FLORIN_TRY(cursor_->next());
  if (!row) return std::optional<Commit>();
  auto const& stored = *row;
  if (within_) {
    auto const before = FLORIN_TRY(head_before(*log_, within_, stored.last));
    head_ = before;
    within_ = {};
  }
  FLORIN_TRY(check_link(head_, stored));
  auto commit = FLORIN_TRY(open_row(stored.bytes, stored.last, head_.position));
  head_ = {stored.last, stored.link};
  return std::optional(std::move(commit));
}

}  // namespace florin::eventstore
