// Rows that tell by themselves whether a log gave back what it was given: bytes and link follow from the position.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "eventstore/store/chain.h"
#include "eventstore/store/log.h"

namespace florin::eventstore {

using domain::Position;

inline std::string bytes_at(Position last) { return "commit " + std::to_string(last.value()) + std::string(40, '.'); }

// Takes the lease and appends commits ending at the given positions in one batch.
inline ResultOr<Unit> append(Log& log, Position expected, std::vector<std::uint64_t> const& lasts) {
  std::vector<std::string> bytes;
  bytes.reserve(lasts.size());
  std::vector<StoredCommit> commits;
  for (auto const last : lasts) {
    bytes.push_back(bytes_at(Position(last)));
    commits.push_back({Position(last), bytes.back(), sha256(bytes.back())});
  }
  auto const epoch = log.lease();
  if (!epoch) return fail(epoch.error());
  return log.append({expected, epoch.value(), commits});
}

// Positions read from `from` to the end; every row must be what append() wrote.
inline std::vector<std::uint64_t> positions(Log& log, Position from) {
  auto cursor = log.read(from);
  EXPECT_TRUE(cursor);
  std::vector<std::uint64_t> out;
  for (;;) {
    auto const next = cursor.value()->next();
    EXPECT_TRUE(next) << (next ? "" : next.error().what);
    if (!next || !next.value()) return out;
    EXPECT_EQ(next.value()->bytes, bytes_at(next.value()->last));
    EXPECT_EQ(next.value()->link, sha256(next.value()->bytes));
    out.push_back(next.value()->last.value());
  }
}

inline std::vector<std::uint64_t> range(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> out;
  for (auto i = first; i <= last; ++i) out.push_back(i);
  return out;
}

}  // namespace florin::eventstore
