#include "eventstore/store/sqlite_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "eventstore/store/codec.h"

namespace florin::eventstore {
namespace {

constexpr char const* kSelect =
    "SELECT position, bytes, link FROM commits WHERE position >= ?1 ORDER BY position LIMIT ?2";
constexpr char const* kSelectHead = "SELECT position, link FROM commits ORDER BY position DESC LIMIT 1";

std::string at(domain::Position position) { return "log: position " + std::to_string(position.value()); }

// nullopt unless the column holds a blob of 32 bytes.
std::optional<domain::Digest> digest_column(sqlite3_stmt* statement, int column) {
  domain::Digest out;
  if (sqlite3_column_type(statement, column) != SQLITE_BLOB) return std::nullopt;
  void const* const bytes = sqlite3_column_blob(statement, column);
  if (bytes == nullptr || sqlite3_column_bytes(statement, column) != int{out.size()}) return std::nullopt;
  std::memcpy(out.data(), bytes, out.size());
  return out;
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
  auto select = FLORIN_TRY(sqlite::prepare(raw, kSelect));
  auto select_head = FLORIN_TRY(sqlite::prepare(raw, kSelectHead));

  auto reader = std::make_unique<SqliteReader>();
  reader->connection_ = std::move(connection);
  reader->select_ = std::move(select);
  reader->select_head_ = std::move(select_head);
  return reader;
}

ResultOr<Unit> SqliteReader::fetch(domain::Position from, unsigned rows) {
  rows_.clear();
  used_words_ = 0;
  if (from.value() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return Unit{};
  auto expected = std::max(from, domain::Position(1));
  sqlite3_bind_int64(select_.get(), 1, static_cast<sqlite3_int64>(expected.value()));
  sqlite3_bind_int64(select_.get(), 2, rows);
  Running running(select_.get());
  for (;;) {
    int const code = running.step();
    if (code == SQLITE_DONE) return Unit{};
    auto taken = code == SQLITE_ROW ? take_row(expected) : sqlite::last_fault(connection_.get(), at(expected));
    if (!taken) return rows_.empty() ? taken : ResultOr<Unit>(Unit{});
    if (used_words_ * sizeof(std::uint64_t) >= kMaxBlockBytes) return Unit{};
    expected = domain::next(rows_.back().last);
  }
}

ResultOr<Unit> SqliteReader::take_row(domain::Position expected) {
  auto* const row = select_.get();
  if (sqlite3_column_type(row, 1) != SQLITE_BLOB) return fault(Fault::Kind::corrupt, at(expected) + ": no bytes");
  void const* const bytes = sqlite3_column_blob(row, 1);
  auto const size = static_cast<std::size_t>(sqlite3_column_bytes(row, 1));
  // NULL with a length is SQLite's way to say that it could not read an overflow page.
  if (bytes == nullptr && sqlite3_errcode(connection_.get()) == SQLITE_CORRUPT) {
    return sqlite::last_fault(connection_.get(), at(expected));
  }
  if (bytes == nullptr || size > kMaxCommitBytes) {
    return fault(Fault::Kind::corrupt, at(expected) + ": bytes of an impossible size");
  }
  auto const link = digest_column(row, 2);
  if (!link) return fault(Fault::Kind::corrupt, at(expected) + ": no link of 32 bytes");

  auto const words = (size + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
  if (used_words_ + words > words_.size()) words_.resize(std::max(used_words_ + words, 2 * words_.size()));
  std::memcpy(&words_[used_words_], bytes, size);
  rows_.push_back(
      {domain::Position(static_cast<std::uint64_t>(sqlite3_column_int64(row, 0))), used_words_, size, *link});
  used_words_ += words;
  return Unit{};
}

StoredCommit SqliteReader::row(std::size_t index) const {
  Row const& row = rows_[index];
  return {row.last, {reinterpret_cast<char const*>(words_.data() + row.word), row.size}, row.link};
}

ResultOr<Head> SqliteReader::head() {
  Running running(select_head_.get());
  int const code = running.step();
  if (code == SQLITE_DONE) return Head{};
  if (code != SQLITE_ROW) return sqlite::last_fault(connection_.get(), "log: its end");
  auto const position = sqlite3_column_int64(select_head_.get(), 0);
  auto const link = digest_column(select_head_.get(), 1);
  if (position <= 0 || !link) return fault(Fault::Kind::corrupt, "log: its last row is damaged");
  return Head{domain::Position(static_cast<std::uint64_t>(position)), *link};
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
                           domain::Position from)
    : pool_(std::move(pool)), reader_(std::move(reader)), from_(from) {}

SqliteCursor::~SqliteCursor() { pool_->give_back(std::move(reader_)); }

ResultOr<std::optional<StoredCommit>> SqliteCursor::next() {
  if (at_ == size_) {
    at_ = size_ = 0;
    FLORIN_TRY(reader_->fetch(from_, block_rows_));
    size_ = reader_->size();
    if (size_ == 0) return std::optional<StoredCommit>();
    block_rows_ = std::min(block_rows_ * 8, SqliteReader::kMaxBlockRows);
  }
  auto const commit = reader_->row(at_++);
  from_ = domain::next(commit.last);
  return std::optional(commit);
}

}  // namespace florin::eventstore
