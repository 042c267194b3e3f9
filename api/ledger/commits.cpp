#include "api/ledger/commits.h"

#include "eventstore/store/codec.h"

namespace florin::api {

eventstore::ResultOr<std::optional<domain::Commit>> Commits::holding(domain::Position position) const {
  auto cursor = FLORIN_TRY(log_.read(position));
  auto const stored = FLORIN_TRY(cursor->next());
  if (!stored) return std::optional<domain::Commit>();
  auto const row = FLORIN_TRY(eventstore::decode(stored->bytes));
  auto commit = at(row.first);
  if (!commit) return fail(commit.error());
  bool const holds = commit.value() && commit.value()->first <= position && position <= commit.value()->last();
  // Positions have no gaps: a row that ends at or behind the position, and does not hold it, was damaged.
  if (holds) return commit;
  return eventstore::fault(eventstore::Fault::Kind::corrupt, "position " + std::to_string(position.value()) +
                                                                 ": the commit that holds it is not what was written");
}

}  // namespace florin::api
