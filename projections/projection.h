// A read model on disk: a name, a version, its own SQLite file, and a fold over commits.
//
// The file is views/<name>.v<version>.<generation>.db. The runner keeps the checkpoint (the position reached) in the
// same transaction as the rows, opens it with synchronous=OFF, and deletes it to rebuild: a read model holds nothing
// that the log does not. A new version is a new file, built from the log at start, beside an older one that can still
// be read; a rebuild is a new generation, built beside the live one and swapped. No path is ever used twice while
// someone may have the old file open.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "domain/events.h"
#include "eventstore/fault.h"

namespace florin::projections {

class Database;

// One projection's writer on one database. One thread. Prepared statements live here.
class ProjectionWriter {
 public:
  virtual ~ProjectionWriter() = default;
  // Inside the runner's transaction. May gather in memory; the runner bounds a transaction's commits.
  [[nodiscard]] virtual eventstore::ResultOr<Unit> apply(domain::Commit const& commit) = 0;
  // End of the runner's transaction: write what was gathered in memory.
  [[nodiscard]] virtual eventstore::ResultOr<Unit> flush() = 0;
};

// What kind of read model this is: stateless, one static instance each (history.h, orders.h, reconciliation.h).
class Projection {
 public:
  virtual ~Projection() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual int version() const = 0;
  // The older versions whose files today's readers read rightly, the best first. The runner serves such a file until
  // this version is built, so that a new version is no outage. Tested on the views of an old release
  // (tests/golden/release_*, tests/e2e/release_folders.py). To be in this list is a promise of the readers: a new
  // version that reads other tables or columns starts with none.
  [[nodiscard]] virtual std::vector<int> served_versions() const { return {}; }
  [[nodiscard]] virtual std::string_view schema() const = 0;  // SQL, run once on a new file
  [[nodiscard]] virtual eventstore::ResultOr<std::unique_ptr<ProjectionWriter>> open(Database& database) const = 0;
};

}  // namespace florin::projections
