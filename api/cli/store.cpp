#include "api/cli/store.h"

#include "eventstore/runtime/files.h"

namespace florin::api::cli {

using eventstore::Fault;
using eventstore::ResultOr;

ResultOr<Store> open_store(Invocation const& invocation) {
  Store store{environment_layout(invocation.data, invocation.sandbox), nullptr};
  std::error_code error;
  if (!std::filesystem::is_regular_file(store.layout.log(), error)) {
    // Kind::io: the folder is not there now, and may be when it is mounted.
    return eventstore::fault(
        Fault::Kind::io,
        "there is no log at " + store.layout.log().string() +
            (error && error != std::errc::no_such_file_or_directory ? " (" + error.message() + ")" : "") +
            "; check --data" + (invocation.sandbox ? "" : ", or add --sandbox for the sandbox's"));
  }
  store.log = FLORIN_TRY(eventstore::SqliteLog::open_read_only(store.layout.log()));
  // An auditor who was not given the keys reads all the same; `audit verify` says that MACs were not checked.
  store.has_row_keys = FLORIN_TRY(eventstore::exists(eventstore::machine_files(), store.layout.row_keys()));
  if (store.has_row_keys) {
    FLORIN_TRY(store.log->use_keys(store.layout.row_keys()));
  }
  return store;
}

ResultOr<std::unique_ptr<eventstore::Vault>> open_vault(Layout const& layout) {
  return eventstore::Vault::open_existing(layout.vault());
}

ResultOr<std::uint64_t> add_row_key(Layout const& layout) {
  auto& files = eventstore::machine_files();
  // While it is held no server runs, and none starts in the middle.
  auto const lock = files.open(layout.log().string() + ".lock", eventstore::OpenFor::locking, 0644);
  if (!lock && lock.error().kind == Fault::Kind::conflict) {
    return eventstore::fault(Fault::Kind::conflict, "a server writes to this log: stop it first");
  }
  if (!lock) return fail(lock.error());
  auto keys = FLORIN_TRY(eventstore::RowKeys::open(layout.row_keys(), files));
  FLORIN_TRY(keys.add(layout.row_keys()));
  return std::uint64_t{keys.newest()};
}

std::string environment_name(Invocation const& invocation) {
  return std::string(invocation.sandbox ? kSandboxFolder : kProductionFolder);
}

std::string place_of(Invocation const& invocation, Store const& store) {
  return environment_name(invocation) + " in " + store.layout.folder.string();
}

std::string empty_text(Invocation const& invocation) {
  std::string text = "the log is empty: nothing was ever written to it";
  auto other = invocation;
  other.sandbox = !invocation.sandbox;
  auto store = open_store(other);
  auto const head = store ? store.value().log->head() : ResultOr<eventstore::Head>(fail(store.error()));
  if (!head || !head.value().position) return text;
  return text + (other.sandbox ? ". The sandbox's log beside it is not empty: did you mean --sandbox?"
                               : ". Production's log beside it is not empty: did you mean it, without --sandbox?");
}

}  // namespace florin::api::cli
