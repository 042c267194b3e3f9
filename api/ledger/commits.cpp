#include "api/ledger/commits.h"

#include "eventstore/store/commit_reader.h"

namespace florin::api {

eventstore::ResultOr<std::optional<domain::Commit>> Commits::holding(domain::Position position) const {
  if (!position) return std::optional<domain::Commit>();
  auto reader = FLORIN_TRY(eventstore::CommitReader::containing(log_, position));
  return reader.next();
}

}  // namespace florin::api
