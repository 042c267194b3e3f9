#include "sagas/gateways/sandbox_file.h"

#include <array>

#include "eventstore/runtime/files.h"

namespace florin::sagas {
namespace {

namespace sqlite = eventstore::sqlite;
using eventstore::Fault;
using eventstore::ResultOr;

constexpr std::int64_t kApplicationId = 0x464c'5350;  // "FLSP" in the file's header
constexpr std::int64_t kFormat = 1;                   // user_version

// Amounts are cents. disputes.cents is what was claimed, withheld what is held back of it now, entries how often it was
// withdrawn, given back or charged for. The last two are NULL in rows from before an end could be taken back: there all
// was held back until the dispute was won (state 1). payments.state is a PaymentStatus, disputes.state a DisputeStatus,
// methods.card a TestCard.
constexpr char const* kCreate =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE payments(sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, ordered INTEGER NOT NULL,"
    " cents INTEGER NOT NULL, description TEXT NOT NULL, secret TEXT NOT NULL, state INTEGER NOT NULL,"
    " decline TEXT NOT NULL, fee INTEGER NOT NULL, return_url TEXT NOT NULL, created INTEGER NOT NULL,"
    " ordered_at INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE TABLE methods(id TEXT PRIMARY KEY, card INTEGER NOT NULL, last4 TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE keys(key TEXT PRIMARY KEY, asked BLOB NOT NULL, payment TEXT NOT NULL, refused TEXT NOT NULL,"
    " made TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE refunds(sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, payment TEXT NOT NULL,"
    " refund INTEGER NOT NULL, cents INTEGER NOT NULL, created INTEGER NOT NULL,"
    " asked_at INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX refunds_of ON refunds(payment);"
    "CREATE TABLE disputes(sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, payment TEXT NOT NULL,"
    " cents INTEGER NOT NULL, fee INTEGER NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL,"
    " withheld INTEGER, entries INTEGER) STRICT;"
    "CREATE INDEX disputes_of ON disputes(payment);"
    "CREATE TABLE events(sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, object TEXT NOT NULL,"
    " object_id TEXT NOT NULL, payment TEXT NOT NULL, created INTEGER NOT NULL, copies INTEGER NOT NULL,"
    " late INTEGER NOT NULL, waiting INTEGER NOT NULL) STRICT;"
    "CREATE INDEX events_waiting ON events(sequence) WHERE waiting = 1;"
    "PRAGMA application_id=1179407184;"  // kApplicationId
    "PRAGMA user_version=1;"             // kFormat
    "COMMIT";

// Columns that older files lack. The versions that made those read files with them too, so the format is the same.
struct AddedColumn {
  char const* count;
  char const* add;
};
constexpr std::array<AddedColumn, 4> kAdded = {
    {{"SELECT count(*) FROM pragma_table_info('disputes') WHERE name = 'withheld'",
      "ALTER TABLE disputes ADD COLUMN withheld INTEGER"},
     {"SELECT count(*) FROM pragma_table_info('disputes') WHERE name = 'entries'",
      "ALTER TABLE disputes ADD COLUMN entries INTEGER"},
     {"SELECT count(*) FROM pragma_table_info('payments') WHERE name = 'ordered_at'",
      "ALTER TABLE payments ADD COLUMN ordered_at INTEGER NOT NULL DEFAULT 0"},
     {"SELECT count(*) FROM pragma_table_info('refunds') WHERE name = 'asked_at'",
      "ALTER TABLE refunds ADD COLUMN asked_at INTEGER NOT NULL DEFAULT 0"}}};

ResultOr<Unit> prepare(sqlite3* connection, std::string const& name) {
  constexpr char const* kSettings = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=0";
  FLORIN_TRY(sqlite::execute(connection, kSettings));
  auto const id = FLORIN_TRY(sqlite::query_integer(connection, "PRAGMA application_id"));
  auto const tables = FLORIN_TRY(sqlite::query_integer(connection, "SELECT count(*) FROM sqlite_schema"));
  // A crash in between leaves an empty database, which is again a new one.
  if (id == 0 && tables == 0) return sqlite::execute(connection, kCreate);
  if (id != kApplicationId) {
    return eventstore::fault(Fault::Kind::corrupt, name + ": not a sandbox processor's books");
  }
  auto const format = FLORIN_TRY(sqlite::query_integer(connection, "PRAGMA user_version"));
  if (format != kFormat) return eventstore::fault(Fault::Kind::unknown, name + ": books of another format");
  for (AddedColumn const& column : kAdded) {
    auto const there = FLORIN_TRY(sqlite::query_integer(connection, column.count));
    if (there != 0) continue;
    FLORIN_TRY(sqlite::execute(connection, column.add));
  }
  return Unit{};
}

}  // namespace

ResultOr<SandboxFile> SandboxFile::open(std::filesystem::path const& file) {
  bool const in_memory = file.empty();
  auto connection =
      FLORIN_TRY(sqlite::open(in_memory ? ":memory:" : file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  FLORIN_TRY(prepare(connection.get(), file.string()));
  if (in_memory) return SandboxFile(std::move(connection));
  // The ledger acts on what the processor says: it must not say what a power cut can undo.
  auto durable = sqlite::make_wal_durable(connection.get(), file.string());
  if (durable) durable = eventstore::machine_files().make_folder(file.parent_path());
  if (!durable) return fail(std::move(durable).error());
  return SandboxFile(std::move(connection));
}

SandboxQuery SandboxFile::query(char const* sql) {
  sqlite::Statement& statement = statements_[sql];
  if (!statement) {
    auto prepared = sqlite::prepare(connection_.get(), sql);
    if (!prepared) throw SandboxFileFault{std::move(prepared).error()};
    statement = std::move(prepared).value();
  }
  return {connection_.get(), statement.get()};
}

ResultOr<Unit> SandboxFile::execute(char const* sql) { return sqlite::execute(connection_.get(), sql); }

}  // namespace florin::sagas
