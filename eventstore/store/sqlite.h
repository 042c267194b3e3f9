// The few SQLite calls that the log needs, with owners and our faults. One connection, one thread at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "eventstore/fault.h"

namespace florin::eventstore::sqlite {

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// The fault for SQLite's last error on this connection: FULL and ENOSPC are full, CORRUPT and NOTADB corrupt, BUSY
// and LOCKED conflict, all else io. `doing` says what was tried and where.
[[nodiscard]] Failure<Fault> last_fault(sqlite3* connection, std::string_view doing);

// Without SQLite's own mutexes; waits up to five seconds for another process's locks.
[[nodiscard]] ResultOr<Connection> open(std::string const& name, int flags);
[[nodiscard]] ResultOr<Statement> prepare(sqlite3* connection, char const* sql);
[[nodiscard]] ResultOr<Unit> execute(sqlite3* connection, char const* sql);
// What a dead process wrote into the WAL may never have been synced: copies it into the file, synced, and empties the
// WAL. To be done at open, before anything that was recovered is relied on. When a reader does not let go within the
// time of open(), the WAL is synced as it is and stays, and standard error says so; the caller syncs the folder after
// it. A fault when that sync fails.
[[nodiscard]] ResultOr<Unit> make_wal_durable(sqlite3* connection, std::string_view name);
// A query of one integer, such as "PRAGMA user_version"; corrupt when it gives no row.
[[nodiscard]] ResultOr<std::int64_t> query_integer(sqlite3* connection, char const* sql);

}  // namespace florin::eventstore::sqlite
