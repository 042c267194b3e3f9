#include "eventstore/engine/moment.h"

#include <string>
#include <utility>

#include "eventstore/store/commit_reader.h"

namespace florin::eventstore {

using domain::Position;
using domain::Timestamp;

namespace {

ResultOr<Moment> moment_before(Log& log, Position first) {
  if (first.value() <= 1) return Moment{};
  auto reader = FLORIN_TRY(CommitReader::containing(log, Position(first.value() - 1)));
  auto const commit = FLORIN_TRY(reader.next());
  if (!commit) return Moment{};
  return Moment{commit->last(), commit->at};
}

ResultOr<domain::Commit> commit_at(Log& log, Position position) {
  auto reader = FLORIN_TRY(CommitReader::containing(log, position));
  auto commit = FLORIN_TRY(reader.next());
  if (!commit) {
    return fault(Fault::Kind::corrupt, "position " + std::to_string(position.value()) + " is missing");
  }
  return std::move(*std::move(commit));
}

}  // namespace

ResultOr<Moment> moment_of(Log& log, Position head, Position wanted) {
  if (!wanted) return Moment{};
  if (wanted > head) {
    return fault(Fault::Kind::missing, "position " + std::to_string(wanted.value()) + " is past the log's end at " +
                                           std::to_string(head.value()));
  }
  auto const commit = FLORIN_TRY(commit_at(log, wanted));
  if (commit.last() == wanted) return Moment{wanted, commit.at};
  return moment_before(log, commit.first);
}

ResultOr<Moment> moment_of(Log& log, Position head, Timestamp wanted) {
  std::uint64_t low = 1;
  std::uint64_t high = head.value() + 1;  // first position of the first commit after `wanted` lies in [low, high]
  while (low < high) {
    auto const commit = FLORIN_TRY(commit_at(log, Position(low + (high - low) / 2)));
    if (commit.at > wanted) {
      high = commit.first.value();
    } else {
      low = commit.last().value() + 1;
    }
  }
  return moment_before(log, Position(low));
}

ResultOr<Recovered> state_at(Log& log, Position last, OnReplay const& on_replay) {
  Recovered recovered;
  if (!last) return recovered;
  FLORIN_TRY(replay(log, recovered, last, on_replay));
  return recovered;
}

}  // namespace florin::eventstore
