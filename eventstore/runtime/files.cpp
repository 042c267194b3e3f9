#include "eventstore/runtime/files.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace florin::eventstore {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

class MachineFile final : public File {
 public:
  MachineFile(Descriptor opened, fs::path path, bool created)
      : opened_(std::move(opened)), path_(std::move(path)), created_(created) {}

  ResultOr<std::size_t> read(std::uint64_t offset, std::span<char> into) const override {
    std::size_t filled = 0;
    while (filled < into.size()) {
      auto const rest = into.subspan(filled);
      auto const got = ::pread(opened_.get(), rest.data(), rest.size(), static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_fault(errno, "read", path_);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    return filled;
  }

  ResultOr<Unit> write(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      auto const put = ::pwrite(opened_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return system_fault(errno, "write", path_);
      bytes.remove_prefix(static_cast<std::size_t>(put));
      offset += static_cast<std::uint64_t>(put);
    }
    return Unit{};
  }

  // fdatasync takes a new size along, because the data cannot be read without it; of a new file the mode counts, too.
  ResultOr<Unit> sync() override {
    if (created_ && ::fsync(opened_.get()) != 0) return system_fault(errno, "fsync", path_);
    if (!created_ && ::fdatasync(opened_.get()) != 0) return system_fault(errno, "fdatasync", path_);
    return Unit{};
  }

  ResultOr<std::uint64_t> size() const override {
    struct stat status{};
    if (::fstat(opened_.get(), &status) != 0) return system_fault(errno, "fstat", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  Descriptor opened_;
  fs::path path_;
  bool created_;
};

ResultOr<Unit> sync_folder(fs::path const& path) {
  Descriptor const directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return system_fault(errno, "open", path);
  if (::fsync(directory.get()) != 0) return system_fault(errno, "fsync", path);
  return Unit{};
}

fs::path folder_of(fs::path const& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

class MachineFiles final : public Files {
 public:
  ResultOr<std::unique_ptr<File>> open(fs::path const& path, OpenFor what, mode_t mode) override {
    int flags = O_CLOEXEC;
    switch (what) {
      case OpenFor::reading: flags |= O_RDONLY; break;
      case OpenFor::updating: flags |= O_RDWR; break;
      case OpenFor::creating: flags |= O_WRONLY | O_CREAT | O_TRUNC; break;
      case OpenFor::locking: flags |= O_RDWR | O_CREAT; break;
    }
    Descriptor opened(::open(path.c_str(), flags, mode));
    if (!opened) return system_fault(errno, "open", path);
    // A file left over by a crash keeps its old mode otherwise.
    if (what == OpenFor::creating && ::fchmod(opened.get(), mode) != 0) return system_fault(errno, "chmod", path);
    // Held until the descriptor closes, so also released by a crash.
    if (what == OpenFor::locking && ::flock(opened.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return system_fault(errno, "flock", path);
      return fault(Fault::Kind::conflict, path.string() + ": held by another process");
    }
    return std::unique_ptr<File>(std::make_unique<MachineFile>(std::move(opened), path, what == OpenFor::creating));
  }

  ResultOr<Unit> replace(fs::path const& from, fs::path const& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return system_fault(errno, "rename", to);
    return sync_folder(folder_of(to));
  }

  ResultOr<Unit> remove(fs::path const& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_fault(errno, "remove", path);
    return Unit{};
  }

  ResultOr<Unit> make_folder(fs::path const& folder) override {
    std::error_code error;
    auto const whole = fs::absolute(folder, error);
    if (!error) fs::create_directories(whole, error);
    if (error) return system_fault(error.value(), "create", folder);
    auto at = whole;
    for (int levels = 0; levels < 3; ++levels, at = at.parent_path()) {
      if (levels > 0 && ::access(at.c_str(), R_OK) != 0) break;
      FLORIN_TRY(sync_folder(at));
    }
    return Unit{};
  }

  ResultOr<std::vector<std::string>> list(fs::path const& folder) override {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      names.push_back(at->path().filename().string());
    }
    if (error && error != std::errc::no_such_file_or_directory) return system_fault(error.value(), "list", folder);
    return names;
  }
};

}  // namespace

Failure<Fault> system_fault(int error, std::string_view doing, fs::path const& path) {
  auto kind = Fault::Kind::io;
  if (error == ENOSPC || error == EDQUOT) kind = Fault::Kind::full;
  if (error == ENOENT) kind = Fault::Kind::missing;
  return fault(kind, path.string() + ": " + std::string(doing) + ": " + std::generic_category().message(error));
}

Files& machine_files() {
  static MachineFiles the_files;
  return the_files;
}

ResultOr<bool> exists(Files& files, fs::path const& path) {
  auto const opened = files.open(path, OpenFor::reading);
  if (opened) return true;
  if (opened.error().kind != Fault::Kind::missing) return fail(opened.error());
  return false;
}

}  // namespace florin::eventstore
