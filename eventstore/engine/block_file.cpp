#include "eventstore/engine/block_file.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace florin::eventstore {
namespace {

constexpr std::size_t kHeadBytes = 16;

std::array<char, kHeadBytes> head_of(BlockFileKind kind) {
  std::array<char, kHeadBytes> head{};
  std::memcpy(head.data(), kind.magic.data(), 8);
  std::memcpy(head.data() + 8, &kind.version, 4);
  return head;
}

std::string_view view(std::span<char const> bytes) { return {bytes.data(), bytes.size()}; }

std::string_view view(domain::Digest const& digest) {
  return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

}  // namespace

ResultOr<std::unique_ptr<BlockWriter>> BlockWriter::create(std::filesystem::path const& file, BlockFileKind kind,
                                                           Files& files) {
  auto created = FLORIN_TRY(FileWriter::create(files, file));
  return std::unique_ptr<BlockWriter>(new BlockWriter(std::move(created), kind));
}

BlockWriter::BlockWriter(FileWriter file, BlockFileKind kind) : file_(std::move(file)) {
  auto const head = head_of(kind);
  digest_ = sha256(view(head));
  if (auto done = file_.write(0, view(head)); !done) fault_ = done.error();
  at_ = kHeadBytes;
  filling_.reserve(kFileBlockBytes);
  writing_.reserve(kFileBlockBytes);
}

BlockWriter::~BlockWriter() { wait(); }

void BlockWriter::wait() {
  if (!pending_.valid()) return;
  if (auto done = pending_.get(); !done && !fault_) fault_ = done.error();
}

void BlockWriter::put(std::string_view bytes) {
  while (!bytes.empty() && !fault_) {
    auto const part = bytes.substr(0, kFileBlockBytes - filling_.size());
    filling_.append(part);
    bytes.remove_prefix(part.size());
    if (filling_.size() == kFileBlockBytes) end_block();
  }
}

void BlockWriter::end_block() {
  wait();
  writing_.swap(filling_);
  filling_.clear();
  pending_ = std::async(std::launch::async, [this] { return write_block(); });
}

ResultOr<Unit> BlockWriter::write_block() {
  std::uint64_t const length = writing_.size();
  digest_ = chain_link(digest_, domain::Position(index_++), writing_);
  std::array<char, 8> prefix;
  std::memcpy(prefix.data(), &length, 8);
  FLORIN_TRY(file_.write(at_, view(prefix)));
  FLORIN_TRY(file_.write(at_ + 8, writing_));
  FLORIN_TRY(file_.write(at_ + 8 + length, view(digest_)));
  at_ += 8 + length + digest_.size();
  return Unit{};
}

ResultOr<Unit> BlockWriter::commit() {
  if (!filling_.empty()) end_block();
  end_block();
  wait();
  if (fault_) return fail(*fault_);
  return file_.commit();
}

ResultOr<std::unique_ptr<BlockReader>> BlockReader::open(std::filesystem::path const& file, BlockFileKind kind,
                                                         Files& files) {
  auto opened = FLORIN_TRY(FileReader::open(files, file));
  auto const size = FLORIN_TRY(opened.size());
  std::array<char, kHeadBytes> head{};
  FLORIN_TRY(opened.read(0, head));
  auto const expected = head_of(kind);
  if (std::memcmp(head.data(), expected.data(), 8) != 0) {
    return fault(Fault::Kind::corrupt, file.filename().string() + ": not what its name says");
  }
  if (head != expected) return fault(Fault::Kind::unknown, file.filename().string() + ": of another version");
  return std::unique_ptr<BlockReader>(new BlockReader(std::move(opened), sha256(view(head)), size));
}

BlockReader::BlockReader(FileReader file, domain::Digest digest, std::uint64_t size)
    : file_(std::move(file)), size_(size), digest_(digest) {
  pending_ = std::async(std::launch::async, [this] { return read_block({}); });
}

BlockReader::~BlockReader() {
  if (pending_.valid()) pending_.wait();
}

ResultOr<std::string> BlockReader::read_block(std::string buffer) {
  auto const damaged = [&] {
    return fault(Fault::Kind::corrupt, file_.file().filename().string() + ": block " + std::to_string(index_));
  };
  std::array<char, 8> prefix;
  FLORIN_TRY(file_.read(at_, prefix));
  std::uint64_t length = 0;
  std::memcpy(&length, prefix.data(), 8);
  if (length > kFileBlockBytes) return damaged();
  buffer.resize(length);
  FLORIN_TRY(file_.read(at_ + 8, buffer));
  domain::Digest stored;
  if (auto got = file_.read(at_ + 8 + length, {reinterpret_cast<char*>(stored.data()), stored.size()}); !got) {
    return fail(got.error());
  }
  digest_ = chain_link(digest_, domain::Position(index_), buffer);
  if (stored != digest_) return damaged();
  at_ += 8 + length + stored.size();
  if (length == 0 && at_ != size_) return damaged();
  ++index_;
  return buffer;
}

bool BlockReader::next_block() {
  if (fault_) return false;
  if (ended_) {
    fault_ = Fault{Fault::Kind::corrupt, file_.file().filename().string() + ": ends early"};
    return false;
  }
  auto got = pending_.get();
  if (!got) {
    fault_ = got.error();
    return false;
  }
  block_.swap(got.value());
  used_ = 0;
  ended_ = block_.empty();
  if (!ended_) {
    pending_ = std::async(std::launch::async,
                          [this, buffer = std::move(got).value()]() mutable { return read_block(std::move(buffer)); });
  }
  return true;
}

bool BlockReader::get(std::span<char> into) {
  while (!into.empty()) {
    if (used_ == block_.size()) {
      if (!next_block()) return false;
      continue;
    }
    auto const part = std::min(into.size(), block_.size() - used_);
    std::memcpy(into.data(), block_.data() + used_, part);
    used_ += part;
    into = into.subspan(part);
  }
  return true;
}

bool BlockReader::at_end() {
  if (used_ == block_.size() && !ended_ && !next_block()) return false;
  if (ended_) return true;
  if (!fault_) fault_ = Fault{Fault::Kind::corrupt, file_.file().filename().string() + ": more than it should hold"};
  return false;
}

}  // namespace florin::eventstore
