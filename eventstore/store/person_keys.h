// persons.keys: one 32-byte seed a person, in slot IdentityId - 1 behind a header page. Never mapped into memory, so
// that a failing disk is a fault and not a SIGBUS. FORMAT.md has the bytes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string_view>

#include "domain/ids.h"
#include "eventstore/runtime/files.h"
#include "eventstore/store/person_seed.h"

namespace florin::eventstore {

class PersonKeys {
 public:
  using Check = std::array<std::uint8_t, 16>;  // ties the file to its master key

  static constexpr std::size_t kHeaderBytes = 4096;

  [[nodiscard]] static ResultOr<Unit> create(Files& files, std::filesystem::path const& path, Check const& check);
  [[nodiscard]] static ResultOr<PersonKeys> open(Files& files, std::filesystem::path const& path, Check const& check);
  PersonKeys(PersonKeys&& other) noexcept;

  // Any thread. Kind::missing when it was erased, Kind::corrupt when it never was.
  [[nodiscard]] ResultOr<Seed> read(domain::IdentityId identity) const;
  // Any thread. Overwrites what a commit that never reached the log may have left. Durable after sync().
  [[nodiscard]] ResultOr<Unit> write(domain::IdentityId identity, Seed const& seed);
  // Any thread. Syncs the file when something was written since. After a failure everything is refused: what the
  // operating system forgot it would never try to write again.
  [[nodiscard]] ResultOr<Unit> sync();

 private:
  PersonKeys(std::filesystem::path path, std::unique_ptr<File> file, std::uint64_t size);
  [[nodiscard]] ResultOr<Unit> write_at(std::uint64_t offset, std::string_view bytes);
  [[nodiscard]] ResultOr<Unit> grow(std::uint64_t size);

  std::filesystem::path path_;
  std::unique_ptr<File> file_;
  std::mutex writing_;
  std::uint64_t size_ = 0;  // under writing_
  std::mutex syncing_;      // a second caller waits until the first one's sync is through: its own writes are in it
  std::atomic<bool> unsynced_{false};
  std::atomic<bool> failed_{false};
};

}  // namespace florin::eventstore
