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

// Takes the lease and appends one commit of these bytes, linked to what the log holds.
inline ResultOr<Unit> append_one(Log& log, Position expected, Position last, std::string_view bytes,
                                 std::span<PersonSeed const> seeds = {}) {
  auto const head = FLORIN_TRY(log.head());
  auto const epoch = FLORIN_TRY(log.lease());
  StoredCommit const commit{last, bytes, chain_link(head.link, last, bytes)};
  return log.append({expected, epoch, {&commit, 1}, seeds});
}

// Takes the lease and appends commits ending at the given positions in one batch, linked to what the log holds.
inline ResultOr<Unit> append(Log& log, Position expected, std::vector<std::uint64_t> const& lasts) {
  auto const head = FLORIN_TRY(log.head());
  auto link = head.link;
  std::vector<std::string> bytes;
  bytes.reserve(lasts.size());
  std::vector<StoredCommit> commits;
  for (auto const last : lasts) {
    bytes.push_back(bytes_at(Position(last)));
    link = chain_link(link, Position(last), bytes.back());
    commits.push_back({Position(last), bytes.back(), link});
  }
  auto const epoch = FLORIN_TRY(log.lease());
  return log.append({expected, epoch, commits});
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
    auto const& commit = *next.value();
    EXPECT_EQ(commit.bytes, bytes_at(commit.last));
    EXPECT_EQ(commit.link, chain_link(commit.before.link, commit.last, commit.bytes));
    out.push_back(commit.last.value());
  }
}

inline std::vector<std::uint64_t> range(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> out;
  for (auto i = first; i <= last; ++i) out.push_back(i);
  return out;
}

}  // namespace florin::eventstore
