// The in-memory part of the request index: hash -> positions, open addressing, fixed capacity. One thread writes;
// others may read it once nobody writes any more.
#pragma once

#include <algorithm>
#include <bit>
#include <memory>
#include <vector>

#include "eventstore/engine/huge_pages.h"
#include "eventstore/engine/request_run.h"

namespace florin::eventstore {

class RequestTable {
 public:
  // Twice as many slots as entries, rounded up; touches all of its memory, so that no insert waits for a page.
  explicit RequestTable(std::size_t entries) : slots_(std::bit_ceil(std::max<std::size_t>(entries, 2) * 2)) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  // Half as many again as asked for: 3/4 of the slots, probes stay short.
  [[nodiscard]] bool full() const { return size_ >= slots_.size() / 4 * 3; }
  [[nodiscard]] std::uint64_t last() const { return last_; }

  void prefetch(Hash128 hash) const { __builtin_prefetch(&slots_[slot_of(hash)]); }

  // `last`: where the commit ends. Must not be full().
  void add(RunEntry entry, std::uint64_t last) {
    last_ = std::max(last_, last);
    auto i = slot_of(entry.hash);
    for (; slots_[i].position != 0; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i] == entry) return;
    }
    slots_[i] = entry;
    ++size_;
  }

  void find(Hash128 hash, std::vector<domain::Position>& positions) const {
    for (auto i = slot_of(hash); slots_[i].position != 0; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].hash == hash) positions.emplace_back(slots_[i].position);
    }
  }

  [[nodiscard]] std::vector<RunEntry> sorted() const {
    std::vector<RunEntry> entries;
    entries.reserve(size_);
    std::copy_if(slots_.begin(), slots_.end(), std::back_inserter(entries),
                 [](RunEntry const& slot) { return slot.position != 0; });
    std::sort(entries.begin(), entries.end());
    return entries;
  }

 private:
  [[nodiscard]] std::size_t slot_of(Hash128 hash) const { return hash.low & (slots_.size() - 1); }

  std::vector<RunEntry, HugePages<RunEntry>> slots_;  // position 0: free
  std::size_t size_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace florin::eventstore
