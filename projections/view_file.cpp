#include "projections/view_file.h"

#include <algorithm>
#include <string>

#include "domain/contract.h"
#include "eventstore/runtime/durable_file.h"

namespace florin::projections {
namespace {

using eventstore::Fault;
using eventstore::ResultOr;

constexpr std::string_view kCheckpointSchema =
    "CREATE TABLE checkpoint(one INTEGER PRIMARY KEY CHECK(one = 1), format INTEGER NOT NULL, name BLOB NOT NULL,"
    " version INTEGER NOT NULL, position INTEGER NOT NULL, link BLOB NOT NULL, open_in_boot BLOB NOT NULL) STRICT";

// Enough for the upper levels and the hot leaves of a view of millions of players; the rest is the page cache's.
constexpr std::string_view kLiveSettings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;"
    // Larger than the default 1000 pages: a page that is written in several transactions is copied back once.
    "PRAGMA wal_autocheckpoint = 16384; PRAGMA journal_size_limit = 268435456";
// A build touches heads of every player in turn: what fits in the cache is written once.
constexpr std::string_view kBuildSettings =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; PRAGMA locking_mode = EXCLUSIVE";

// Different after every start of the machine; the same for all processes and containers on it.
std::string boot_id(eventstore::Files& files) {
  auto id = eventstore::read_file(files, "/proc/sys/kernel/random/boot_id", 64);
  if (!id || id.value().empty()) return "unknown";
  if (id.value().ends_with('\n')) id.value().pop_back();
  return std::move(id).value();
}

std::string_view bytes_of(domain::Digest const& digest) {
  return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

Failure<Fault> untrusted(std::string_view name, std::string_view why) {
  return eventstore::fault(Fault::Kind::corrupt, "view " + std::string(name) + ": " + std::string(why));
}

// The checkpoint of a file that may be trusted.
ResultOr<eventstore::Head> trusted_head(Database& database, std::string_view name, int version,
                                        std::string const& boot) {
  auto select = database.statement("SELECT format, name, version, position, link, open_in_boot FROM checkpoint");
  if (!select) return untrusted(name, select.error().what);
  auto const row = FLORIN_TRY(select.value().first());
  if (!row) return untrusted(name, "no checkpoint");
  auto& columns = select.value();
  eventstore::Head head;
  auto const link = columns.blob(4);
  if (columns.integer(0) != kViewFileFormat || columns.blob(1) != name || columns.integer(2) != version ||
      link.size() != head.link.size()) {
    return untrusted(name, "written by another version");
  }
  auto const open_in = columns.blob(5);
  if (!open_in.empty() && open_in != boot) return untrusted(name, "was open when the machine went down");
  head.position = columns.position(3);
  std::copy(link.begin(), link.end(), reinterpret_cast<char*>(head.link.data()));
  columns.reset();
  return head;
}

}  // namespace

ResultOr<std::unique_ptr<ViewFile>> ViewFile::create(std::filesystem::path const& file, Projection const& projection,
                                                     Purpose purpose, eventstore::Files& files) {
  auto database = FLORIN_TRY(Database::open(file, Database::Mode::create));
  std::unique_ptr<ViewFile> view(new ViewFile(std::move(database)));
  auto const boot = boot_id(files);
  auto const settings = purpose == Purpose::live ? kLiveSettings : kBuildSettings;
  FLORIN_TRY(view->database_->execute(settings));
  auto const schema = std::string(kCheckpointSchema) + ";" + std::string(projection.schema());
  if (auto const made = view->database_->execute("BEGIN IMMEDIATE;" + schema); !made) return fail(made.error());
  auto insert = FLORIN_TRY(view->database_->statement("INSERT INTO checkpoint VALUES(1, ?, ?, ?, 0, ?, ?)"));
  FLORIN_TRY(insert.run(kViewFileFormat, projection.name(), projection.version(), bytes_of(view->checkpoint_.link),
                        std::string_view(boot)));
  FLORIN_TRY(view->database_->execute("COMMIT"));
  view->writer_ = FLORIN_TRY(projection.open(*view->database_));
  return view;
}

ResultOr<std::unique_ptr<ViewFile>> ViewFile::open(std::filesystem::path const& file, Projection const& projection,
                                                   eventstore::Files& files) {
  auto database = FLORIN_TRY(Database::open(file, Database::Mode::read_write));
  std::unique_ptr<ViewFile> view(new ViewFile(std::move(database)));
  FLORIN_TRY(view->database_->execute(kLiveSettings));
  FLORIN_TRY(view->read_checkpoint(projection, boot_id(files)));
  view->writer_ = FLORIN_TRY(projection.open(*view->database_));
  return view;
}

ResultOr<eventstore::Head> ViewFile::read_head(std::filesystem::path const& file, Projection const& projection,
                                               int version, eventstore::Files& files) {
  auto database = FLORIN_TRY(Database::open(file, Database::Mode::read_only));
  return trusted_head(*database, projection.name(), version, boot_id(files));
}

ResultOr<Unit> ViewFile::read_checkpoint(Projection const& projection, std::string const& boot) {
  auto const head = FLORIN_TRY(trusted_head(*database_, projection.name(), projection.version(), boot));
  checkpoint_ = reached_ = head;
  auto mark = FLORIN_TRY(database_->statement("UPDATE checkpoint SET open_in_boot = ?"));
  // On the disk before any row is: pages get there in any order, and one of before this mark would make a mixture of
  // them look like a file that was closed.
  FLORIN_TRY(database_->execute("PRAGMA synchronous = FULL"));
  FLORIN_TRY(mark.run(std::string_view(boot)));
  return database_->execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA synchronous = OFF");
}

ResultOr<Unit> ViewFile::apply(domain::Commit const& commit, eventstore::Head const& head) {
  FLORIN_ASSERT(commit.first == next(reached_.position));
  if (!in_transaction_) {
    auto begin = FLORIN_TRY(database_->statement("BEGIN IMMEDIATE"));
    FLORIN_TRY(begin.run());
    in_transaction_ = true;
  }
  reached_ = head;
  return writer_->apply(commit);
}

ResultOr<Unit> ViewFile::commit() {
  if (!in_transaction_) return Unit{};
  FLORIN_TRY(writer_->flush());
  auto update = FLORIN_TRY(database_->statement("UPDATE checkpoint SET position = ?, link = ?"));
  FLORIN_TRY(update.run(reached_.position, bytes_of(reached_.link)));
  auto end = FLORIN_TRY(database_->statement("COMMIT"));
  FLORIN_TRY(end.run());
  in_transaction_ = false;
  checkpoint_ = reached_;
  return Unit{};
}

ResultOr<Unit> ViewFile::close() {
  FLORIN_TRY(commit());
  // The rows first, and only when they are on the disk the mark that says so. A reader that is still open keeps the
  // WAL from being emptied; then the mark's own commit syncs it.
  auto copied =
      database_->execute("PRAGMA synchronous = FULL; PRAGMA busy_timeout = 100; PRAGMA wal_checkpoint(TRUNCATE)");
  if (!copied) return copied;
  FLORIN_TRY(database_->sync());
  return database_->execute("UPDATE checkpoint SET open_in_boot = x''");
}

}  // namespace florin::projections
