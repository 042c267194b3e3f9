// Reading the log's file: pooled read-only connections and the cursor over them.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/store/log.h"
#include "eventstore/store/sqlite.h"

namespace florin::eventstore {

// One read-only connection with its statements and the block of rows it read last. Between two calls it has no
// transaction open. One thread at a time.
class SqliteReader {
 public:
  [[nodiscard]] static ResultOr<std::unique_ptr<SqliteReader>> open(std::string const& name, int flags);

  // Rows of a block: enough to make the query's fixed cost (about 5 µs) vanish, small enough to stay in the cache.
  static constexpr unsigned kMaxBlockRows = 512;
  static constexpr std::size_t kMaxBlockBytes = 256u << 10;

  // Reads up to `rows` commits from the one that contains `from` on; size() is 0 at the end of the log. Damage
  // behind the first row ends the block early: the next fetch starts there and reports it.
  [[nodiscard]] ResultOr<Unit> fetch(domain::Position from, unsigned rows);
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  // Valid until the next fetch. The bytes begin on a multiple of 8.
  [[nodiscard]] StoredCommit row(std::size_t index) const;

  [[nodiscard]] ResultOr<Head> head();
  [[nodiscard]] sqlite3* connection() const { return connection_.get(); }

 private:
  struct Row {
    domain::Position last;
    std::size_t word = 0;  // where its bytes begin in words_
    std::size_t size = 0;
    domain::Digest link;
  };
  [[nodiscard]] ResultOr<Unit> take_row(domain::Position expected);

  sqlite::Connection connection_;
  sqlite::Statement select_;
  sqlite::Statement select_head_;
  std::vector<Row> rows_;
  std::vector<std::uint64_t> words_;  // words: so that decoding never has to copy for alignment
  std::size_t used_words_ = 0;
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
  SqliteCursor(std::shared_ptr<SqliteReaderPool> pool, std::unique_ptr<SqliteReader> reader, domain::Position from);
  ~SqliteCursor() override;
  ResultOr<std::optional<StoredCommit>> next() override;

 private:
  std::shared_ptr<SqliteReaderPool> pool_;
  std::unique_ptr<SqliteReader> reader_;
  domain::Position from_;
  unsigned block_rows_ = 2;  // the first block is a point read: a row and the link before it; it grows to kMaxBlockRows
  std::size_t at_ = 0;
  std::size_t size_ = 0;
};

}  // namespace florin::eventstore
