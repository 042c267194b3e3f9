#include "domain/flat_table.h"

#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace florin::domain {
namespace {

TEST(ChunkedRows, RowsKeepTheirAddressesAcrossChunks) {
  ChunkedRows<std::uint64_t> rows;
  constexpr std::size_t kRows = ChunkedRows<std::uint64_t>::kChunkRows * 2 + 5;
  EXPECT_EQ(rows.push_back(0), 0u);
  auto const* first = &rows[0];
  for (std::size_t i = 1; i < kRows; ++i) ASSERT_EQ(rows.push_back(i * 3), i);
  EXPECT_EQ(&rows[0], first);
  ASSERT_EQ(rows.size(), kRows);
  for (std::size_t i = 0; i < kRows; ++i) ASSERT_EQ(rows[i], i * 3);
}

TEST(ChunkedRows, ChunksVisitEveryFilledRowInOrderAndNoOther) {
  using Rows = ChunkedRows<std::uint32_t>;
  for (std::size_t const count :
       {std::size_t{0}, std::size_t{1}, Rows::kChunkRows - 1, Rows::kChunkRows, Rows::kChunkRows + 1}) {
    Rows rows;
    for (std::size_t i = 0; i < count; ++i) rows.push_back(static_cast<std::uint32_t>(i));
    std::vector<std::uint32_t> seen;
    rows.for_each_chunk(
        [&](std::span<std::uint32_t const> chunk) { seen.insert(seen.end(), chunk.begin(), chunk.end()); });
    ASSERT_EQ(seen.size(), count);
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(seen[i], i);
  }
}

TEST(HashIndex, AnEmptyIndexFindsNothing) {
  HashIndex const index;
  EXPECT_EQ(index.find(0, [](std::uint32_t) { return true; }), HashIndex::kNone);
  EXPECT_EQ(index.find(~std::uint64_t{0}, [](std::uint32_t) { return true; }), HashIndex::kNone);
}

// Enough rows for about ten doublings of the directory.
TEST(HashIndex, AgreesWithAMapOverMillionsOfInserts) {
  constexpr std::uint32_t kRows = 3'000'000;
  HashIndex index;
  std::unordered_map<std::uint64_t, std::uint32_t> map;
  map.reserve(kRows);
  for (std::uint32_t row = 0; row < kRows; ++row) {
    auto const hash = hash_ids(row % 7, row);
    ASSERT_TRUE(map.emplace(hash, row).second);
    index.insert(hash, row);
  }
  std::size_t false_alarms = 0;  // rows of another key that share its 32-bit tag
  for (auto const& [hash, row] : map) {
    index.prefetch(hash);
    auto const found = index.find(hash, [&, want = row](std::uint32_t candidate) {
      false_alarms += candidate != want;
      return candidate == want;
    });
    ASSERT_EQ(found, row);
  }
  EXPECT_LT(false_alarms, kRows / 100);
  for (std::uint32_t row = 0; row < 100'000; ++row) {
    auto const absent = hash_ids(99, row);
    ASSERT_EQ(index.find(absent, [&](std::uint32_t candidate) { return hash_ids(candidate % 7, candidate) == absent; }),
              HashIndex::kNone);
  }
}

// Keys that agree in everything the index stores are told apart by `same` alone, before and after splits.
TEST(HashIndex, AKeysRowCanBecomeAnother) {
  HashIndex index;
  index.insert(7, 70);
  index.insert(8, 80);
  index.replace(7, [](std::uint32_t row) { return row == 70; }, 71);
  EXPECT_EQ(index.find(7, [](std::uint32_t row) { return row == 71; }), 71u);
  EXPECT_EQ(index.find(7, [](std::uint32_t row) { return row == 70; }), HashIndex::kNone);
  EXPECT_EQ(index.find(8, [](std::uint32_t row) { return row == 80; }), 80u);
}

TEST(HashIndex, EqualTagsStayApart) {
  constexpr std::uint32_t kTwins = 2'000;
  constexpr std::uint64_t kTag = 0xabcd'ef01;
  HashIndex index;
  std::uint32_t row = 0;
  for (; row < kTwins; ++row) index.insert(kTag << 32 | row, row);
  for (; row < 200'000; ++row) index.insert(hash_ids(1, row), row);
  for (std::uint32_t want = 0; want < kTwins; ++want) {
    ASSERT_EQ(index.find(kTag << 32 | want, [&](std::uint32_t candidate) { return candidate == want; }), want);
  }
  EXPECT_EQ(index.find(kTag << 32, [](std::uint32_t) { return false; }), HashIndex::kNone);
}

// Tags whose home slot is the segment's last: probing wraps around, also when a split places them anew.
TEST(HashIndex, ProbesWrapAroundTheEndOfASegment) {
  HashIndex index;
  constexpr std::uint32_t kRows = 20'000;
  auto const hash_of_row = [](std::uint64_t row) { return (row << 12 | 0xfff) << 32; };
  for (std::uint32_t row = 0; row < kRows; ++row) index.insert(hash_of_row(row * 50), row);
  for (std::uint32_t row = 0; row < kRows; ++row) {
    ASSERT_EQ(index.find(hash_of_row(row * 50), [&](std::uint32_t candidate) { return candidate == row; }), row);
  }
}

RC_GTEST_PROP(HashIndexProperty, AgreesWithAMapUnderClusteredHashes, ()) {
  // A few high bytes and a few low ones: long clusters, lopsided splits, many equal tags.
  auto const high = rc::gen::element<std::uint64_t>(0, 1, 0x80, 0xff);
  auto const low = rc::gen::inRange<std::uint64_t>(0, 512);
  auto const count = *rc::gen::inRange(0, 20'000);
  auto const seed = *rc::gen::tuple(high, high, low);
  HashIndex index;
  std::unordered_map<std::uint32_t, std::uint64_t> hashes;
  auto const hash_at = [&](std::uint64_t row) {
    auto const mixed = hash_ids(std::get<2>(seed), row);
    auto const top = mixed % 3 == 0 ? std::get<0>(seed) : mixed % 3 == 1 ? std::get<1>(seed) : mixed >> 56;
    return top << 56 | (mixed & 0x000f'ffff) << 32;
  };
  for (int i = 0; i < count; ++i) {
    auto const row = static_cast<std::uint32_t>(i);
    hashes[row] = hash_at(row);
    index.insert(hashes[row], row);
  }
  for (auto const& [row, hash] : hashes) {
    RC_ASSERT(index.find(hash, [want = row](std::uint32_t candidate) { return candidate == want; }) == row);
    RC_ASSERT(index.find(hash, [](std::uint32_t) { return false; }) == HashIndex::kNone);
  }
}

TEST(HashIndex, MovesWithItsRows) {
  HashIndex index;
  for (std::uint32_t row = 0; row < 10'000; ++row) index.insert(hash_ids(1, row), row);
  HashIndex const moved = std::move(index);
  EXPECT_EQ(moved.find(hash_ids(1, 77), [](std::uint32_t row) { return row == 77; }), 77u);
}

TEST(HashIndexDeathTest, HashesThatCannotBeSpreadAbortInsteadOfHanging) {
  HashIndex index;
  EXPECT_DEATH(for (std::uint32_t row = 0; row < 5'000; ++row) index.insert(std::uint64_t{7} << 32, row),
               "invariant broken");
  EXPECT_DEATH(index.insert(1, HashIndex::kNone), "invariant broken");
}

TEST(HashIds, SmallIdsSpreadOverAllBits) {
  std::uint64_t ones = 0;
  std::uint64_t zeros = 0;
  for (std::uint64_t a = 0; a < 16; ++a) {
    for (std::uint64_t b = 0; b < 16; ++b) {
      ones |= hash_ids(a, b);
      zeros |= ~hash_ids(a, b);
    }
  }
  EXPECT_EQ(ones, ~std::uint64_t{0});
  EXPECT_EQ(zeros, ~std::uint64_t{0});
  EXPECT_NE(hash_ids(1, 2), hash_ids(2, 1));
}

}  // namespace
}  // namespace florin::domain
