// The stored data of one environment, opened to be read beside a live server. Nothing here ever writes
// or creates, but add_row_key().
#pragma once

#include <memory>

#include "api/cli/command.h"
#include "eventstore/store/chain.h"
#include "eventstore/store/sqlite_log.h"
#include "eventstore/store/vault.h"

namespace florin::api::cli {

struct Store {
  Layout layout;
  std::unique_ptr<eventstore::SqliteLog> log;
  bool has_row_keys = false;  // rows are checked against their MACs
};

// Kind::io says which folder was looked at when there is none.
[[nodiscard]] eventstore::ResultOr<Store> open_store(Invocation const& invocation);
[[nodiscard]] eventstore::ResultOr<std::unique_ptr<eventstore::Vault>> open_vault(Layout const& layout);

// Adds a key for the MACs of the log's rows; its number. Kind::conflict while a server runs.
[[nodiscard]] eventstore::ResultOr<std::uint64_t> add_row_key(Layout const& layout);

// "production", "sandbox".
[[nodiscard]] std::string environment_name(Invocation const& invocation);
// "production in /var/lib/florin/production": what a command was about, before what it found.
[[nodiscard]] std::string place_of(Invocation const& invocation, Store const& store);
// For a log without commits: that it is empty, and which option names the other environment if that one is not.
[[nodiscard]] std::string empty_text(Invocation const& invocation);

}  // namespace florin::api::cli
