// The stored data of one environment, opened to be read beside a live server. Nothing here ever writes or creates.
#pragma once

#include <memory>

#include "api/cli/command.h"
#include "eventstore/chain.h"
#include "eventstore/sqlite_log.h"
#include "eventstore/vault.h"

namespace florin::api::cli {

struct Store {
  Layout layout;
  std::unique_ptr<eventstore::Log> log;
};

// Kind::missing says which folder was looked at.
[[nodiscard]] eventstore::Faulty<Store> open_store(Invocation const& invocation);
[[nodiscard]] eventstore::Faulty<std::unique_ptr<eventstore::Vault>> open_vault(Layout const& layout);

// Commits as they are read: decoded one at a time.
class CommitReader {
 public:
  // Starts at the commit that contains `from`.
  [[nodiscard]] static eventstore::Faulty<CommitReader> open(eventstore::Log& log, domain::Position from);
  // nullopt at the end; a later call may find more.
  [[nodiscard]] eventstore::Faulty<std::optional<domain::Commit>> next();

 private:
  explicit CommitReader(std::unique_ptr<eventstore::LogCursor> cursor) : cursor_(std::move(cursor)) {}
  std::unique_ptr<eventstore::LogCursor> cursor_;
};

}  // namespace florin::api::cli
