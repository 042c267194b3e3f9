// Past events out of the log, for commands that refer to them (domain/fact.h).
#pragma once

#include <optional>
#include <variant>

#include "domain/fact.h"
#include "eventstore/store/read_commit.h"

namespace florin::eventstore {

// The only maker of facts. Reads the disk, as read_commit does: on a worker.
class FactReader {
 public:
  explicit FactReader(Log& log) : log_(log) {}  // outlives it

  // The event of this kind in the commit that begins at `first`, which has at most one; nullopt when it has none, or no
  // commit begins there. Kind::corrupt when the row is not what was written.
  template <class E>
  [[nodiscard]] ResultOr<std::optional<domain::Fact<E>>> find(domain::Position first) const {
    auto const commit = FLORIN_TRY(read_commit(log_, first));
    if (!commit) return std::optional<domain::Fact<E>>();
    for (auto const& event : commit->events) {
      if (auto const* found = std::get_if<E>(&event)) {
        return std::optional(domain::Fact<E>(*found, first, commit->at));
      }
    }
    return std::optional<domain::Fact<E>>();
  }

 private:
  Log& log_;
};

}  // namespace florin::eventstore
