// The SQLite file of the sandbox's processor: its tables, statements and transactions, over eventstore/store/sqlite.h.
// What is in the rows, sandbox_tables.h says.
//
// Durable: WAL, synchronous=FULL; a transaction is in the file when it returns. One thread at a time.
//
// A fault of SQLite's in the middle of a rule is thrown as SandboxFileFault, and caught where the rule began: `read`
// and the callers of `transaction`. Nothing throws it further.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "domain/payment.h"
#include "eventstore/fault.h"
#include "eventstore/store/sqlite.h"

namespace florin::sagas {

struct SandboxFileFault {
  eventstore::Fault fault;
};

// One run of a prepared statement.
class SandboxQuery {
 public:
  SandboxQuery(sqlite3* connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}
  SandboxQuery(SandboxQuery const&) = delete;
  SandboxQuery& operator=(SandboxQuery const&) = delete;
  ~SandboxQuery() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

  // A view of nothing is an empty text: SQLite would take its null pointer for NULL.
  SandboxQuery& with(std::string_view text) {
    char const* const data = text.data() == nullptr ? "" : text.data();
    return check(sqlite3_bind_text(statement_, ++bound_, data, static_cast<int>(text.size()), SQLITE_TRANSIENT));
  }
  SandboxQuery& with_bytes(std::string_view bytes) {
    return check(
        sqlite3_bind_blob(statement_, ++bound_, bytes.data(), static_cast<int>(bytes.size()), SQLITE_TRANSIENT));
  }
  SandboxQuery& with(std::int64_t number) { return check(sqlite3_bind_int64(statement_, ++bound_, number)); }
  SandboxQuery& with(std::uint64_t number) { return with(static_cast<std::int64_t>(number)); }
  SandboxQuery& with(domain::Usd usd) { return with(usd.minor()); }
  SandboxQuery& with(domain::Timestamp at) { return with(at.micros()); }
  SandboxQuery& with(domain::PaymentStatus status) { return with(static_cast<std::int64_t>(status)); }
  SandboxQuery& with(domain::DisputeStatus status) { return with(static_cast<std::int64_t>(status)); }

  // The next row, if there is one.
  bool row() {
    int const code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) fail_now();
    return code == SQLITE_ROW;
  }
  void run() {
    while (row()) {
    }
  }

  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  [[nodiscard]] domain::Usd usd(int column) const { return domain::Usd::from_minor(integer(column)); }
  [[nodiscard]] domain::Timestamp time(int column) const { return domain::Timestamp::from_micros(integer(column)); }
  [[nodiscard]] std::string text(int column) const {
    auto const* const data = static_cast<char const*>(sqlite3_column_blob(statement_, column));
    auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string() : std::string(data, size);
  }

 private:
  SandboxQuery& check(int code) {
    if (code != SQLITE_OK) fail_now();
    return *this;
  }
  [[noreturn]] void fail_now() {
    throw SandboxFileFault{eventstore::sqlite::last_fault(connection_, "the sandbox processor's books").error};
  }

  sqlite3* const connection_;
  sqlite3_stmt* const statement_;
  int bound_ = 0;
};

class SandboxFile {
 public:
  // Makes the file when it is not there, and adds what a file of an older version lacks. Empty: in memory only.
  [[nodiscard]] static eventstore::ResultOr<SandboxFile> open(std::filesystem::path const& file);

  // `sql` is a literal: its statement is kept under its address.
  [[nodiscard]] SandboxQuery query(char const* sql);

  // All of it or nothing, in the file when this returns.
  template <class Work>
  auto transaction(Work work) {
    query("BEGIN IMMEDIATE").run();
    try {
      auto result = work();
      query("COMMIT").run();
      return result;
    } catch (SandboxFileFault const&) {
      // A failed commit may have ended the transaction already; then this has nothing to undo and says so.
      sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }
  template <class Work>
  auto read(Work work) -> eventstore::ResultOr<decltype(work())> {
    try {
      return work();
    } catch (SandboxFileFault const& thrown) {
      return fail(thrown.fault);
    }
  }
  // A statement without rows or parameters, outside of transactions.
  [[nodiscard]] eventstore::ResultOr<Unit> execute(char const* sql);

 private:
  explicit SandboxFile(eventstore::sqlite::Connection connection) : connection_(std::move(connection)) {}

  eventstore::sqlite::Connection connection_;
  std::unordered_map<char const*, eventstore::sqlite::Statement> statements_;
};

}  // namespace florin::sagas
