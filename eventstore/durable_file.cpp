#include "eventstore/durable_file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace florin::eventstore {
namespace {

Faulty<Unit> write_all(int fd, std::string_view content, std::filesystem::path const& path) {
  while (!content.empty()) {
    auto const written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return system_fault(errno, "write", path);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return Unit{};
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Failure<Fault> system_fault(int error, std::string_view doing, std::filesystem::path const& path) {
  auto kind = Fault::Kind::io;
  if (error == ENOSPC || error == EDQUOT) kind = Fault::Kind::full;
  if (error == ENOENT) kind = Fault::Kind::missing;
  return fault(kind, path.string() + ": " + std::string(doing) + ": " + std::generic_category().message(error));
}

Faulty<Unit> replace_file(std::filesystem::path const& path, std::string_view content, mode_t mode) {
  auto temporary = path;
  temporary += ".new";
  {
    FileDescriptor const file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (!file) return system_fault(errno, "open", temporary);
    // A file left over by a crash keeps its old mode otherwise.
    if (::fchmod(file.get(), mode) != 0) return system_fault(errno, "chmod", temporary);
    if (auto written = write_all(file.get(), content, temporary); !written) return written;
    if (::fsync(file.get()) != 0) return system_fault(errno, "fsync", temporary);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return system_fault(errno, "rename", path);
  return sync_folder(path.parent_path());
}

Faulty<std::string> read_file(std::filesystem::path const& path, std::size_t limit) {
  FileDescriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_fault(errno, "open", path);
  std::string out(limit + 1, '\0');
  std::size_t size = 0;
  while (size < out.size()) {
    auto const got = ::read(file.get(), out.data() + size, out.size() - size);
    if (got < 0) {
      if (errno == EINTR) continue;
      return system_fault(errno, "read", path);
    }
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > limit) return fault(Fault::Kind::corrupt, path.string() + ": larger than it can be");
  out.resize(size);
  return out;
}

Faulty<Unit> sync_folder(std::filesystem::path const& folder) {
  auto const path = folder.empty() ? std::filesystem::path(".") : folder;
  FileDescriptor const directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return system_fault(errno, "open", path);
  if (::fsync(directory.get()) != 0) return system_fault(errno, "fsync", path);
  return Unit{};
}

Faulty<Unit> make_folder(std::filesystem::path const& folder) {
  std::error_code error;
  auto const whole = std::filesystem::absolute(folder, error);
  if (!error) std::filesystem::create_directories(whole, error);
  if (error) return system_fault(error.value(), "create", folder);
  auto at = whole;
  for (int levels = 0; levels < 3; ++levels, at = at.parent_path()) {
    if (levels > 0 && ::access(at.c_str(), R_OK) != 0) break;
    if (auto synced = sync_folder(at); !synced) return synced;
  }
  return Unit{};
}

}  // namespace florin::eventstore
