#include "api/ledger/commits.h"

#include "eventstore/store/codec.h"

namespace florin::api {

eventstore::Faulty<std::optional<domain::Commit>> Commits::holding(domain::Position position) const {
  auto cursor = log_.read(position);
  if (!cursor) return fail(cursor.error());
  auto const stored = cursor.value()->next();
  if (!stored) return fail(stored.error());
  if (!stored.value()) return std::optional<domain::Commit>();
  auto const row = eventstore::decode(stored.value()->bytes);
  if (!row) return fail(row.error());
  auto commit = at(row.value().first);
  if (!commit) return fail(commit.error());
  bool const holds = commit.value() && commit.value()->first <= position && position <= commit.value()->last();
  // Positions have no gaps: a row that ends at or behind the position, and does not hold it, was damaged.
  if (holds) return commit;
  return eventstore::fault(eventstore::Fault::Kind::corrupt, "position " + std::to_string(position.value()) +
                                                                 ": the commit that holds it is not what was written");
}

}  // namespace florin::api
