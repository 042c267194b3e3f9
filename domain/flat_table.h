// Flat tables for tens of millions of records: dense rows addressed by a sequence number, and an index from a
// 64-bit hash to row numbers. Neither ever copies all of itself to grow, so no request waits for a rehash.
//
// Single-threaded; the owner locks. Rows never move and are never removed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "domain/contract.h"

namespace florin::domain {

// Rows 0, 1, 2 … in chunks of 64 Ki rows.
template <class Row>
class ChunkedRows {
  static_assert(std::is_trivially_copyable_v<Row>);

 public:
  static constexpr std::size_t kChunkRows = std::size_t{1} << 16;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Row const& operator[](std::size_t row) const { return chunks_[row / kChunkRows][row % kChunkRows]; }
  [[nodiscard]] Row& operator[](std::size_t row) { return chunks_[row / kChunkRows][row % kChunkRows]; }

  std::size_t push_back(Row const& row) {
    if (size_ == chunks_.size() * kChunkRows) chunks_.emplace_back(std::allocator<Row>().allocate(kChunkRows));
    std::construct_at(&(*this)[size_], row);
    return size_++;
  }

  // The filled parts of the chunks in row order: what a snapshot stores.
  template <class Visit>
  void for_each_chunk(Visit&& visit) const {
    for (std::size_t begin = 0; begin < size_; begin += kChunkRows) {
      visit(std::span<Row const>(chunks_[begin / kChunkRows].get(), std::min(kChunkRows, size_ - begin)));
    }
  }

 private:
  // Memory that nothing is written to before its row comes: a chunk of a small table costs a few pages.
  struct Free {
    void operator()(Row* rows) const { std::allocator<Row>().deallocate(rows, kChunkRows); }
  };
  std::vector<std::unique_ptr<Row[], Free>> chunks_;
  std::size_t size_ = 0;
};

// Extendible hashing: a directory of 4096-slot segments with linear probing; a full segment splits alone (about
// 50 µs). A slot keeps 32 bits of the hash beside the row, so a miss seldom touches a row and a split never does.
// 10 to 20 bytes a row: segments are between two and four fifths full. `same(row)` confirms a match, which makes
// look-ups exact.
class HashIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffff'ffff;

  HashIndex() : directory_{std::make_shared<Segment>()} {}
  HashIndex(HashIndex const&) = delete;
  HashIndex& operator=(HashIndex const&) = delete;
  HashIndex(HashIndex&&) = default;
  HashIndex& operator=(HashIndex&&) = default;

  template <class Same>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Same&& same) const {
    auto const tag = tag_of(hash);
    Segment const& segment = *directory_[directory_slot(tag)];
    for (std::uint32_t i = tag & kSlotMask;; i = (i + 1) & kSlotMask) {
      Slot const& slot = segment.slots[i];
      if (slot.row == kNone) return kNone;
      if (slot.tag == tag && same(slot.row)) return slot.row;
    }
  }

  // The key must not be present. Hashes must be well spread: aborts when some 3,000 share their upper 20 bits, which
  // neither a keyed hash nor hash_ids gives anyone the means to bring about.
  void insert(std::uint64_t hash, std::uint32_t row);

  // The key's row becomes another; the key must be present. `same` as in find.
  template <class Same>
  void replace(std::uint64_t hash, Same&& same, std::uint32_t row) {
    auto const tag = tag_of(hash);
    Segment& segment = *directory_[directory_slot(tag)];
    for (std::uint32_t i = tag & kSlotMask;; i = (i + 1) & kSlotMask) {
      Slot& slot = segment.slots[i];
      FLORIN_ASSERT(slot.row != kNone);
      if (slot.tag != tag || !same(slot.row)) continue;
      slot.row = row;
      return;
    }
  }

  // Hint for batches: fetch the slot that find(hash) will touch first.
  void prefetch(std::uint64_t hash) const {
    auto const tag = tag_of(hash);
    __builtin_prefetch(&directory_[directory_slot(tag)]->slots[tag & kSlotMask]);
  }

 private:
  static constexpr std::uint32_t kSlots = 1u << 12;
  static constexpr std::uint32_t kSlotMask = kSlots - 1;
  static constexpr std::uint32_t kMaxUsed = kSlots * 4 / 5;  // probes stay short up to 80 %
  static constexpr std::uint32_t kMaxDepth = 20;             // the tag's upper bits: 2^20 segments, 3 billion rows

  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t row = kNone;
  };
  struct Segment {
    std::uint32_t depth = 0;  // how many of the directory's bits its keys share
    std::uint32_t used = 0;
    Slot slots[kSlots];
  };

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  [[nodiscard]] std::size_t directory_slot(std::uint32_t tag) const { return depth_ == 0 ? 0 : tag >> (32 - depth_); }
  static void place(Segment& segment, Slot slot);
  void split(std::uint32_t tag);

  std::uint32_t depth_ = 0;
  std::vector<std::shared_ptr<Segment>> directory_;  // several entries may share a segment of smaller depth
};

// A well-spread 64-bit hash of two ids (splitmix64 finaliser). Not keyed: ids are ours, not the client's.
[[nodiscard]] inline std::uint64_t hash_ids(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = a * 0x9e37'79b9'7f4a'7c15 ^ (b + 0x2545'f491'4f6c'dd1d);
  x = (x ^ x >> 30) * 0xbf58'476d'1ce4'e5b9;
  x = (x ^ x >> 27) * 0x94d0'49bb'1331'11eb;
  return x ^ x >> 31;
}

}  // namespace florin::domain
