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
  Faulty<Unit> add(std::string_view bytes) {
    if (buffer_.size() + bytes.size() > kBufferBytes) {
      if (auto done = flush(); !done) return done;
    }
    buffer_.append(bytes);
    return Unit{};
  }
  Faulty<Unit> flush() {
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

Faulty<RequestRun> RequestRun::open(Files& files, std::filesystem::path const& file, SipKey key) {
  auto opened = FileReader::open(files, file);
  if (!opened) return fail(opened.error());
  RequestRun run;
  run.opened_ = std::make_shared<FileReader const>(std::move(opened).value());
  run.key_ = key;

  std::array<char, kHeaderUsed> header{};
  if (auto got = run.opened_->read(0, header); !got) return fail(got.error());
  std::uint32_t version = 0;
  std::memcpy(&version, header.data() + 8, 4);
  std::array<std::uint64_t, 6> words{};
  std::memcpy(words.data(), header.data() + 16, sizeof words);
  auto const check = siphash64(key, label(Part::header, 0), {header.data(), kHeaderUsed - 8});
  if (std::string_view(header.data(), 8) != kMagic || check != words[5]) return run.damaged("header");
  if (version != kVersion) return fault(Fault::Kind::unknown, file.filename().string() + ": of another version");
  run.header_ = Header{{words[0], words[1]}, words[2], words[3], words[4]};

  auto const size = run.opened_->size();
  if (!size) return fail(size.error());
  if (size.value() != run.header_.fences_at() + run.header_.blocks() * 8) return run.damaged("length");
  std::vector<std::uint64_t> fences(run.header_.blocks());
  std::span<char> const into(reinterpret_cast<char*>(fences.data()), fences.size() * 8);
  if (auto got = run.opened_->read(run.header_.fences_at(), into); !got) return fail(got.error());
  if (siphash64(key, label(Part::fences, 0), {into.data(), into.size()}) != run.header_.fences_check) {
    return run.damaged("fences");
  }
  run.fences_ = std::make_shared<std::vector<std::uint64_t> const>(std::move(fences));
  return run;
}

Faulty<RequestRun> RequestRun::with_filter() const {
  if (filter_) return *this;
  Filter filter(filter_bytes());
  if (auto got = opened_->read(header_.filter_at(), filter); !got) return fail(got.error());
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

Faulty<bool> RequestRun::may_contain(Hash128 hash) const {
  auto const index = filter_block(hash);
  if (filter_) return filter_passes(filter_->data() + index * kFilterBlockBytes, hash);
  FilterBlock block;
  if (auto got = opened_->read(header_.filter_at() + index * kFilterBlockBytes, block); !got) return fail(got.error());
  if (!filter_block_whole(block, key_, index)) return damaged("filter");
  return filter_passes(block.data(), hash);
}

Faulty<std::size_t> RequestRun::read_block(std::uint64_t index, std::span<RunEntry, kBlockEntries> into) const {
  std::array<char, kBlockBytes> block;
  if (auto got = opened_->read(kHeaderBytes + index * kBlockBytes, block); !got) return fail(got.error());
  auto const check = siphash64(key_, label(Part::entries, index), {block.data(), kBlockBytes - 8});
  if (std::memcmp(block.data() + kBlockBytes - 8, &check, 8) != 0) return damaged("entries");
  std::memcpy(into.data(), block.data(), into.size_bytes());
  return std::min<std::uint64_t>(kBlockEntries, header_.count - index * kBlockEntries);
}

Faulty<Unit> RequestRun::find(Hash128 hash, std::vector<domain::Position>& positions) const {
  // Equal hashes may begin in the block before the first fence that reaches them.
  auto const reaching = std::lower_bound(fences_->begin(), fences_->end(), hash.high);
  auto index = static_cast<std::uint64_t>(reaching - fences_->begin());
  if (index > 0) --index;
  std::array<RunEntry, kBlockEntries> entries;
  for (; index < fences_->size() && (*fences_)[index] <= hash.high; ++index) {
    auto const count = read_block(index, entries);
    if (!count) return fail(count.error());
    auto const end = entries.begin() + static_cast<std::ptrdiff_t>(count.value());
    for (auto entry = std::lower_bound(entries.begin(), end, RunEntry{hash, 0}); entry != end && entry->hash == hash;
         ++entry) {
      positions.emplace_back(entry->position);
    }
  }
  return Unit{};
}

Faulty<RunEntry const*> RunCursor::peek() {
  if (entry_ == entries_) {
    if (next_block_ == run_.header_.blocks()) return nullptr;
    auto const count = run_.read_block(next_block_++, block_);
    if (!count) return fail(count.error());
    entries_ = count.value();
    entry_ = 0;
  }
  return &block_[entry_];
}

Faulty<RequestRun> write_run(Files& files, std::filesystem::path const& file, SipKey key, RunRange range,
                             std::uint64_t count, RunSource const& source) {
  FLORIN_ASSERT(count > 0 && range.after < range.to);
  RequestRun run;
  run.header_ = {range, count, count / RequestRun::kFilterBlockKeys + 1, 0};
  auto created = FileWriter::create(files, file);
  if (!created) return fail(created.error());
  auto& out = created.value();
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
  auto const end_filters_before = [&](std::uint64_t index) -> Faulty<Unit> {
    for (; filter_index < index; ++filter_index) {
      seal_filter_block(filter, key, filter_index);
      if (auto done = filters.add({filter.data(), filter.size()}); !done) return done;
      filter.fill(0);
    }
    return Unit{};
  };

  std::uint64_t written = 0;
  for (;;) {
    auto const batch = source();
    if (!batch) return fail(batch.error());
    if (batch.value().empty()) break;
    for (RunEntry const& entry : batch.value()) {
      if (in_block == 0) fences.push_back(entry.hash.high);
      std::memcpy(block.data() + in_block * sizeof entry, &entry, sizeof entry);
      if (++in_block == RequestRun::kBlockEntries) {
        if (auto done = end_block(); !done) return fail(done.error());
      }
      if (auto done = end_filters_before(run.filter_block(entry.hash)); !done) return fail(done.error());
      for (std::uint32_t probe = 0; probe < RequestRun::kFilterProbes; ++probe) {
        auto const bit = RequestRun::filter_bit(entry.hash, probe);
        filter[bit / 8] = static_cast<char>(filter[bit / 8] | 1 << (bit % 8));
      }
    }
    written += batch.value().size();
  }
  FLORIN_ASSERT(written == count);
  if (in_block != 0) {
    if (auto done = end_block(); !done) return fail(done.error());
  }
  if (auto done = end_filters_before(run.header_.filter_blocks); !done) return fail(done.error());
  if (auto done = blocks.flush(); !done) return fail(done.error());
  if (auto done = filters.flush(); !done) return fail(done.error());
  auto const fence_bytes = bytes_of(std::span<std::uint64_t const>(fences));
  if (auto done = out.write(run.header_.fences_at(), fence_bytes); !done) return fail(done.error());

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
  if (auto done = out.commit(); !done) return fail(done.error());
  return RequestRun::open(files, file, key);
}

}  // namespace florin::eventstore
