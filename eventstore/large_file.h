// Large derived files (snapshots, request runs), whole or absent: written piece by piece under a temporary name,
// then fsynced, renamed, folder fsynced. Small ones: durable_file.h.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "eventstore/durable_file.h"

namespace florin::eventstore {

// An open file. Any thread.
class FileReader {
 public:
  [[nodiscard]] static Faulty<FileReader> open(std::filesystem::path const& file);
  [[nodiscard]] Faulty<std::uint64_t> size() const;
  // Fills `into` from `offset`; Kind::corrupt when the file is shorter.
  [[nodiscard]] Faulty<Unit> read(std::uint64_t offset, std::span<char> into) const;
  [[nodiscard]] std::filesystem::path const& file() const { return file_; }

 private:
  FileReader(FileDescriptor opened, std::filesystem::path file) : opened_(std::move(opened)), file_(std::move(file)) {}
  FileDescriptor opened_;
  std::filesystem::path file_;
};

// One thread. The temporary file disappears with the writer unless commit() succeeded.
class FileWriter {
 public:
  [[nodiscard]] static Faulty<FileWriter> create(std::filesystem::path file);
  ~FileWriter();
  FileWriter(FileWriter&&) noexcept = default;
  FileWriter& operator=(FileWriter&&) = delete;

  [[nodiscard]] Faulty<Unit> write(std::uint64_t offset, std::string_view bytes);
  // After it returns the file has its name, durably. Replaces a file of the same name.
  [[nodiscard]] Faulty<Unit> commit();

 private:
  FileWriter(FileDescriptor opened, std::filesystem::path file) : opened_(std::move(opened)), file_(std::move(file)) {}
  FileDescriptor opened_;
  std::filesystem::path file_;
};

// Ending of the name under which a file is written before commit().
inline constexpr std::string_view kTemporarySuffix = ".tmp";

}  // namespace florin::eventstore
