#include "eventstore/person_keys.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "domain/contract.h"

namespace florin::eventstore {
namespace {

constexpr std::string_view kMagic = "FLORINPK";
constexpr std::uint8_t kVersion = 1;
// The file grows by 2048 slots filled with 0xff ("never made"), made durable at once: one fsync in 2048 people, and
// a slot of zeros can then only mean "erased".
constexpr std::uint64_t kGrowBytes = 64u << 10;
constexpr std::uint8_t kNeverMade = 0xff;
constexpr std::uint8_t kErased = 0;

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

bool filled_with(Seed const& seed, std::uint8_t byte) {
  return std::all_of(seed.begin(), seed.end(), [=](std::uint8_t each) { return each == byte; });
}

}  // namespace

Faulty<Unit> PersonKeys::create(std::filesystem::path const& path, Check const& check) {
  return replace_file(path, header(check), 0600);
}

PersonKeys::PersonKeys(std::filesystem::path path, FileDescriptor file, std::uint64_t size)
    : path_(std::move(path)), file_(std::move(file)), size_(size) {}

PersonKeys::PersonKeys(PersonKeys&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::move(other.file_)),
      size_(other.size_),
      unsynced_(other.unsynced_.load()),
      failed_(other.failed_.load()) {}

Faulty<PersonKeys> PersonKeys::open(std::filesystem::path const& path, Check const& check) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file) return system_fault(errno, "open", path);
  std::string found(kHeaderBytes, '\0');
  auto const got = ::pread(file.get(), found.data(), found.size(), 0);
  if (got < 0) return system_fault(errno, "read", path);
  auto const end = ::lseek(file.get(), 0, SEEK_END);
  if (end < 0) return system_fault(errno, "seek", path);
  if (static_cast<std::size_t>(got) == kHeaderBytes && found.starts_with(kMagic) &&
      static_cast<std::uint8_t>(found[8]) > kVersion) {
    return fault(Fault::Kind::unknown, path.string() + ": of a newer format");
  }
  if (static_cast<std::size_t>(got) != kHeaderBytes || found != header(check)) {
    return fault(Fault::Kind::corrupt, path.string() + ": its header is damaged or belongs to another master key");
  }
  // What a dead process wrote and did not sync, an erasure among it: read() tells of it from now on.
  if (::fdatasync(file.get()) != 0) return system_fault(errno, "fdatasync", path);
  return PersonKeys(path, std::move(file), static_cast<std::uint64_t>(end));
}

Faulty<Seed> PersonKeys::read(domain::IdentityId identity) const {
  Seed seed;
  ssize_t got = 0;
  if (!is_slot(identity)) return fault(Fault::Kind::corrupt, path_.string() + ": no person has such an id");
  do {
    got = ::pread(file_.get(), seed.data(), seed.size(), static_cast<off_t>(offset_of(identity)));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return system_fault(errno, "read", path_);
  if (static_cast<std::size_t>(got) != seed.size() || filled_with(seed, kNeverMade)) {
    return fault(Fault::Kind::corrupt, path_.string() + ": no key for a person of the log");
  }
  if (filled_with(seed, kErased)) return fault(Fault::Kind::missing, "vault: the person was erased");
  return seed;
}

Faulty<Unit> PersonKeys::write(domain::IdentityId identity, Seed const& seed) {
  FLORIN_ASSERT(is_slot(identity));
  auto const offset = offset_of(identity);
  if (auto grown = grow(offset + seed.size()); !grown) return grown;
  if (auto written = write_at(offset, seed); !written) return written;
  unsynced_.store(true, std::memory_order_release);
  return Unit{};
}

Faulty<Unit> PersonKeys::sync() {
  std::lock_guard const lock(syncing_);
  if (failed_.load(std::memory_order_acquire)) {
    return fault(Fault::Kind::io, path_.string() + ": stopped by an earlier failure");
  }
  if (!unsynced_.exchange(false, std::memory_order_acq_rel)) return Unit{};
  if (::fdatasync(file_.get()) == 0) return Unit{};
  failed_.store(true, std::memory_order_release);
  return system_fault(errno, "fdatasync", path_);
}

Faulty<Unit> PersonKeys::write_at(std::uint64_t offset, std::span<std::uint8_t const> bytes) {
  if (failed_.load(std::memory_order_acquire)) {
    return fault(Fault::Kind::io, path_.string() + ": stopped by an earlier failure");
  }
  while (!bytes.empty()) {
    auto const written = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      return system_fault(errno, "write", path_);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return Unit{};
}

Faulty<Unit> PersonKeys::grow(std::uint64_t size) {
  if (size <= size_) return Unit{};
  std::array<std::uint8_t, kGrowBytes> empty;
  empty.fill(kNeverMade);
  while (size_ < size) {
    // A tail torn by a crash is filled up to the next whole step; no slot in it was ever durable.
    auto const step = kGrowBytes - (size_ - kHeaderBytes) % kGrowBytes;
    if (auto written = write_at(size_, std::span(empty).first(step)); !written) return written;
    size_ += step;
  }
  unsynced_.store(true, std::memory_order_release);
  return sync();
}

}  // namespace florin::eventstore
