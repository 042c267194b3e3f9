#include "eventstore/large_file.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace florin::eventstore {
namespace {

std::filesystem::path temporary_name(std::filesystem::path name) { return name += kTemporarySuffix; }

}  // namespace

Faulty<FileReader> FileReader::open(std::filesystem::path const& file) {
  FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened) return system_fault(errno, "open", file);
  return FileReader(std::move(opened), file);
}

Faulty<std::uint64_t> FileReader::size() const {
  struct stat status{};
  if (::fstat(opened_.get(), &status) != 0) return system_fault(errno, "fstat", file_);
  return static_cast<std::uint64_t>(status.st_size);
}

Faulty<Unit> FileReader::read(std::uint64_t offset, std::span<char> into) const {
  while (!into.empty()) {
    auto const got = ::pread(opened_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_fault(errno, "read", file_);
    if (got == 0) return fault(Fault::Kind::corrupt, file_.filename().string() + ": ends early");
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return Unit{};
}

Faulty<FileWriter> FileWriter::create(std::filesystem::path file) {
  auto const temporary = temporary_name(file);
  FileDescriptor opened(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!opened) return system_fault(errno, "create", temporary);
  return FileWriter(std::move(opened), std::move(file));
}

FileWriter::~FileWriter() {
  if (opened_) ::unlink(temporary_name(file_).c_str());
}

Faulty<Unit> FileWriter::write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    auto const put = ::pwrite(opened_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_fault(errno, "write", file_);
    bytes.remove_prefix(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return Unit{};
}

Faulty<Unit> FileWriter::commit() {
  if (::fsync(opened_.get()) != 0) return system_fault(errno, "fsync", file_);
  if (::rename(temporary_name(file_).c_str(), file_.c_str()) != 0) return system_fault(errno, "rename", file_);
  opened_ = FileDescriptor();
  return sync_folder(file_.parent_path());
}

}  // namespace florin::eventstore
