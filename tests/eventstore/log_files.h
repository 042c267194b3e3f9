// Logs in files, as tests make, read and spoil them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "eventstore/store/chain.h"
#include "eventstore/store/sqlite_log.h"
#include "tests/eventstore/log_rows.h"
#include "tests/support/format_1_log.h"

namespace florin::eventstore {

inline std::unique_ptr<SqliteLog> opened(std::filesystem::path const& file) {
  auto log = SqliteLog::open(file);
  EXPECT_TRUE(log) << (log ? "" : log.error().what);
  return std::move(log).value();
}

inline std::string content(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline void replace(std::filesystem::path const& path, std::string const& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

// A closed log of rows 1 … `rows`.
inline void make_log(std::filesystem::path const& file, std::uint64_t rows) {
  ASSERT_TRUE(append(*opened(file), domain::Position(), range(1, rows)));
}

inline void execute(std::filesystem::path const& path, std::string const& sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

// A closed log of format 1 with the rows 1 … `rows`.
inline void make_format_1(std::filesystem::path const& file, std::uint64_t rows) {
  auto log = test_support::Format1Log::create(file);
  ASSERT_TRUE(log) << log.error().what;
  domain::Digest link{};
  for (std::uint64_t last = 1; last <= rows; ++last) {
    auto const bytes = bytes_at(domain::Position(last));
    link = chain_link(link, domain::Position(last), bytes);
    StoredCommit const commit{domain::Position(last), bytes, link};
    ASSERT_TRUE(log.value().append({&commit, 1}));
  }
}

}  // namespace florin::eventstore
