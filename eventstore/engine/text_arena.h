// Short byte strings of tens of millions of people, without an allocation for each: appended to large chunks, named by
// their offset. Single-threaded; the owner locks.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "domain/contract.h"
#include "domain/events.h"
#include "eventstore/store/codec.h"

namespace florin::eventstore {

class TextArena {
 public:
  using Offset = std::uint64_t;  // zero: the empty text

  Offset add(domain::PersonalText const& text) {
    if (text.bytes.empty()) return 0;
    auto const size = sizeof(Header) + text.bytes.size();
    FLORIN_ASSERT(size <= kChunkBytes);  // an event is smaller than the largest commit
    if (chunks_.empty() || used_ + size > kChunkBytes) {
      chunks_.push_back(std::make_unique_for_overwrite<char[]>(kChunkBytes));
      used_ = chunks_.size() == 1 ? sizeof(Header) : 0;  // offset zero is taken
    }
    Offset const offset = (chunks_.size() - 1) * kChunkBytes + used_;
    used_ += size;
    write(offset, static_cast<std::uint32_t>(text.bytes.size()), text);
    return offset;
  }

  // In the old one's place when it fits there: a player renamed again and again costs nothing more.
  Offset replace(Offset old, domain::PersonalText const& text) {
    if (old == 0 || text.bytes.empty()) return add(text);
    auto const capacity = header(old).capacity;
    if (text.bytes.size() > capacity) return add(text);
    write(old, capacity, text);
    return old;
  }

  [[nodiscard]] domain::PersonalText get(Offset offset) const {
    if (offset == 0) return {};
    auto const head = header(offset);
    return {std::string(at(offset) + sizeof head, head.size), head.sealed != 0};
  }

 private:
  struct Header {
    std::uint32_t capacity;
    std::uint32_t size : 31;
    std::uint32_t sealed : 1;
  };
  static constexpr std::size_t kChunkBytes = eventstore::kMaxCommitBytes;

  [[nodiscard]] char* at(Offset offset) const { return &chunks_[offset / kChunkBytes][offset % kChunkBytes]; }
  [[nodiscard]] Header header(Offset offset) const {
    Header head;
    std::memcpy(&head, at(offset), sizeof head);
    return head;
  }
  void write(Offset offset, std::uint32_t capacity, domain::PersonalText const& text) {
    Header const head{capacity, static_cast<std::uint32_t>(text.bytes.size()) & 0x7fff'ffffu, text.sealed ? 1u : 0u};
    std::memcpy(at(offset), &head, sizeof head);
    std::memcpy(at(offset) + sizeof head, text.bytes.data(), text.bytes.size());
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t used_ = 0;  // of the last chunk
};

}  // namespace florin::eventstore
