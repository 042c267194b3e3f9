#include "eventstore/store/person_keys.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "domain/contract.h"
#include "eventstore/runtime/durable_file.h"

namespace florin::eventstore {
namespace {

constexpr std::string_view kMagic = "FLORINPK";
constexpr std::uint8_t kVersion = 1;
// The file grows by 2048 slots filled with 0xff ("never made"), made durable at once: one fsync in 2048 people, and
// a slot of zeros can then only mean "erased".
constexpr std::uint64_t kGrowBytes = 64u << 10;
constexpr char kNeverMade = '\xff';
constexpr char kErased = 0;

std::string header(PersonKeys::Check const& check) {
  std::string out(PersonKeys::kHeaderBytes, '\0');
  out.replace(0, kMagic.size(), kMagic);
  out[8] = static_cast<char>(kVersion);
  out.replace(16, check.size(), reinterpret_cast<char const*>(check.data()), check.size());
  return out;
}

bool is_slot(domain::IdentityId identity) { return identity && identity.value() < std::uint64_t{1} << 48; }

std::uint64_t offset_of(domain::IdentityId identity) {
  return PersonKeys::kHeaderBytes + (identity.value() - 1) * Seed().size();
}

bool filled_with(Seed const& seed, char byte) {
  return std::all_of(seed.begin(), seed.end(),
                     [=](std::uint8_t each) { return each == static_cast<std::uint8_t>(byte); });
}

}  // namespace

ResultOr<Unit> PersonKeys::create(Files& files, std::filesystem::path const& path, Check const& check) {
  return replace_file(files, path, header(check), 0600);
}

PersonKeys::PersonKeys(std::filesystem::path path, std::unique_ptr<File> file, std::uint64_t size)
    : path_(std::move(path)), file_(std::move(file)), size_(size) {}

PersonKeys::PersonKeys(PersonKeys&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::move(other.file_)),
      size_(other.size_),
      unsynced_(other.unsynced_.load()),
      failed_(other.failed_.load()) {}

ResultOr<PersonKeys> PersonKeys::open(Files& files, std::filesystem::path const& path, Check const& check) {
  auto file = FLORIN_TRY(files.open(path, OpenFor::updating));
  std::string found(kHeaderBytes, '\0');
  auto const got = FLORIN_TRY(file->read(0, found));
  auto const size = FLORIN_TRY(file->size());
  if (got == kHeaderBytes && found.starts_with(kMagic) && static_cast<std::uint8_t>(found[8]) > kVersion) {
    return fault(Fault::Kind::unknown, path.string() + ": of a newer format");
  }
  if (got != kHeaderBytes || found != header(check)) {
    return fault(Fault::Kind::corrupt, path.string() + ": its header is damaged or belongs to another master key");
  }
  // What a dead process wrote and did not sync, an erasure among it: read() tells of it from now on.
  FLORIN_TRY(file->sync());
  return PersonKeys(path, std::move(file), size);
}

ResultOr<Seed> PersonKeys::read(domain::IdentityId identity) const {
  Seed seed;
  if (!is_slot(identity)) return fault(Fault::Kind::corrupt, path_.string() + ": no person has such an id");
  auto const got = file_->read(offset_of(identity), {reinterpret_cast<char*>(seed.data()), seed.size()});
  if (!got) return fail(got.error());
  if (got.value() != seed.size() || filled_with(seed, kNeverMade)) {
    return fault(Fault::Kind::corrupt, path_.string() + ": no key for a person of the log");
  }
  if (filled_with(seed, kErased)) return fault(Fault::Kind::missing, "vault: the person was erased");
  return seed;
}

ResultOr<Unit> PersonKeys::write(domain::IdentityId identity, Seed const& seed) {
  FLORIN_ASSERT(is_slot(identity));
  auto const offset = offset_of(identity);
  std::lock_guard const lock(writing_);
  FLORIN_TRY(grow(offset + seed.size()));
  auto written = write_at(offset, {reinterpret_cast<char const*>(seed.data()), seed.size()});
  if (!written) return written;
  unsynced_.store(true, std::memory_order_release);
  return Unit{};
}

ResultOr<Unit> PersonKeys::sync() {
  std::lock_guard const lock(syncing_);
  if (failed_.load(std::memory_order_acquire)) {
    return fault(Fault::Kind::io, path_.string() + ": stopped by an earlier failure");
  }
  if (!unsynced_.exchange(false, std::memory_order_acq_rel)) return Unit{};
  auto synced = file_->sync();
  if (!synced) failed_.store(true, std::memory_order_release);
  return synced;
}

ResultOr<Unit> PersonKeys::write_at(std::uint64_t offset, std::string_view bytes) {
  if (failed_.load(std::memory_order_acquire)) {
    return fault(Fault::Kind::io, path_.string() + ": stopped by an earlier failure");
  }
  return file_->write(offset, bytes);
}

ResultOr<Unit> PersonKeys::grow(std::uint64_t size) {
  if (size <= size_) return Unit{};
  std::string const empty(kGrowBytes, kNeverMade);
  while (size_ < size) {
    // A tail torn by a crash is filled up to the next whole step; no slot in it was ever durable.
    auto const step = kGrowBytes - (size_ - kHeaderBytes) % kGrowBytes;
    FLORIN_TRY(write_at(size_, std::string_view(empty).substr(0, step)));
    size_ += step;
  }
  unsynced_.store(true, std::memory_order_release);
  return sync();
}

}  // namespace florin::eventstore
