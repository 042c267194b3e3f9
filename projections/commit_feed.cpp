#include "projections/commit_feed.h"

#include <string>

namespace florin::projections {

using eventstore::Fault;
using eventstore::Faulty;

Faulty<CommitFeed> CommitFeed::open(eventstore::Log& log, domain::Position position) {
  auto cursor = eventstore::LinkedCursor::open(log, position);
  if (!cursor) return fail(cursor.error());
  if (!cursor.value()) {
    return eventstore::fault(Fault::Kind::corrupt,
                             "log: no commit ends at position " + std::to_string(position.value()));
  }
  return CommitFeed(*std::move(cursor).value());
}

Faulty<std::optional<FedCommit>> CommitFeed::next() {
  auto commit = cursor_.next();
  if (!commit) return fail(commit.error());
  if (!commit.value()) return std::optional<FedCommit>{};
  return std::optional<FedCommit>({*std::move(commit).value(), cursor_.head()});
}

Faulty<bool> log_contains(eventstore::Log& log, eventstore::Head const& checkpoint) {
  auto const link = eventstore::link_at(log, checkpoint.position);
  if (!link) return fail(link.error());
  return !checkpoint.position || link.value() == checkpoint.link;
}

}  // namespace florin::projections
