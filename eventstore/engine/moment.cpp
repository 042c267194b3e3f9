#include "eventstore/engine/moment.h"

#include <string>
#include <utility>

#include "eventstore/store/commit_reader.h"

namespace florin::eventstore {

using domain::Position;
using domain::Timestamp;

namespace {

Faulty<Moment> moment_before(Log& log, Position first) {
  if (first.value() <= 1) return Moment{};
  auto reader = CommitReader::containing(log, Position(first.value() - 1));
  if (!reader) return fail(reader.error());
  auto const commit = reader.value().next();
  if (!commit) return fail(commit.error());
  if (!commit.value()) return Moment{};
  return Moment{commit.value()->last(), commit.value()->at};
}

Faulty<domain::Commit> commit_at(Log& log, Position position) {
  auto reader = CommitReader::containing(log, position);
  if (!reader) return fail(reader.error());
  auto commit = reader.value().next();
  if (!commit) return fail(commit.error());
  if (!commit.value()) {
    return fault(Fault::Kind::corrupt, "position " + std::to_string(position.value()) + " is missing");
  }
  return std::move(*std::move(commit).value());
}

}  // namespace

Faulty<Moment> moment_of(Log& log, Position head, Position wanted) {
  if (wanted > head) {
    return fault(Fault::Kind::missing, "position " + std::to_string(wanted.value()) + " is past the log's end at " +
                                           std::to_string(head.value()));
  }
  auto const commit = commit_at(log, wanted);
  if (!commit) return fail(commit.error());
  if (commit.value().last() == wanted) return Moment{wanted, commit.value().at};
  return moment_before(log, commit.value().first);
}

Faulty<Moment> moment_of(Log& log, Position head, Timestamp wanted) {
  std::uint64_t low = 1;
  std::uint64_t high = head.value() + 1;  // first position of the first commit after `wanted` lies in [low, high]
  while (low < high) {
    auto const commit = commit_at(log, Position(low + (high - low) / 2));
    if (!commit) return fail(commit.error());
    if (commit.value().at > wanted) {
      high = commit.value().first.value();
    } else {
      low = commit.value().last().value() + 1;
    }
  }
  return moment_before(log, Position(low));
}

Faulty<Recovered> state_at(Log& log, Position last, OnReplay const& on_replay) {
  Recovered recovered;
  if (!last) return recovered;
  if (auto replayed = replay(log, recovered, last, on_replay); !replayed) return fail(replayed.error());
  return recovered;
}

}  // namespace florin::eventstore
