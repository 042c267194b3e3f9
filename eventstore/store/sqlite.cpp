#include "eventstore/store/sqlite.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace florin::eventstore::sqlite {

Failure<Fault> last_fault(sqlite3* connection, std::string_view doing) {
  int const code = sqlite3_extended_errcode(connection);
  int const system_error = sqlite3_system_errno(connection);
  auto kind = Fault::Kind::io;
  switch (code & 0xff) {
    case SQLITE_FULL: kind = Fault::Kind::full; break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: kind = Fault::Kind::corrupt; break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: kind = Fault::Kind::conflict; break;
    default: break;
  }
  std::string what(doing);
  what.append(": ").append(sqlite3_errmsg(connection)).append(" (").append(std::to_string(code)).append(")");
  if ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN) {
    if (system_error == ENOSPC || system_error == EDQUOT) kind = Fault::Kind::full;
    if (system_error != 0) what.append(": ").append(std::generic_category().message(system_error));
  }
  return fault(kind, std::move(what));
}

ResultOr<Connection> open(std::string const& name, int flags) {
  constexpr int kBusyMs = 5000;
  sqlite3* raw = nullptr;
  int const code = sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Connection connection(raw);
  if (raw == nullptr) return fault(Fault::Kind::io, name + ": no memory for a connection");
  if (code != SQLITE_OK) return last_fault(raw, name);
  sqlite3_busy_timeout(raw, kBusyMs);
  return connection;
}

ResultOr<Statement> prepare(sqlite3* connection, char const* sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) {
    return last_fault(connection, sql);
  }
  return Statement(raw);
}

ResultOr<Unit> execute(sqlite3* connection, char const* sql) {
  if (sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return last_fault(connection, sql);
  return Unit{};
}

ResultOr<Unit> make_wal_durable(sqlite3* connection, std::string_view name) {
  auto statement = FLORIN_TRY(prepare(connection, "PRAGMA wal_checkpoint(TRUNCATE)"));
  auto const doing = std::string(name) + ": checkpoint at open";
  if (sqlite3_step(statement.get()) != SQLITE_ROW) return last_fault(connection, doing);
  // "Busy" is no error code but the first column of the row.
  if (sqlite3_column_int64(statement.get(), 0) == 0) return Unit{};
  // SQLite's own file, and so whatever disk it works on: opening the WAL once more could drop its locks.
  sqlite3_file* wal = nullptr;
  int code = sqlite3_file_control(connection, nullptr, SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&wal));
  bool const is_open = code == SQLITE_OK && wal != nullptr && wal->pMethods != nullptr;
  if (!is_open) return fault(Fault::Kind::io, doing + ": no WAL is open");
  code = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) return fault(Fault::Kind::io, doing + ": sync of the WAL: " + sqlite3_errstr(code));
  std::fprintf(stderr, "florin: %s: another process is reading the file, so that its WAL is synced and kept\n",
               doing.c_str());
  return Unit{};
}

ResultOr<std::int64_t> query_integer(sqlite3* connection, char const* sql) {
  auto statement = FLORIN_TRY(prepare(connection, sql));
  int const code = sqlite3_step(statement.get());
  if (code == SQLITE_DONE) return fault(Fault::Kind::corrupt, std::string(sql) + ": no row");
  if (code != SQLITE_ROW) return last_fault(connection, sql);
  return std::int64_t{sqlite3_column_int64(statement.get(), 0)};
}

}  // namespace florin::eventstore::sqlite
