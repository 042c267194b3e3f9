// Commits out of the log. Each look reads the disk, some 20 µs: on a worker.
#pragma once

#include <optional>

#include "domain/fact.h"
#include "eventstore/store/facts.h"
#include "eventstore/store/log.h"
#include "eventstore/store/read_commit.h"

namespace florin::api {

using eventstore::event_at;

// Owned by the Ledger. The log outlives it. Kind::corrupt, with the position, when a row is not what was written.
class Commits {
 public:
  explicit Commits(eventstore::Log& log) : log_(log) {}

  // The commit that begins at exactly `first`; nullopt when none begins there.
  [[nodiscard]] eventstore::ResultOr<std::optional<domain::Commit>> at(domain::Position first) const {
    return eventstore::read_commit(log_, first);
  }
  // The commit that holds the event at this position; nullopt when none does.
  [[nodiscard]] eventstore::ResultOr<std::optional<domain::Commit>> holding(domain::Position position) const;

  // The event of this kind in the commit that begins at `first`, which has at most one; nullopt when it has none.
  template <class E>
  [[nodiscard]] eventstore::ResultOr<std::optional<domain::Fact<E>>> fact(domain::Position first) const {
    return eventstore::FactReader(log_).find<E>(first);
  }

 private:
  eventstore::Log& log_;
};

}  // namespace florin::api
