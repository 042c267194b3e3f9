// Small files that must survive a power cut whole: the signing key, the checkpoint, the vault's master key.
// Any thread; two callers on one path need an agreement of their own.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include "eventstore/fault.h"

namespace florin::eventstore {

// An open file descriptor, closed on destruction.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// The fault for a failed system call: Kind::full for ENOSPC and EDQUOT, Kind::missing for ENOENT, else Kind::io.
[[nodiscard]] Failure<Fault> system_fault(int error, std::string_view doing, std::filesystem::path const& path);

// Atomic and durable: a reader sees the old content or the new, also after a power cut (temporary file, fsync,
// rename, fsync of the folder). About 1 ms.
[[nodiscard]] Faulty<Unit> replace_file(std::filesystem::path const& path, std::string_view content, mode_t mode);

// The whole file; Kind::missing when there is none, Kind::corrupt when it is larger than `limit` bytes.
[[nodiscard]] Faulty<std::string> read_file(std::filesystem::path const& path, std::size_t limit);

// Makes the folder's entries (created, renamed, removed files) durable. Whoever opens files that another process may
// have renamed just before it died calls it first: what was read must still be there after a power cut.
[[nodiscard]] Faulty<Unit> sync_folder(std::filesystem::path const& folder);

// Makes the folder and its parents where they are absent, and the names of the folder, its parent and the one above
// durable. A parent that this user may not list is the operator's and is left alone.
[[nodiscard]] Faulty<Unit> make_folder(std::filesystem::path const& folder);

}  // namespace florin::eventstore
