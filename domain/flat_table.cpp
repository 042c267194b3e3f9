#include "domain/flat_table.h"

namespace florin::domain {

void HashIndex::place(Segment& segment, Slot slot) {
  std::uint32_t i = slot.tag & kSlotMask;
  while (segment.slots[i].row != kNone) i = (i + 1) & kSlotMask;
  segment.slots[i] = slot;
  ++segment.used;
}

void HashIndex::insert(std::uint64_t hash, std::uint32_t row) {
  FLORIN_ASSERT(row != kNone);
  auto const tag = tag_of(hash);
  while (directory_[directory_slot(tag)]->used >= kMaxUsed) split(tag);
  place(*directory_[directory_slot(tag)], Slot{tag, row});
}

void HashIndex::split(std::uint32_t tag) {
  auto const full = directory_[directory_slot(tag)];
  if (full->depth == depth_) {
    FLORIN_ASSERT(depth_ < kMaxDepth);
    std::vector<std::shared_ptr<Segment>> doubled;
    doubled.reserve(directory_.size() * 2);
    for (auto const& segment : directory_) doubled.insert(doubled.end(), 2, segment);
    directory_ = std::move(doubled);
    ++depth_;
  }
  auto const low = std::make_shared<Segment>();
  auto const high = std::make_shared<Segment>();
  low->depth = high->depth = full->depth + 1;
  std::uint32_t const bit = 1u << (31 - full->depth);
  for (Slot const& slot : full->slots) {
    if (slot.row != kNone) place((slot.tag & bit) != 0 ? *high : *low, slot);
  }
  // The entries that pointed at the full segment are consecutive; the new bit halves them.
  std::size_t const span = std::size_t{1} << (depth_ - full->depth);
  std::size_t const begin = directory_slot(tag) / span * span;
  for (std::size_t i = 0; i < span; ++i) directory_[begin + i] = i < span / 2 ? low : high;
}

}  // namespace florin::domain
