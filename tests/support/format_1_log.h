// Logs as releases before format 2 wrote them: a row a commit, without a MAC.
#pragma once

#include <filesystem>
#include <span>

#include "eventstore/store/log.h"
#include "eventstore/store/sqlite.h"

namespace florin::test_support {

class Format1Log {
 public:
  // Creates the file. Whatever VFS is SQLite's default.
  [[nodiscard]] static eventstore::ResultOr<Format1Log> create(std::filesystem::path const& file);
  // Durable when it returns. `commits` are linked.
  [[nodiscard]] eventstore::ResultOr<Unit> append(std::span<eventstore::StoredCommit const> commits);

 private:
  Format1Log() = default;
  eventstore::sqlite::Connection connection_;
  eventstore::sqlite::Statement insert_;
};

}  // namespace florin::test_support
