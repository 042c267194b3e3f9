#include "api/cli/store.h"

#include "eventstore/codec.h"

namespace florin::api::cli {

using eventstore::Fault;
using eventstore::Faulty;

Faulty<Store> open_store(Invocation const& invocation) {
  Store store{environment_layout(invocation.data, invocation.sandbox), nullptr};
  std::error_code error;
  if (!std::filesystem::is_regular_file(store.layout.log(), error)) {
    return eventstore::fault(
        Fault::Kind::missing,
        "there is no log at " + store.layout.log().string() +
            (error && error != std::errc::no_such_file_or_directory ? " (" + error.message() + ")" : "") +
            "; check --data" + (invocation.sandbox ? "" : ", or add --sandbox for the sandbox's"));
  }
  auto log = eventstore::SqliteLog::open_read_only(store.layout.log());
  if (!log) return fail(log.error());
  store.log = std::move(log).value();
  return store;
}

Faulty<std::unique_ptr<eventstore::Vault>> open_vault(Layout const& layout) {
  // Vault::open makes what is absent; a reader must not.
  std::error_code error;
  if (!std::filesystem::is_regular_file(layout.vault() / "master.key", error)) {
    return eventstore::fault(Fault::Kind::missing, "there is no vault at " + layout.vault().string());
  }
  return eventstore::Vault::open(layout.vault());
}

Faulty<CommitReader> CommitReader::open(eventstore::Log& log, domain::Position from) {
  auto cursor = log.read(from);
  if (!cursor) return fail(cursor.error());
  return CommitReader(std::move(cursor).value());
}

Faulty<std::optional<domain::Commit>> CommitReader::next() {
  auto stored = cursor_->next();
  if (!stored) return fail(stored.error());
  if (!stored.value()) return std::optional<domain::Commit>();
  auto commit = eventstore::decode(stored.value()->bytes);
  if (!commit) {
    return eventstore::fault(commit.error().kind, "the commit that ends at position " +
                                                      std::to_string(stored.value()->last.value()) + ": " +
                                                      commit.error().what);
  }
  return std::optional(std::move(commit).value());
}

}  // namespace florin::api::cli
