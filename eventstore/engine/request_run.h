// One run of the request index: an immutable sorted file of (hash, position) entries, all of the requests of the
// commits in (after, to]. FORMAT.md, Request index runs, has every byte.
//
//   header 4096 | entry blocks of 4096 (170 entries + checksum) | filter blocks of 64 | fences of 8
//
// The filter is a Bloom filter in cache lines of 480 bits + checksum, 12 bits a key, 8 probes: 0.7 % of new ids pass
// it. A block is chosen by the hash's upper bits, so entries and filter are written in one sorted pass. The fences,
// the first hash of each entry block, stay in memory: 1/20 byte an entry. Every block carries a keyed checksum that
// is checked whenever it is read, so opening costs nothing per entry and damage is never mistaken for "new".
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "domain/ids.h"
#include "eventstore/engine/huge_pages.h"
#include "eventstore/engine/siphash.h"
#include "eventstore/runtime/large_file.h"

namespace florin::eventstore {

struct RunEntry {
  Hash128 hash;
  std::uint64_t position = 0;  // first of the commit
  friend auto operator<=>(RunEntry const&, RunEntry const&) = default;
};
static_assert(sizeof(RunEntry) == 24);

// What a run covers: requests of every commit whose last position is in (after, to].
struct RunRange {
  std::uint64_t after = 0;
  std::uint64_t to = 0;
  friend bool operator==(RunRange const&, RunRange const&) = default;
};

[[nodiscard]] std::string run_file_name(RunRange range);
[[nodiscard]] std::optional<RunRange> parse_run_file_name(std::string_view name);

// Cheap to copy: the parts are shared. Any thread.
class RequestRun {
 public:
  // Checks header and fences. The filter stays on disk.
  [[nodiscard]] static ResultOr<RequestRun> open(Files& files, std::filesystem::path const& file, SipKey key);

  [[nodiscard]] RunRange range() const { return header_.range; }
  [[nodiscard]] std::uint64_t count() const { return header_.count; }
  [[nodiscard]] std::uint64_t filter_bytes() const { return header_.filter_blocks * kFilterBlockBytes; }
  [[nodiscard]] bool filter_in_memory() const { return filter_ != nullptr; }
  [[nodiscard]] std::filesystem::path const& file() const { return opened_->file(); }

  // The same run with its filter read into memory and checked, or left on disk.
  [[nodiscard]] ResultOr<RequestRun> with_filter() const;
  [[nodiscard]] RequestRun without_filter() const;

  void prefetch(Hash128 hash) const {
    if (filter_) __builtin_prefetch(filter_->data() + filter_block(hash) * kFilterBlockBytes);
  }
  // True: certainly not in this run, as its filter in memory knows. Says nothing when the filter is on disk.
  [[nodiscard]] bool surely_absent(Hash128 hash) const {
    return filter_ && !filter_passes(filter_->data() + filter_block(hash) * kFilterBlockBytes, hash);
  }
  // False: certainly not in this run. Reads 64 bytes of the file when the filter is not in memory.
  [[nodiscard]] ResultOr<bool> may_contain(Hash128 hash) const;
  // Appends the positions stored under `hash`. Reads one block (rarely two).
  [[nodiscard]] ResultOr<Unit> find(Hash128 hash, std::vector<domain::Position>& positions) const;

 private:
  friend class RunCursor;
  friend ResultOr<RequestRun> write_run(Files&, std::filesystem::path const&, SipKey, RunRange, std::uint64_t,
                                        std::function<ResultOr<std::span<RunEntry const>>()> const&);

  static constexpr std::size_t kHeaderBytes = 4096;
  static constexpr std::size_t kBlockBytes = 4096;
  static constexpr std::size_t kBlockEntries = 170;
  static constexpr std::size_t kFilterBlockBytes = 64;
  static constexpr std::uint32_t kFilterBlockBits = 480;
  static constexpr std::uint32_t kFilterProbes = 8;
  static constexpr std::uint32_t kFilterBlockKeys = 40;  // 12 bits a key

  struct Header {
    RunRange range;
    std::uint64_t count = 0;
    std::uint64_t filter_blocks = 0;
    std::uint64_t fences_check = 0;

    [[nodiscard]] std::uint64_t blocks() const { return (count + kBlockEntries - 1) / kBlockEntries; }
    [[nodiscard]] std::uint64_t filter_at() const { return kHeaderBytes + blocks() * kBlockBytes; }
    [[nodiscard]] std::uint64_t fences_at() const { return filter_at() + filter_blocks * kFilterBlockBytes; }
  };
  using FilterBlock = std::array<char, kFilterBlockBytes>;

  RequestRun() = default;
  [[nodiscard]] std::uint64_t filter_block(Hash128 hash) const {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(hash.high) * header_.filter_blocks >> 64);
  }
  static std::uint32_t filter_bit(Hash128 hash, std::uint32_t probe) {
    auto const mixed = static_cast<std::uint32_t>(hash.low) + probe * (static_cast<std::uint32_t>(hash.low >> 32) | 1);
    return static_cast<std::uint32_t>(std::uint64_t{mixed} * kFilterBlockBits >> 32);
  }
  static bool filter_passes(char const* block, Hash128 hash) {
    for (std::uint32_t probe = 0; probe < kFilterProbes; ++probe) {
      auto const bit = filter_bit(hash, probe);
      if ((static_cast<unsigned char>(block[bit / 8]) >> (bit % 8) & 1) == 0) return false;
    }
    return true;
  }
  // Reads and checks entry block `index`; the number of its entries.
  ResultOr<std::size_t> read_block(std::uint64_t index, std::span<RunEntry, kBlockEntries> into) const;
  [[nodiscard]] Failure<Fault> damaged(char const* part) const;

  std::shared_ptr<FileReader const> opened_;
  SipKey key_;
  Header header_;
  std::shared_ptr<std::vector<std::uint64_t> const> fences_;
  using Filter = std::vector<char, HugePages<char>>;
  std::shared_ptr<Filter const> filter_;
};

// Reads a whole run in order, for merging. One thread.
class RunCursor {
 public:
  explicit RunCursor(RequestRun run) : run_(std::move(run)) {}
  // nullptr at the end.
  [[nodiscard]] ResultOr<RunEntry const*> peek();
  void advance() { ++entry_; }

 private:
  RequestRun run_;
  std::uint64_t next_block_ = 0;
  std::size_t entry_ = 0;
  std::size_t entries_ = 0;
  std::array<RunEntry, RequestRun::kBlockEntries> block_;
};

// Hands out the next sorted entries; an empty span ends them. Valid until the next call.
using RunSource = std::function<ResultOr<std::span<RunEntry const>>()>;

// Writes a run of exactly `count` > 0 entries, durable when it returns. Memory: constant but for the fences.
[[nodiscard]] ResultOr<RequestRun> write_run(Files& files, std::filesystem::path const& file, SipKey key,
                                             RunRange range, std::uint64_t count, RunSource const& source);

}  // namespace florin::eventstore
