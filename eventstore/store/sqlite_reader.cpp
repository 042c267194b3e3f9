#include "eventstore/store/sqlite_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace florin::eventstore {
namespace {

// By Table. A row of format 1 needs no MAC, so that it counts only up to ?3, where the rows begin that have one: nobody
// without the key appends any.
constexpr std::array<char const*, 2> kSelectFrom = {
    "SELECT position, bytes, link FROM commits WHERE position >= ?1 AND position <= ?3 ORDER BY position LIMIT ?2",
    "SELECT position, bytes, link, commits, form, key, mac FROM rows WHERE position >= ?1 ORDER BY position LIMIT ?2"};
constexpr char const* kSelectHead =
    "SELECT head.position, last.position, last.link FROM head LEFT JOIN "
    "(SELECT position, link FROM rows ORDER BY position DESC LIMIT 1) AS last";
// Where the rows of format 1 end; NULL while nothing stands behind them.
constexpr char const* kSelectOldEnd =
    "SELECT CASE WHEN first IS NOT NULL THEN coalesce((SELECT max(position) FROM commits WHERE position < first), 0) "
    "END "
    "FROM (SELECT min(position) AS first FROM rows)";
constexpr std::array<char const*, 2> kSelectBefore = {
    "SELECT position, link FROM commits WHERE position < ?1 ORDER BY position DESC LIMIT 1",
    "SELECT position, link FROM rows WHERE position < ?1 ORDER BY position DESC LIMIT 1"};

std::string at(domain::Position position) { return "position " + std::to_string(position.value()); }

// nullopt unless the column holds a blob of 32 bytes.
std::optional<domain::Digest> digest_column(sqlite3_stmt* statement, int column) {
  domain::Digest out;
  if (sqlite3_column_type(statement, column) != SQLITE_BLOB) return std::nullopt;
  void const* const bytes = sqlite3_column_blob(statement, column);
  if (bytes == nullptr || sqlite3_column_bytes(statement, column) != int{out.size()}) return std::nullopt;
  std::memcpy(out.data(), bytes, out.size());
  return out;
}

std::optional<std::uint32_t> u32_column(sqlite3_stmt* statement, int column) {
  auto const value = sqlite3_column_int64(statement, column);
  if (value < 0 || value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

// Ends the statement's read transaction on every way out.
class Running {
 public:
  explicit Running(sqlite3_stmt* statement) : statement_(statement) {}
  Running(Running const&) = delete;
  Running& operator=(Running const&) = delete;
  ~Running() { sqlite3_reset(statement_); }
  [[nodiscard]] int step() { return sqlite3_step(statement_); }

 private:
  sqlite3_stmt* statement_;
};

}  // namespace

ResultOr<std::unique_ptr<SqliteReader>> SqliteReader::open(std::string const& name, int flags) {
  auto connection = FLORIN_TRY(sqlite::open(name, flags | SQLITE_OPEN_READONLY));
  auto const raw = connection.get();
  // mmap would turn an I/O error into SIGBUS.
  FLORIN_TRY(sqlite::execute(raw, "PRAGMA mmap_size=0"));
  auto reader = std::make_unique<SqliteReader>();
  reader->connection_ = std::move(connection);
  // An auditor may read a log that was not brought up to date.
  auto const has_rows = FLORIN_TRY(
      sqlite::query_integer(raw, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'rows'"));
  auto& [commits, rows] = reader->statements_;
  commits.from = FLORIN_TRY(sqlite::prepare(raw, kSelectFrom[0]));
  commits.before = FLORIN_TRY(sqlite::prepare(raw, kSelectBefore[0]));
  if (has_rows == 0) return reader;
  rows.from = FLORIN_TRY(sqlite::prepare(raw, kSelectFrom[1]));
  rows.before = FLORIN_TRY(sqlite::prepare(raw, kSelectBefore[1]));
  reader->select_old_end_ = FLORIN_TRY(sqlite::prepare(raw, kSelectOldEnd));
  reader->select_head_ = FLORIN_TRY(sqlite::prepare(raw, kSelectHead));
  return reader;
}

ResultOr<Unit> SqliteReader::fetch(domain::Position from, unsigned rows) {
  rows_.clear();
  used_words_ = 0;
  if (from > kBeyondEveryRow) return Unit{};
  auto const expected = std::max(from, domain::Position(1));
  FLORIN_TRY(find_old_end(expected));
  if (expected <= old_end_) {
    FLORIN_TRY(fetch_of(Table::commits, expected, rows));
  }
  return rows_.empty() ? fetch_of(Table::rows, expected, rows) : Unit{};
}

// Once there are rows of format 2, those of format 1 end where they do for ever.
ResultOr<Unit> SqliteReader::find_old_end(domain::Position wanted) {
  if (old_end_ != kBeyondEveryRow || !select_old_end_) return Unit{};
  Running running(select_old_end_.get());
  if (running.step() != SQLITE_ROW) return sqlite::last_fault(connection_.get(), at(wanted));
  if (sqlite3_column_type(select_old_end_.get(), 0) != SQLITE_INTEGER) return Unit{};
  old_end_ = domain::Position(static_cast<std::uint64_t>(sqlite3_column_int64(select_old_end_.get(), 0)));
  return Unit{};
}

ResultOr<Unit> SqliteReader::fetch_of(Table table, domain::Position expected, unsigned rows) {
  auto* const statement = statements_[static_cast<std::size_t>(table)].from.get();
  if (statement == nullptr) return Unit{};
  sqlite3_bind_int64(statement, 1, static_cast<sqlite3_int64>(expected.value()));
  sqlite3_bind_int64(statement, 2, rows);
  if (table == Table::commits) sqlite3_bind_int64(statement, 3, static_cast<sqlite3_int64>(old_end_.value()));
  Running running(statement);
  for (;;) {
    int const code = running.step();
    if (code == SQLITE_DONE) return Unit{};
    auto taken = code == SQLITE_ROW ? take_row(table, expected) : sqlite::last_fault(connection_.get(), at(expected));
    if (!taken) return rows_.empty() ? taken : ResultOr<Unit>(Unit{});
    if (used_words_ * sizeof(std::uint64_t) >= kMaxBlockBytes) return Unit{};
    expected = domain::next(rows_.back().row.last);
  }
}

ResultOr<Unit> SqliteReader::take_row(Table table, domain::Position expected) {
  auto* const from = statements_[static_cast<std::size_t>(table)].from.get();
  auto const corrupt = [&](char const* what) { return fault(Fault::Kind::corrupt, at(expected) + what); };
  if (sqlite3_column_type(from, 1) != SQLITE_BLOB) return corrupt(": no bytes");
  void const* const bytes = sqlite3_column_blob(from, 1);
  auto const size = static_cast<std::size_t>(sqlite3_column_bytes(from, 1));
  // NULL with a length is SQLite's way to say that it could not read an overflow page.
  if (bytes == nullptr && sqlite3_errcode(connection_.get()) == SQLITE_CORRUPT) {
    return sqlite::last_fault(connection_.get(), at(expected));
  }
  if (bytes == nullptr || size > kStoredRowBytesMax) return corrupt(": bytes of an impossible size");
  auto const link = digest_column(from, 2);
  if (!link) return corrupt(": no link of 32 bytes");
  StoredRow row{domain::Position(static_cast<std::uint64_t>(sqlite3_column_int64(from, 0))), 1, RowForm::commit};
  row.link = *link;
  if (table == Table::rows) {
    auto const form = sqlite3_column_int64(from, 4);
    auto const commits = u32_column(from, 3);
    auto const key = u32_column(from, 5);
    auto const mac = digest_column(from, 6);
    if (form != static_cast<int>(RowForm::packed) && form != static_cast<int>(RowForm::compressed)) {
      return corrupt(": a row of no known form");
    }
    if (!commits || !key) return corrupt(": numbers that no row has");
    if (!mac) return corrupt(": no MAC of 32 bytes");
    row.form = static_cast<RowForm>(form);
    row.commits = *commits;
    row.key = *key;
    row.mac = *mac;
  }
  auto const words = (size + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
  if (used_words_ + words > words_.size()) words_.resize(std::max(used_words_ + words, 2 * words_.size()));
  std::memcpy(&words_[used_words_], bytes, size);
  rows_.push_back({row, used_words_, size});
  used_words_ += words;
  return Unit{};
}

StoredRow SqliteReader::row(std::size_t index) const {
  auto row = rows_[index].row;
  row.bytes = {reinterpret_cast<char const*>(words_.data() + rows_[index].word), rows_[index].size};
  return row;
}

ResultOr<Head> SqliteReader::head_before(domain::Position position) {
  auto const in_rows = FLORIN_TRY(head_before_of(Table::rows, position));
  return in_rows.position ? in_rows : head_before_of(Table::commits, position);
}

ResultOr<Head> SqliteReader::head_before_of(Table table, domain::Position position) {
  auto* const before = statements_[static_cast<std::size_t>(table)].before.get();
  if (before == nullptr) return Head{};
  sqlite3_bind_int64(before, 1, static_cast<sqlite3_int64>(std::min(position, kBeyondEveryRow).value()));
  Running running(before);
  int const code = running.step();
  if (code == SQLITE_DONE) return Head{};
  if (code != SQLITE_ROW) return sqlite::last_fault(connection_.get(), at(position));
  auto const last = sqlite3_column_int64(before, 0);
  auto const link = digest_column(before, 1);
  if (last <= 0 || !link) return fault(Fault::Kind::corrupt, at(position) + ": the row before it is damaged");
  return Head{domain::Position(static_cast<std::uint64_t>(last)), *link};
}

ResultOr<Head> SqliteReader::head() {
  if (!select_head_) return head_before_of(Table::commits, kBeyondEveryRow);
  auto* const statement = select_head_.get();
  Running running(statement);
  int const code = running.step();
  if (code == SQLITE_DONE) return fault(Fault::Kind::corrupt, "log: no head row");
  if (code != SQLITE_ROW) return sqlite::last_fault(connection_.get(), "log: its end");
  auto const wanted = domain::Position(static_cast<std::uint64_t>(sqlite3_column_int64(statement, 0)));
  Head head;
  if (sqlite3_column_type(statement, 1) == SQLITE_NULL) {
    head = FLORIN_TRY(head_before_of(Table::commits, kBeyondEveryRow));
  } else if (auto const link = digest_column(statement, 2)) {
    head = {domain::Position(static_cast<std::uint64_t>(sqlite3_column_int64(statement, 1))), *link};
  }
  if (head.position == wanted) return head;
  return fault(Fault::Kind::corrupt, at(wanted) + ": not the last row, and the head row says that the log ends here");
}

ResultOr<std::unique_ptr<SqliteReader>> SqliteReaderPool::take() {
  {
    std::lock_guard const lock(mutex_);
    if (!idle_.empty()) {
      auto reader = std::move(idle_.back());
      idle_.pop_back();
      return reader;
    }
  }
  return SqliteReader::open(name_, flags_);
}

ResultOr<Unit> SqliteReaderPool::open_ahead() {
  for (std::size_t i = 0; i < kOpenAhead; ++i) {
    auto reader = FLORIN_TRY(SqliteReader::open(name_, flags_));
    give_back(std::move(reader));
  }
  return Unit{};
}

void SqliteReaderPool::give_back(std::unique_ptr<SqliteReader> reader) {
  std::lock_guard const lock(mutex_);
  if (!closed_ && idle_.size() < kMaxIdle) idle_.push_back(std::move(reader));
}

void SqliteReaderPool::close() {
  std::lock_guard const lock(mutex_);
  closed_ = true;
  idle_.clear();
}

SqliteCursor::SqliteCursor(std::shared_ptr<SqliteReaderPool> pool, std::unique_ptr<SqliteReader> reader,
                           domain::Position from, RowKeys const* keys)
    : pool_(std::move(pool)), reader_(std::move(reader)), keys_(keys), from_(std::max(from, domain::Position(1))) {}

SqliteCursor::~SqliteCursor() { pool_->give_back(std::move(reader_)); }

// False: there is none.
ResultOr<bool> SqliteCursor::open_next_row() {
  if (next_row_ == rows_) {
    next_row_ = rows_ = 0;
    FLORIN_TRY(reader_->fetch(head_ ? domain::next(head_->position) : from_, block_rows_));
    rows_ = reader_->size();
    if (rows_ == 0) return false;
    block_rows_ = std::min(block_rows_ * 8, SqliteReader::kMaxBlockRows);
  }
  if (!head_) head_ = FLORIN_TRY(reader_->head_before(from_));
  auto const row = reader_->row(next_row_);
  commits_ = {};
  FLORIN_TRY(reader_->opener().open(*head_, row, keys_));
  commits_ = reader_->opener().commits();
  ++next_row_;
  next_commit_ = 0;
  head_ = Head{row.last, row.link};
  return true;
}

ResultOr<std::optional<StoredCommit>> SqliteCursor::next() {
  for (;;) {
    while (next_commit_ < commits_.size()) {
      auto const& commit = commits_[next_commit_++];
      if (commit.last >= from_) return std::optional(commit);
    }
    auto const opened = FLORIN_TRY(open_next_row());
    if (!opened) return std::optional<StoredCommit>();
  }
}

}  // namespace florin::eventstore
