// An allocator for large tables that are read at random: asks for 2 MiB pages, so that a look-up misses the cache but
// not the TLB as well. Where the system grants none it is an ordinary allocator.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace florin::eventstore {

template <class T>
struct HugePages {
  using value_type = T;
  static constexpr std::size_t kPage = std::size_t{2} << 20;
  static constexpr std::size_t kWorthOne = kPage / 2;  // wastes at most as much as it uses

  HugePages() = default;
  template <class Other>
  explicit HugePages(HugePages<Other> const&) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    auto const bytes = (count * sizeof(T) + kPage - 1) / kPage * kPage;
    if (count * sizeof(T) < kWorthOne) return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t{64}));
    void* const memory = std::aligned_alloc(kPage, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    ::madvise(memory, bytes, MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    if (count * sizeof(T) < kWorthOne) {
      ::operator delete(memory, std::align_val_t{64});
    } else {
      std::free(memory);
    }
  }
  friend bool operator==(HugePages const&, HugePages const&) { return true; }
};

}  // namespace florin::eventstore
