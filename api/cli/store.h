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

// Kind::io says which folder was looked at when there is none.
[[nodiscard]] eventstore::Faulty<Store> open_store(Invocation const& invocation);
[[nodiscard]] eventstore::Faulty<std::unique_ptr<eventstore::Vault>> open_vault(Layout const& layout);

// Commits as they are read, one at a time: decoded, and each checked against the link of the one before it, so that
// what is shown is what was written. A commit that is not is Kind::corrupt, with its position. (That the links
// themselves were not made anew is what `audit verify` proves.)
class CommitReader {
 public:
  // Starts at the commit that contains `from`.
  [[nodiscard]] static eventstore::Faulty<CommitReader> open(eventstore::Log& log, domain::Position from);
  // nullopt at the end; a later call may find more.
  [[nodiscard]] eventstore::Faulty<std::optional<domain::Commit>> next();

 private:
  CommitReader(eventstore::Log& log, std::unique_ptr<eventstore::LogCursor> cursor, domain::Position from)
      : log_(&log), from_(from), cursor_(std::move(cursor)) {}
  eventstore::Log* log_;
  domain::Position from_;
  std::unique_ptr<eventstore::LogCursor> cursor_;
  std::optional<eventstore::Head> before_;  // where the commit before the next one ends; empty: not looked up yet
};

// "production", "sandbox".
[[nodiscard]] std::string environment_name(Invocation const& invocation);
// "production in /var/lib/florin/production": what a command was about, before what it found.
[[nodiscard]] std::string place_of(Invocation const& invocation, Store const& store);
// For a log without commits: that it is empty, and which option names the other environment if that one is not.
[[nodiscard]] std::string empty_text(Invocation const& invocation);

}  // namespace florin::api::cli
