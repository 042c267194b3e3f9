#include "projections/sqlite.h"

#include <string>

#include <sqlite3.h>

#include "domain/contract.h"

namespace florin::projections {
namespace {

using eventstore::Fault;
using eventstore::ResultOr;

// Readers meet the writer only while SQLite recovers or restarts a WAL: milliseconds.
constexpr int kBusyTimeoutMs = 5'000;

// SQLite's message names tables and columns, never values.
Failure<Fault> sqlite_fault(int code, char const* message) {
  auto kind = Fault::Kind::io;
  auto const primary = code & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) kind = Fault::Kind::corrupt;
  if (primary == SQLITE_FULL) kind = Fault::Kind::full;
  return eventstore::fault(kind, "view: " + std::string(message) + " (SQLite " + std::to_string(code) + ")");
}

Failure<Fault> sqlite_fault(sqlite3* database) {
  return sqlite_fault(sqlite3_extended_errcode(database), sqlite3_errmsg(database));
}

}  // namespace

ResultOr<bool> Statement::next() {
  auto const code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto const failed = sqlite_fault(sqlite3_db_handle(statement_));
  if (failed.error.kind == Fault::Kind::corrupt) *damaged_ = true;
  sqlite3_reset(statement_);
  return failed;
}

ResultOr<Unit> Statement::finish() {
  FLORIN_TRY(next());
  reset();
  return Unit{};
}

void Statement::reset() { sqlite3_reset(statement_); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Statement::blob(int column) const {
  auto const* bytes = static_cast<char const*>(sqlite3_column_blob(statement_, column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void Statement::bind(int parameter, std::int64_t value) {
  FLORIN_ASSERT(sqlite3_bind_int64(statement_, parameter, value) == SQLITE_OK);
}

void Statement::bind(int parameter, std::string_view value) {
  // A null pointer would bind NULL, not an empty blob.
  char const* bytes = value.data() == nullptr ? "" : value.data();
  FLORIN_ASSERT(sqlite3_bind_blob64(statement_, parameter, bytes, value.size(), SQLITE_STATIC) == SQLITE_OK);
}

ResultOr<std::unique_ptr<Database>> Database::open(std::filesystem::path const& file, Mode mode) {
  int flags = SQLITE_OPEN_NOMUTEX;
  switch (mode) {
    case Mode::create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE; break;
    case Mode::read_write: flags |= SQLITE_OPEN_READWRITE; break;
    case Mode::read_only: flags |= SQLITE_OPEN_READONLY; break;
  }
  sqlite3* handle = nullptr;
  auto const code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Database> database(new Database(handle));
  if (code != SQLITE_OK) return sqlite_fault(code, handle == nullptr ? "out of memory" : sqlite3_errmsg(handle));
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return database;
}

Database::~Database() {
  for (auto const& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

ResultOr<Unit> Database::execute(std::string_view sql) {
  if (sqlite3_exec(database_, std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return sqlite_fault(database_);
  }
  return Unit{};
}

ResultOr<Statement> Database::statement(char const* sql) {
  for (auto const& [known, statement] : statements_) {
    if (known == sql) return Statement(statement, damaged_);
  }
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr) != SQLITE_OK) {
    auto const failed = sqlite_fault(database_);
    damaged_ = damaged_ || failed.error.kind == Fault::Kind::corrupt;
    return failed;
  }
  statements_.emplace_back(sql, prepared);
  return Statement(prepared, damaged_);
}

void Database::reset_statements() {
  for (auto const& [sql, statement] : statements_) sqlite3_reset(statement);
}

ResultOr<Unit> Database::sync() {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(database_, "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file)) != SQLITE_OK ||
      file->pMethods == nullptr) {
    return sqlite_fault(database_);
  }
  auto const code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) return sqlite_fault(code, sqlite3_errstr(code));
  return Unit{};
}

}  // namespace florin::projections
