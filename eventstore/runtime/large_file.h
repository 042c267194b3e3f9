// Large derived files (snapshots, request runs), whole or absent: written piece by piece under a temporary name,
// then synced and renamed. Small ones: durable_file.h.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "eventstore/runtime/files.h"

namespace florin::eventstore {

// An open file. Any thread.
class FileReader {
 public:
  [[nodiscard]] static ResultOr<FileReader> open(Files& files, std::filesystem::path const& file);
  [[nodiscard]] ResultOr<std::uint64_t> size() const { return opened_->size(); }
  // Fills `into` from `offset`; Kind::corrupt when the file is shorter.
  [[nodiscard]] ResultOr<Unit> read(std::uint64_t offset, std::span<char> into) const;
  [[nodiscard]] std::filesystem::path const& file() const { return file_; }

 private:
  FileReader(std::unique_ptr<File> opened, std::filesystem::path file)
      : opened_(std::move(opened)), file_(std::move(file)) {}
  std::unique_ptr<File> opened_;
  std::filesystem::path file_;
};

// One thread. The temporary file disappears with the writer unless commit() succeeded.
class FileWriter {
 public:
  [[nodiscard]] static ResultOr<FileWriter> create(Files& files, std::filesystem::path file);
  ~FileWriter();
  FileWriter(FileWriter&&) noexcept = default;
  FileWriter& operator=(FileWriter&&) = delete;

  [[nodiscard]] ResultOr<Unit> write(std::uint64_t offset, std::string_view bytes) {
    return opened_->write(offset, bytes);
  }
  // After it returns the file has its name, durably. Replaces a file of the same name.
  [[nodiscard]] ResultOr<Unit> commit();

 private:
  FileWriter(Files& files, std::unique_ptr<File> opened, std::filesystem::path file)
      : files_(&files), opened_(std::move(opened)), file_(std::move(file)) {}
  Files* files_;
  std::unique_ptr<File> opened_;  // null: committed, or moved from
  std::filesystem::path file_;
};

// Ending of the name under which a file is written before commit().
inline constexpr std::string_view kTemporarySuffix = ".tmp";

}  // namespace florin::eventstore
