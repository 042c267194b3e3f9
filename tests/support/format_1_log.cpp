#include "tests/support/format_1_log.h"

namespace florin::test_support {

using eventstore::ResultOr;
namespace sqlite = eventstore::sqlite;

ResultOr<Format1Log> Format1Log::create(std::filesystem::path const& file) {
  Format1Log log;
  log.connection_ = FLORIN_TRY(sqlite::open(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  FLORIN_TRY(sqlite::execute(
      log.connection_.get(),
      "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN IMMEDIATE;"
      "CREATE TABLE commits(position INTEGER PRIMARY KEY, bytes BLOB NOT NULL, link BLOB NOT NULL) STRICT;"
      "PRAGMA application_id=1179406926; PRAGMA user_version=1; COMMIT"));
  log.insert_ = FLORIN_TRY(sqlite::prepare(log.connection_.get(), "INSERT INTO commits VALUES(?1, ?2, ?3)"));
  return log;
}

ResultOr<Unit> Format1Log::append(std::span<eventstore::StoredCommit const> commits) {
  FLORIN_TRY(sqlite::execute(connection_.get(), "BEGIN IMMEDIATE"));
  for (auto const& commit : commits) {
    sqlite3_bind_int64(insert_.get(), 1, static_cast<sqlite3_int64>(commit.last.value()));
    sqlite3_bind_blob64(insert_.get(), 2, commit.bytes.data(), commit.bytes.size(), SQLITE_STATIC);
    sqlite3_bind_blob64(insert_.get(), 3, commit.link.data(), commit.link.size(), SQLITE_STATIC);
    if (sqlite3_step(insert_.get()) != SQLITE_DONE) return sqlite::last_fault(connection_.get(), "append");
    sqlite3_reset(insert_.get());
  }
  return sqlite::execute(connection_.get(), "COMMIT");
}

}  // namespace florin::test_support
