#include "eventstore/store/sqlite_log.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "domain/contract.h"
#include "eventstore/runtime/files.h"
#include "eventstore/store/row.h"
#include "eventstore/store/sqlite.h"
#include "eventstore/store/sqlite_reader.h"

namespace florin::eventstore {
namespace {

constexpr std::int64_t kApplicationId = 0x464c'524e;  // "FLRN" in the file's header
constexpr std::int64_t kFormat = 2;                   // user_version

constexpr char const* kCreate =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE commits(position INTEGER PRIMARY KEY, bytes BLOB NOT NULL, link BLOB NOT NULL) STRICT;"
    "PRAGMA application_id=1179406926;"  // kApplicationId
    "PRAGMA user_version=1;"
    "COMMIT";

// The rows of format 1 stay where they are, byte for byte. Atomic: a process that dies leaves one format or the other.
constexpr char const* kMigrate =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE rows(position INTEGER PRIMARY KEY, commits INTEGER NOT NULL, form INTEGER NOT NULL, "
    "key INTEGER NOT NULL, bytes BLOB NOT NULL, link BLOB NOT NULL, mac BLOB NOT NULL) STRICT;"
    "CREATE TABLE head(one INTEGER PRIMARY KEY, position INTEGER NOT NULL, epoch INTEGER NOT NULL) STRICT;"
    "INSERT INTO head SELECT 1, coalesce(max(position), 0), 0 FROM commits;"
    "PRAGMA user_version=2;"
    "COMMIT";

// What a log's schema is, and nothing else: a trigger could swallow rows.
constexpr char const* kSchemaIsFormat1 =
    "SELECT count(*) = 1 AND sum(type = 'table' AND name = 'commits') = 1 FROM sqlite_schema";
constexpr char const* kSchemaIsOurs =
    "SELECT count(*) = 3 AND sum(type = 'table' AND name IN ('commits', 'rows', 'head')) = 3 FROM sqlite_schema";

// Pages (4 KiB) in the WAL before it is copied into the file. 16 MiB: each copy costs two more fsyncs and a few
// milliseconds, paid once in about 40,000 purchases, and a start after a crash reads it in well under 100 ms.
constexpr int kCheckpointPages = 4096;
// Readers that come and go without a gap can keep the WAL from starting over. Past 256 MiB the appender waits for
// them (they hold no transaction for longer than one block of rows), so that the WAL is bounded.
constexpr int kRestartPages = 65'536;

// One writer a log, over processes.
ResultOr<std::unique_ptr<File>> lock_file(Files& files, std::filesystem::path const& path) {
  auto lock = files.open(path, OpenFor::locking, 0644);
  if (!lock && lock.error().kind == Fault::Kind::conflict) {
    return fault(Fault::Kind::conflict, path.string() + ": another writer holds the log");
  }
  return lock;
}

ResultOr<Unit> check_format(sqlite3* connection, std::string const& name) {
  auto const id = FLORIN_TRY(sqlite::query_integer(connection, "PRAGMA application_id"));
  if (id != kApplicationId) return fault(Fault::Kind::corrupt, name + ": not a log");
  auto const format = FLORIN_TRY(sqlite::query_integer(connection, "PRAGMA user_version"));
  if (format > kFormat) return fault(Fault::Kind::unknown, name + ": a log of a newer format");
  if (format < 1) return fault(Fault::Kind::corrupt, name + ": no such format");
  auto const ours = FLORIN_TRY(sqlite::query_integer(connection, format == 1 ? kSchemaIsFormat1 : kSchemaIsOurs));
  if (ours != 1) return fault(Fault::Kind::corrupt, name + ": its tables, indexes and triggers are not those of a log");
  return Unit{};
}

ResultOr<Unit> prepare_file(Files& files, sqlite3* connection, std::filesystem::path const& file) {
  auto const pragmas =
      "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=0;"
      "PRAGMA wal_autocheckpoint=0";
  FLORIN_TRY(sqlite::execute(connection, pragmas));
  auto const wal =
      FLORIN_TRY(sqlite::query_integer(connection, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"));
  if (wal != 1) return fault(Fault::Kind::io, file.string() + ": this file system cannot hold a WAL");
  auto const id = FLORIN_TRY(sqlite::query_integer(connection, "PRAGMA application_id"));
  auto const tables = FLORIN_TRY(sqlite::query_integer(connection, "SELECT count(*) FROM sqlite_schema"));
  // A crash between the two leaves an empty database, which is again a new one.
  if (id == 0 && tables == 0) {
    FLORIN_TRY(sqlite::execute(connection, kCreate));
  }
  FLORIN_TRY(check_format(connection, file.string()));
  auto const format = FLORIN_TRY(sqlite::query_integer(connection, "PRAGMA user_version"));
  if (format < kFormat) {
    FLORIN_TRY(sqlite::execute(connection, kMigrate));
  }
  // The rows that a dead process left in the WAL, and the names of the files, before anybody is told of them.
  FLORIN_TRY(sqlite::make_wal_durable(connection, file.string()));
  return files.make_folder(file.has_parent_path() ? file.parent_path() : std::filesystem::path("."));
}

// SQLite's URI form of a path.
std::string immutable_uri(std::filesystem::path const& file) {
  std::string out = "file:";
  for (char const letter : file.string()) {
    if (letter == '?' || letter == '#' || letter == '%') {
      out.append("%").append(domain::to_hex({&letter, 1}));
    } else {
      out.push_back(letter);
    }
  }
  return out + "?immutable=1";
}

}  // namespace

// The writing half. The appender only.
struct SqliteLog::Impl {
  std::unique_ptr<File> lock;  // while it is held, leases are given here only
  sqlite::Connection connection;
  sqlite::Statement begin, move_head, insert, commit;
  std::uint64_t epoch = 0;      // of this opening, in the file's head row
  std::uint64_t leases = 0;     // given by it
  std::optional<Epoch> lease;   // the last one
  std::optional<RowKeys> keys;  // none: rows have no MAC
  RowPacker packer;
  std::optional<Fault> stopped;  // the first failure: nothing is appended after it
  int checkpointed_pages = 0;    // of the WAL, at the last checkpoint since it started over
  int checkpoint_failure = SQLITE_OK;
  std::shared_ptr<SqliteReaderPool> readers;
  SeedKeeper* seeds = nullptr;

  [[nodiscard]] ResultOr<Unit> open_writer(Files& files, std::filesystem::path const& file);
  [[nodiscard]] ResultOr<Unit> append(Append const& append);
  [[nodiscard]] ResultOr<Unit> step(sqlite3_stmt* statement, char const* doing);
  [[nodiscard]] RowKeys const* used_keys() const { return keys ? &*keys : nullptr; }
  [[nodiscard]] ResultOr<Unit> begin_epoch(std::string const& name);
  [[nodiscard]] ResultOr<Unit> move_head_by(Append const& append);
  [[nodiscard]] ResultOr<Unit> insert_row(StoredRow const& row);
  static int after_commit(void* self, sqlite3* connection, char const* name, int wal_pages);
};

ResultOr<Unit> SqliteLog::Impl::open_writer(Files& files, std::filesystem::path const& file) {
  lock = FLORIN_TRY(lock_file(files, file.string() + ".lock"));
  connection = FLORIN_TRY(sqlite::open(file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  FLORIN_TRY(prepare_file(files, connection.get(), file));

  struct Prepared {
    sqlite::Statement& statement;
    char const* sql;
  };
  for (auto const& [statement, sql] :
       {Prepared{begin, "BEGIN IMMEDIATE"},
        Prepared{move_head, "UPDATE head SET position = ?2 WHERE one = 1 AND position = ?1 AND epoch = ?3"},
        Prepared{insert, "INSERT INTO rows VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"}, Prepared{commit, "COMMIT"}}) {
    statement = FLORIN_TRY(sqlite::prepare(connection.get(), sql));
  }
  FLORIN_TRY(begin_epoch(file.string()));
  sqlite3_wal_hook(connection.get(), after_commit, this);
  return Unit{};
}

ResultOr<Unit> SqliteLog::Impl::step(sqlite3_stmt* statement, char const* doing) {
  int const code = sqlite3_step(statement);
  if (code != SQLITE_DONE) {
    auto failure = sqlite::last_fault(connection.get(), doing);
    sqlite3_reset(statement);
    return failure;
  }
  sqlite3_reset(statement);
  return Unit{};
}

// From here on an append of whoever had the file open before finds another epoch.
ResultOr<Unit> SqliteLog::Impl::begin_epoch(std::string const& name) {
  auto const fits = FLORIN_TRY(sqlite::query_integer(
      connection.get(),
      "SELECT count(*) = 1 AND max(one) = 1 AND max(position) = coalesce((SELECT max(position) FROM "
      "rows), (SELECT max(position) FROM commits), 0) FROM head"));
  if (fits != 1) return fault(Fault::Kind::corrupt, name + ": it does not end where its head row says");
  FLORIN_TRY(sqlite::execute(connection.get(), "UPDATE head SET epoch = epoch + 1"));
  auto const found = FLORIN_TRY(sqlite::query_integer(connection.get(), "SELECT epoch FROM head"));
  epoch = static_cast<std::uint64_t>(found);
  return Unit{};
}

// Inside the transaction: from here on no other writer can be it before the commit.
ResultOr<Unit> SqliteLog::Impl::move_head_by(Append const& append) {
  sqlite3_bind_int64(move_head.get(), 1, static_cast<sqlite3_int64>(append.expected.value()));
  sqlite3_bind_int64(move_head.get(), 2, static_cast<sqlite3_int64>(append.commits.back().last.value()));
  sqlite3_bind_int64(move_head.get(), 3, static_cast<sqlite3_int64>(epoch));
  FLORIN_TRY(step(move_head.get(), "log: its end"));
  if (sqlite3_changes(connection.get()) == 1) return Unit{};
  return fault(Fault::Kind::conflict, "log: it does not end at position " + std::to_string(append.expected.value()) +
                                          ", or another writer has its lease");
}

ResultOr<Unit> SqliteLog::Impl::insert_row(StoredRow const& row) {
  sqlite3_bind_int64(insert.get(), 1, static_cast<sqlite3_int64>(row.last.value()));
  sqlite3_bind_int64(insert.get(), 2, row.commits);
  sqlite3_bind_int64(insert.get(), 3, static_cast<int>(row.form));
  sqlite3_bind_int64(insert.get(), 4, row.key);
  sqlite3_bind_blob64(insert.get(), 5, row.bytes.data(), row.bytes.size(), SQLITE_STATIC);
  sqlite3_bind_blob64(insert.get(), 6, row.link.data(), row.link.size(), SQLITE_STATIC);
  sqlite3_bind_blob64(insert.get(), 7, row.mac.data(), row.mac.size(), SQLITE_STATIC);
  return step(insert.get(), "log: append");
}

ResultOr<Unit> SqliteLog::Impl::append(Append const& append) {
  if (checkpoint_failure != SQLITE_OK) {
    auto const kind = (checkpoint_failure & 0xff) == SQLITE_FULL ? Fault::Kind::full : Fault::Kind::io;
    return fault(kind, std::string("log: checkpoint: ") + sqlite3_errstr(checkpoint_failure));
  }
  FLORIN_TRY(step(begin.get(), "log: begin"));
  FLORIN_TRY(move_head_by(append));
  if (!append.seeds.empty()) {
    FLORIN_ASSERT(seeds != nullptr);
    FLORIN_TRY(seeds->keep(append.seeds));
  }
  auto before = append.expected;
  for (auto left = append.commits; !left.empty();) {
    auto const [row, commits] = packer.pack(before, left, used_keys());
    FLORIN_TRY(insert_row(row));
    before = row.last;
    left = left.subspan(commits);
  }
  return step(commit.get(), "log: commit");
}

// Called inside COMMIT once it is durable, so a failure here must not turn that commit into a failed one: it stops
// the next append instead.
int SqliteLog::Impl::after_commit(void* self, sqlite3* connection, char const* name, int wal_pages) {
  auto& impl = *static_cast<Impl*>(self);
  if (wal_pages < impl.checkpointed_pages) impl.checkpointed_pages = 0;  // the WAL started over
  if (wal_pages - impl.checkpointed_pages < kCheckpointPages) return SQLITE_OK;
  impl.checkpointed_pages = wal_pages;
  int const mode = wal_pages < kRestartPages ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART;
  int const code = sqlite3_wal_checkpoint_v2(connection, name, mode, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) impl.checkpoint_failure = code;
  return SQLITE_OK;
}

SqliteLog::SqliteLog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

// The readers first: the last connection to close copies the WAL into the file and removes it.
SqliteLog::~SqliteLog() { impl_->readers->close(); }

ResultOr<std::unique_ptr<SqliteLog>> SqliteLog::open(std::filesystem::path const& file, Files& files) {
  auto impl = std::make_unique<Impl>();
  FLORIN_TRY(impl->open_writer(files, file));
  impl->readers = std::make_shared<SqliteReaderPool>(file.string(), 0);
  FLORIN_TRY(impl->readers->open_ahead());
  return std::unique_ptr<SqliteLog>(new SqliteLog(std::move(impl)));
}

ResultOr<std::unique_ptr<SqliteLog>> SqliteLog::open_read_only(std::filesystem::path const& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return fault(Fault::Kind::missing, file.string() + ": no log");
  auto pool = std::make_shared<SqliteReaderPool>(file.string(), 0);
  auto reader = pool->take();
  if (!reader && reader.error().kind == Fault::Kind::io) {
    // Reading beside a writer needs the -shm file, which cannot be made on a read-only copy. Without a WAL nothing
    // is missing from the file itself, so it may be read as the constant that it is there.
    auto const wal = file.string() + "-wal";
    if (!std::filesystem::exists(wal, error) || std::filesystem::file_size(wal, error) == 0) {
      pool = std::make_shared<SqliteReaderPool>(immutable_uri(file), SQLITE_OPEN_URI);
      reader = pool->take();
    }
  }
  if (!reader) return fail(std::move(reader).error());
  FLORIN_TRY(check_format(reader.value()->connection(), file.string()));
  pool->give_back(std::move(reader).value());
  auto impl = std::make_unique<Impl>();
  impl->readers = std::move(pool);
  return std::unique_ptr<SqliteLog>(new SqliteLog(std::move(impl)));
}

ResultOr<Epoch> SqliteLog::lease() {
  if (!impl_->connection) return fault(Fault::Kind::conflict, "log: opened for reading only");
  impl_->lease = Epoch{impl_->epoch << 32 | ++impl_->leases};
  return *impl_->lease;
}

void SqliteLog::keep_seeds_in(SeedKeeper& keeper) { impl_->seeds = &keeper; }

ResultOr<Unit> SqliteLog::use_keys(std::filesystem::path const& file, Runtime& runtime) {
  auto keys = RowKeys::open(file, runtime.files());
  if (!keys && keys.error().kind == Fault::Kind::missing) {
    auto reader = FLORIN_TRY(impl_->readers->take());
    auto const has_rows = sqlite::query_integer(reader->connection(), "SELECT EXISTS(SELECT 1 FROM rows)");
    impl_->readers->give_back(std::move(reader));
    if (!has_rows) return fail(has_rows.error());
    if (has_rows.value() != 0) {
      return fault(Fault::Kind::corrupt, file.string() +
                                             ": missing, and it tells the log's rows from forged ones: "
                                             "restore it from the backup of the vault");
    }
    keys = RowKeys::create(file, runtime);
  }
  if (!keys) return fail(keys.error());
  impl_->keys = std::move(keys).value();
  return Unit{};
}

RowKeys const* SqliteLog::keys() const { return impl_->used_keys(); }

ResultOr<Unit> SqliteLog::append(Append const& append) {
  if (!impl_->connection) return fault(Fault::Kind::conflict, "log: opened for reading only");
  if (impl_->stopped) return fail(*impl_->stopped);
  if (append.commits.empty()) return Unit{};
  if (append.epoch != impl_->lease) return fault(Fault::Kind::conflict, "log: the writer does not have its lease");
  auto done = impl_->append(append);
  if (!done) {
    impl_->stopped = Fault{done.error().kind, "log: stopped by an earlier failure: " + done.error().what};
    sqlite3_exec(impl_->connection.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    // Whether the failed commit is durable is for the next start to find out: leave every file as it is.
    sqlite3_db_config(impl_->connection.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  return done;
}

ResultOr<std::unique_ptr<LogCursor>> SqliteLog::read(domain::Position from) {
  auto reader = impl_->readers->take();
  if (!reader) {
    auto const at = "position " + std::to_string(from.value()) + ": log: ";
    return fault(reader.error().kind, at + reader.error().what);
  }
  return std::unique_ptr<LogCursor>(
      std::make_unique<SqliteCursor>(impl_->readers, std::move(reader).value(), from, impl_->used_keys()));
}

ResultOr<Head> SqliteLog::head() {
  auto reader = FLORIN_TRY(impl_->readers->take());
  auto head = reader->head();
  impl_->readers->give_back(std::move(reader));
  return head;
}

}  // namespace florin::eventstore
