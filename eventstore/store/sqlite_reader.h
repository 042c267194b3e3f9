// Reading the log's file: pooled read-only connections and the cursor over them.
#pragma once

#include <array>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eventstore/store/log.h"
#include "eventstore/store/row.h"
#include "eventstore/store/sqlite.h"

namespace florin::eventstore {

// One read-only connection with its statements, the block of rows it read last, and what opens them. Between two calls
// it has no transaction open. One thread at a time.
class SqliteReader {
 public:
  [[nodiscard]] static ResultOr<std::unique_ptr<SqliteReader>> open(std::string const& name, int flags);

  // Rows of a block: enough to make the query's fixed cost (about 5 µs) vanish, small enough to stay in the cache.
  static constexpr unsigned kMaxBlockRows = 512;
  static constexpr std::size_t kMaxBlockBytes = 256u << 10;

  // Reads up to `rows` rows from the one that contains `from` on; size() is 0 at the end of the log. Damage
  // behind the first row ends the block early: the next fetch starts there and reports it.
  [[nodiscard]] ResultOr<Unit> fetch(domain::Position from, unsigned rows);
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  // Valid until the next fetch. The bytes begin on a multiple of 8.
  [[nodiscard]] StoredRow row(std::size_t index) const;

  // Where the last row ends that holds nothing from `position` on; {0, zeros} when there is none.
  [[nodiscard]] ResultOr<Head> head_before(domain::Position position);
  // Kind::corrupt when the last row is not the one that the head row names.
  [[nodiscard]] ResultOr<Head> head();
  [[nodiscard]] RowOpener& opener() { return opener_; }
  [[nodiscard]] sqlite3* connection() const { return connection_.get(); }

 private:
  struct Row {
    StoredRow row;         // but its bytes
    std::size_t word = 0;  // where they begin in words_
    std::size_t size = 0;
  };
  enum class Table : std::uint8_t { commits, rows };  // of format 1, and what is appended today: they follow each other
  struct Statements {
    sqlite::Statement from;    // ?1 on, at most ?2
    sqlite::Statement before;  // the last one before ?1
  };
  [[nodiscard]] ResultOr<Unit> find_old_end(domain::Position wanted);
  [[nodiscard]] ResultOr<Unit> fetch_of(Table table, domain::Position expected, unsigned rows);
  [[nodiscard]] ResultOr<Unit> take_row(Table table, domain::Position expected);
  [[nodiscard]] ResultOr<Head> head_before_of(Table table, domain::Position position);

  sqlite::Connection connection_;
  std::array<Statements, 2> statements_;  // by Table
  sqlite::Statement select_old_end_;      // these two are null in a log of format 1
  sqlite::Statement select_head_;
  static constexpr domain::Position kBeyondEveryRow{std::uint64_t{std::numeric_limits<std::int64_t>::max()}};
  domain::Position old_end_ = kBeyondEveryRow;  // the last of Table::commits, once it is known
  std::vector<Row> rows_;
  std::vector<std::uint64_t> words_;  // words: so that decoding never has to copy for alignment
  std::size_t used_words_ = 0;
  RowOpener opener_;
};

// Any thread.
class SqliteReaderPool {
 public:
  SqliteReaderPool(std::string name, int flags) : name_(std::move(name)), flags_(flags) {}

  [[nodiscard]] ResultOr<std::unique_ptr<SqliteReader>> take();
  // Opens a few ahead and keeps them, so that ordinary reads go on when the process has no descriptor left.
  [[nodiscard]] ResultOr<Unit> open_ahead();
  void give_back(std::unique_ptr<SqliteReader> reader);
  // Closes the idle ones, and from now on each one as it comes back.
  void close();

 private:
  // As many as threads that read at one time; each holds at most 2 MiB of pages and one block.
  static constexpr std::size_t kMaxIdle = 16;
  static constexpr std::size_t kOpenAhead = 4;  // the projector, the builder, and two for short reads (the writer's)
  std::string const name_;
  int const flags_;
  std::mutex mutex_;
  bool closed_ = false;
  std::vector<std::unique_ptr<SqliteReader>> idle_;
};

class SqliteCursor final : public LogCursor {
 public:
  // `keys` (may be null: MACs are not checked) outlive it.
  SqliteCursor(std::shared_ptr<SqliteReaderPool> pool, std::unique_ptr<SqliteReader> reader, domain::Position from,
               RowKeys const* keys);
  ~SqliteCursor() override;
  ResultOr<std::optional<StoredCommit>> next() override;

 private:
  [[nodiscard]] ResultOr<bool> open_next_row();

  std::shared_ptr<SqliteReaderPool> pool_;
  std::unique_ptr<SqliteReader> reader_;
  RowKeys const* keys_;
  domain::Position from_;                  // nothing before it is handed out
  std::optional<Head> head_;               // where the opened row ends; nullopt: none was opened yet
  unsigned block_rows_ = 1;                // the first block is a point read; it grows to kMaxBlockRows
  std::size_t rows_ = 0;                   // in the reader's block
  std::size_t next_row_ = 0;               // of them
  std::span<StoredCommit const> commits_;  // of the opened row
  std::size_t next_commit_ = 0;            // of them
};

}  // namespace florin::eventstore
