#include "api/cli/store.h"

#include "eventstore/codec.h"
#include "eventstore/linked_reader.h"

namespace florin::api::cli {

using eventstore::Fault;
using eventstore::Faulty;

Faulty<Store> open_store(Invocation const& invocation) {
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

namespace {

Faulty<eventstore::Head> end_of_commit_with(eventstore::Log& log, domain::Position position) {
  auto cursor = log.read(position);
  if (!cursor) return fail(cursor.error());
  auto const row = cursor.value()->next();
  if (!row) return fail(row.error());
  if (!row.value()) return eventstore::fault_at(position, Fault::Kind::corrupt, "the commit is missing");
  return eventstore::Head{row.value()->last, row.value()->link};
}

// Where the commit ends that comes before the one that ends at `last` and contains `within`, with its link; the head of
// an empty log when there is none. Found by halving over the keys of the rows: the bytes are what is to be checked.
Faulty<eventstore::Head> head_before(eventstore::Log& log, domain::Position within, domain::Position last) {
  std::uint64_t first = 1;
  for (auto high = within.value(); first < high;) {
    auto const middle = first + (high - first) / 2;
    auto const end = end_of_commit_with(log, domain::Position(middle));
    if (!end) return end;
    if (end.value().position < last) {
      first = middle + 1;
    } else {
      high = middle;
    }
  }
  if (first == 1) return eventstore::Head{};
  return end_of_commit_with(log, domain::Position(first - 1));
}

}  // namespace

Faulty<CommitReader> CommitReader::open(eventstore::Log& log, domain::Position from) {
  auto cursor = log.read(from);
  if (!cursor) return fail(cursor.error());
  return CommitReader(log, std::move(cursor).value(), from);
}

Faulty<std::optional<domain::Commit>> CommitReader::next() {
  auto const stored = cursor_->next();
  if (!stored) return fail(stored.error());
  if (!stored.value()) return std::optional<domain::Commit>();
  auto const& row = *stored.value();
  if (!before_) {
    auto before = head_before(*log_, from_, row.last);
    if (!before) return fail(before.error());
    before_ = before.value();
  }
  if (auto const linked = eventstore::check_link(*before_, row); !linked) return fail(linked.error());
  auto const first = domain::next(before_->position);
  auto commit = eventstore::decode(row.bytes);
  if (!commit) return eventstore::fault_at(first, commit.error().kind, commit.error().what);
  if (commit.value().first != first || commit.value().last() != row.last) {
    return eventstore::fault_at(first, Fault::Kind::corrupt, "the commit says that it is at other positions");
  }
  before_ = eventstore::Head{row.last, row.link};
  return std::optional(std::move(commit).value());
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
  auto const head = store ? store.value().log->head() : Faulty<eventstore::Head>(fail(store.error()));
  if (!head || !head.value().position) return text;
  return text + (other.sandbox ? ". The sandbox's log beside it is not empty: did you mean --sandbox?"
                               : ". Production's log beside it is not empty: did you mean it, without --sandbox?");
}

}  // namespace florin::api::cli
