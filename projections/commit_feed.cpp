#include "projections/commit_feed.h"

#include <string>

#include "eventstore/codec.h"

namespace florin::projections {

using eventstore::Fault;
using eventstore::Faulty;

Faulty<CommitFeed> CommitFeed::open(eventstore::Log& log, domain::Position position) {
  auto cursor = log.read(domain::next(position));
  if (!cursor) return fail(cursor.error());
  return CommitFeed(std::move(cursor).value(), position);
}

Faulty<std::optional<FedCommit>> CommitFeed::next() {
  auto const stored = cursor_->next();
  if (!stored) return fail(stored.error());
  if (!stored.value()) return std::optional<FedCommit>{};
  auto commit = eventstore::decode(stored.value()->bytes);
  if (!commit) return fail(commit.error());
  auto& decoded = commit.value();
  if (decoded.events.empty() || decoded.first != domain::next(position_) || decoded.last() != stored.value()->last) {
    return eventstore::fault(Fault::Kind::corrupt, "log: the commit after position " +
                                                       std::to_string(position_.value()) + " is out of order");
  }
  position_ = stored.value()->last;
  return std::optional<FedCommit>({std::move(decoded), {position_, stored.value()->link}});
}

Faulty<bool> log_contains(eventstore::Log& log, eventstore::Head const& checkpoint) {
  if (checkpoint.position == domain::Position{}) return true;
  auto cursor = log.read(checkpoint.position);
  if (!cursor) return fail(cursor.error());
  auto const stored = cursor.value()->next();
  if (!stored) return fail(stored.error());
  return stored.value() && stored.value()->last == checkpoint.position && stored.value()->link == checkpoint.link;
}

}  // namespace florin::projections
