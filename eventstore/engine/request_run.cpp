#include "eventstore/engine/request_run.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "domain/contract.h"

namespace florin::eventstore {
namespace {

constexpr std::string_view kMagic = "FLORINRR";
constexpr std::uint32_t kVersion = 1;
// magic 8, version 4, zero 4, then six words: after, to, count, filter blocks, fences check, header check
constexpr std::size_t kHeaderUsed = 64;
constexpr std::size_t kBufferBytes = 1u << 20;

// What a checksum is of, so that a block cannot stand in for another: kind in the upper byte, index below.
enum class Part : std::uint8_t { header = 1, entries = 2, filter = 3, fences = 4 };
std::uint64_t label(Part part, std::uint64_t index) { return static_cast<std::uint64_t>(part) << 56 | index; }

template <class T>
std::string_view bytes_of(std::span<T const> values) {
  return {reinterpret_cast<char const*>(values.data()), values.size_bytes()};
}

// Gathers small writes to one section of a file.
class Section {
 public:
  Section(FileWriter& file, std::uint64_t at) : file_(file), at_(at) { buffer_.reserve(kBufferBytes); }
  ResultOr<Unit> add(std::string_view bytes) {
    if (buffer_.size() + bytes.size() > kBufferBytes) {
      FLORIN_TRY(flush());
    }
    buffer_.append(bytes);
    return Unit{};
  }
  ResultOr<Unit> flush() {
    auto done = file_.write(at_, buffer_);
    at_ += buffer_.size();
    buffer_.clear();
    return done;
  }

 private:
  FileWriter& file_;
  std::uint64_t at_;
  std::string buffer_;
};

void seal_filter_block(std::span<char> block, SipKey key, std::uint64_t index) {
  auto const check =
      static_cast<std::uint32_t>(siphash64(key, label(Part::filter, index), {block.data(), block.size() - 4}));
  std::memcpy(block.data() + block.size() - 4, &check, 4);
}

bool filter_block_whole(std::span<char const> block, SipKey key, std::uint64_t index) {
  auto const check =
      static_cast<std::uint32_t>(siphash64(key, label(Part::filter, index), {block.data(), block.size() - 4}));
  return std::memcmp(block.data() + block.size() - 4, &check, 4) == 0;
}

}  // namespace

std::string run_file_name(RunRange range) {
  std::array<char, 64> name{};
  auto const length =
      std::snprintf(name.data(), name.size(), "run-%016llx-%016llx.requests",
                    static_cast<unsigned long long>(range.after), static_cast<unsigned long long>(range.to));
  return {name.data(), static_cast<std::size_t>(length)};
}

std::optional<RunRange> parse_run_file_name(std::string_view name) {
  RunRange range;
  if (name.size() != run_file_name(range).size()) return std::nullopt;
  std::from_chars(name.data() + 4, name.data() + 20, range.after, 16);
  std::from_chars(name.data() + 21, name.data() + 37, range.to, 16);
  if (run_file_name(range) != name || range.to <= range.after) return std::nullopt;
  return range;
}

Failure<Fault> RequestRun::damaged(char const* part) const {
  return fault(Fault::Kind::corrupt, file().filename().string() + ": damaged " + part);
}

ResultOr<RequestRun> RequestRun::open(Files& files, std::filesystem::path const& file, SipKey key) {
  auto opened = FLORIN_TRY(FileReader::open(files, file));
  RequestRun run;
  run.opened_ = std::make_shared<FileReader const>(std::move(opened));
  run.key_ = key;

  std::array<char, kHeaderUsed> header{};
  FLORIN_TRY(run.opened_->read(0, header));
  std::uint32_t version = 0;
  std::memcpy(&version, header.data() + 8, 4);
  std::array<std::uint64_t, 6> words{};
  std::memcpy(words.data(), header.data() + 16, sizeof words);
  auto const check = siphash64(key, label(Part::header, 0), {header.data(), kHeaderUsed - 8});
  if (std::string_view(header.data(), 8) != kMagic || check != words[5]) return run.damaged("header");
  if (version != kVersion) return fault(Fault::Kind::unknown, file.filename().string() + ": of another version");
  run.header_ = Header{{words[0], words[1]}, words[2], words[3], words[4]};

  auto const size = FLORIN_TRY(run.opened_->size());
  if (size != run.header_.fences_at() + run.header_.blocks() * 8) return run.damaged("length");
  std::vector<std::uint64_t> fences(run.header_.blocks());
  std::span<char> const into(reinterpret_cast<char*>(fences.data()), fences.size() * 8);
  FLORIN_TRY(run.opened_->read(run.header_.fences_at(), into));
  if (siphash64(key, label(Part::fences, 0), {into.data(), into.size()}) != run.header_.fences_check) {
    return run.damaged("fences");
  }
  run.fences_ = std::make_shared<std::vector<std::uint64_t> const>(std::move(fences));
  return run;
}

ResultOr<RequestRun> RequestRun::with_filter() const {
  if (filter_) return *this;
  Filter filter(filter_bytes());
  FLORIN_TRY(opened_->read(header_.filter_at(), filter));
  for (std::uint64_t i = 0; i < header_.filter_blocks; ++i) {
    std::span<char const> const block(filter.data() + i * kFilterBlockBytes, kFilterBlockBytes);
    if (!filter_block_whole(block, key_, i)) return damaged("filter");
  }
  auto run = *this;
  run.filter_ = std::make_shared<Filter const>(std::move(filter));
  return run;
}

RequestRun RequestRun::without_filter() const {
  auto run = *this;
  run.filter_ = nullptr;
  return run;
}

ResultOr<bool> RequestRun::may_contain(Hash128 hash) const {
  auto const index = filter_block(hash);
  if (filter_) return filter_passes(filter_->data() + index * kFilterBlockBytes, hash);
  FilterBlock block;
  FLORIN_TRY(opened_->read(header_.filter_at() + index * kFilterBlockBytes, block));
  if (!filter_block_whole(block, key_, index)) return damaged("filter");
  return filter_passes(block.data(), hash);
}

ResultOr<std::size_t> RequestRun::read_block(std::uint64_t index, std::span<RunEntry, kBlockEntries> into) const {
  std::array<char, kBlockBytes> block;
  FLORIN_TRY(opened_->read(kHeaderBytes + index * kBlockBytes, block));
  auto const check = siphash64(key_, label(Part::entries, index), {block.data(), kBlockBytes - 8});
  if (std::memcmp(block.data() + kBlockBytes - 8, &check, 8) != 0) return damaged("entries");
  std::memcpy(into.data(), block.data(), into.size_bytes());
  return std::min<std::uint64_t>(kBlockEntries, header_.count - index * kBlockEntries);
}

ResultOr<Unit> RequestRun::find(Hash128 hash, std::vector<domain::Position>& positions) const {
  // Equal hashes may begin in the block before the first fence that reaches them.
  auto const reaching = std::lower_bound(fences_->begin(), fences_->end(), hash.high);
  auto index = static_cast<std::uint64_t>(reaching - fences_->begin());
  if (index > 0) --index;
  std::array<RunEntry, kBlockEntries> entries;
  for (; index < fences_->size() && (*fences_)[index] <= hash.high; ++index) {
    auto const count = FLORIN_TRY(read_block(index, entries));
    auto const end = entries.begin() + static_cast<std::ptrdiff_t>(count);
    for (auto entry = std::lower_bound(entries.begin(), end, RunEntry{hash, 0}); entry != end && entry->hash == hash;
         ++entry) {
      positions.emplace_back(entry->position);
    }
  }
  return Unit{};
}

ResultOr<RunEntry const*> RunCursor::peek() {
  if (entry_ == entries_) {
    if (next_block_ == run_.header_.blocks()) return nullptr;
    auto const count = FLORIN_TRY(run_.read_block(next_block_++, block_));
    entries_ = count;
    entry_ = 0;
  }
  return &block_[entry_];
}

ResultOr<RequestRun> write_run(Files& files, std::filesystem::path const& file, SipKey key, RunRange range,
                               std::uint64_t count, RunSource const& source) {
  FLORIN_ASSERT(count > 0 && range.after < range.to);
  RequestRun run;
  run.header_ = {range, count, count / RequestRun::kFilterBlockKeys + 1, 0};
  auto created = FLORIN_TRY(FileWriter::create(files, file));
  auto& out = created;
  Section blocks(out, RequestRun::kHeaderBytes);
  Section filters(out, run.header_.filter_at());

  std::vector<std::uint64_t> fences;
  fences.reserve(run.header_.blocks());
  std::array<char, RequestRun::kBlockBytes> block{};
  std::size_t in_block = 0;
  RequestRun::FilterBlock filter{};
  std::uint64_t filter_index = 0;

  auto const end_block = [&] {
    auto const check = siphash64(key, label(Part::entries, fences.size() - 1), {block.data(), block.size() - 8});
    std::memcpy(block.data() + block.size() - 8, &check, 8);
    in_block = 0;
    auto const done = blocks.add({block.data(), block.size()});
    block.fill(0);
    return done;
  };
  auto const end_filters_before = [&](std::uint64_t index) -> ResultOr<Unit> {
    for (; filter_index < index; ++filter_index) {
      seal_filter_block(filter, key, filter_index);
      if (auto done = filters.add({filter.data(), filter.size()}); !done) return done;
      filter.fill(0);
    }
    return Unit{};
  };

  std::uint64_t written = 0;
  for (;;) {
    auto const batch = FLORIN_TRY(source());
    if (batch.empty()) break;
    for (RunEntry const& entry : batch) {
      if (in_block == 0) fences.push_back(entry.hash.high);
      std::memcpy(block.data() + in_block * sizeof entry, &entry, sizeof entry);
      if (++in_block == RequestRun::kBlockEntries) {
        FLORIN_TRY(end_block());
      }
      FLORIN_TRY(end_filters_before(run.filter_block(entry.hash)));
      for (std::uint32_t probe = 0; probe < RequestRun::kFilterProbes; ++probe) {
        auto const bit = RequestRun::filter_bit(entry.hash, probe);
        filter[bit / 8] = static_cast<char>(filter[bit / 8] | 1 << (bit % 8));
      }
    }
    written += batch.size();
  }
  FLORIN_ASSERT(written == count);
  if (in_block != 0) {
    FLORIN_TRY(end_block());
  }
  FLORIN_TRY(end_filters_before(run.header_.filter_blocks));
  FLORIN_TRY(blocks.flush());
  FLORIN_TRY(filters.flush());
  auto const fence_bytes = bytes_of(std::span<std::uint64_t const>(fences));
  FLORIN_TRY(out.write(run.header_.fences_at(), fence_bytes));

  run.header_.fences_check = siphash64(key, label(Part::fences, 0), fence_bytes);
  std::array<char, kHeaderUsed> header{};
  std::memcpy(header.data(), kMagic.data(), 8);
  std::memcpy(header.data() + 8, &kVersion, 4);
  std::array<std::uint64_t, 5> const words{range.after, range.to, count, run.header_.filter_blocks,
                                           run.header_.fences_check};
  std::memcpy(header.data() + 16, words.data(), sizeof words);
  auto const check = siphash64(key, label(Part::header, 0), {header.data(), kHeaderUsed - 8});
  std::memcpy(header.data() + kHeaderUsed - 8, &check, 8);
  if (auto done = out.write(0, {header.data(), header.size()}); !done) return fail(done.error());
  FLORIN_TRY(out.commit());
  return RequestRun::open(files, file, key);
}

}  // namespace florin::eventstore
