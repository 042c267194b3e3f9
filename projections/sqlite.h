// The adapter that owns SQLite for the read models: connections, cached statements, faults instead of result codes.
//
// A connection and everything prepared on it belong to one thread at a time (SQLITE_OPEN_NOMUTEX).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "domain/ids.h"
#include "domain/money.h"
#include "domain/time.h"
#include "eventstore/fault.h"

struct sqlite3;
struct sqlite3_stmt;

namespace florin::projections {

// A prepared statement. Parameters are bound in order; a bound blob must live until the statement is reset.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3_stmt* statement, bool& damaged) : statement_(statement), damaged_(&damaged) {}

  // For statements without rows: bind, run to the end, reset.
  template <class... Values>
  [[nodiscard]] eventstore::ResultOr<Unit> run(Values const&... values) {
    bind_all(values...);
    return finish();
  }
  // Bind and step to the first row. True: there is one, and the statement stays open until reset().
  template <class... Values>
  [[nodiscard]] eventstore::ResultOr<bool> first(Values const&... values) {
    reset();
    bind_all(values...);
    return next();
  }
  [[nodiscard]] eventstore::ResultOr<bool> next();
  void reset();

  // Of the current row; a blob's bytes are valid until the next step or reset.
  [[nodiscard]] std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] domain::Money money(int column) const { return domain::Money::from_minor(integer(column)); }
  [[nodiscard]] domain::Timestamp time(int column) const { return domain::Timestamp::from_micros(integer(column)); }
  [[nodiscard]] domain::Position position(int column) const { return domain::Position(number(column)); }
  [[nodiscard]] std::string_view blob(int column) const;

 private:
  template <class... Values>
  void bind_all(Values const&... values) {
    int parameter = 0;
    (bind(++parameter, values), ...);
  }
  void bind(int parameter, std::int64_t value);
  void bind(int parameter, std::uint64_t value) { bind(parameter, static_cast<std::int64_t>(value)); }
  void bind(int parameter, std::uint32_t value) { bind(parameter, static_cast<std::int64_t>(value)); }
  void bind(int parameter, int value) { bind(parameter, static_cast<std::int64_t>(value)); }
  void bind(int parameter, domain::Money value) { bind(parameter, value.minor()); }
  void bind(int parameter, domain::Timestamp value) { bind(parameter, value.micros()); }
  void bind(int parameter, std::string_view value);
  template <class Tag>
  void bind(int parameter, domain::Id<Tag> value) {
    bind(parameter, value.value());
  }
  [[nodiscard]] eventstore::ResultOr<Unit> finish();

  sqlite3_stmt* statement_ = nullptr;  // owned by the Database
  bool* damaged_ = nullptr;            // the Database's
};

class Database {
 public:
  enum class Mode : std::uint8_t { create, read_write, read_only };
  [[nodiscard]] static eventstore::ResultOr<std::unique_ptr<Database>> open(std::filesystem::path const& file,
                                                                            Mode mode);
  ~Database();
  Database(Database const&) = delete;
  Database& operator=(Database const&) = delete;

  // One or more statements without parameters; rows are ignored.
  [[nodiscard]] eventstore::ResultOr<Unit> execute(std::string_view sql);
  // Prepared once per connection and kept; `sql` must be a literal (it is the key, by address). Not reentrant: the
  // same literal is the same statement.
  [[nodiscard]] eventstore::ResultOr<Statement> statement(char const* sql);
  // Ends every statement that is still at a row: nothing keeps a transaction open.
  void reset_statements();
  // Puts the file's bytes on the disk through SQLite's own descriptor: opening another would drop its locks.
  [[nodiscard]] eventstore::ResultOr<Unit> sync();

  // Something in the file was found to be wrong: by SQLite, or by whoever read a row that cannot be.
  void mark_damaged() { damaged_ = true; }
  [[nodiscard]] bool damaged() const { return damaged_; }

 private:
  explicit Database(sqlite3* database) : database_(database) {}
  sqlite3* database_;
  bool damaged_ = false;
  std::vector<std::pair<char const*, sqlite3_stmt*>> statements_;
};

}  // namespace florin::projections
