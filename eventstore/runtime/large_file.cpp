#include "eventstore/runtime/large_file.h"

namespace florin::eventstore {
namespace {

std::filesystem::path temporary_name(std::filesystem::path name) { return name += kTemporarySuffix; }

}  // namespace

ResultOr<FileReader> FileReader::open(Files& files, std::filesystem::path const& file) {
  auto opened = FLORIN_TRY(files.open(file, OpenFor::reading));
  return FileReader(std::move(opened), file);
}

ResultOr<Unit> FileReader::read(std::uint64_t offset, std::span<char> into) const {
  auto const got = FLORIN_TRY(opened_->read(offset, into));
  if (got < into.size()) return fault(Fault::Kind::corrupt, file_.filename().string() + ": ends early");
  return Unit{};
}

ResultOr<FileWriter> FileWriter::create(Files& files, std::filesystem::path file) {
  auto opened = FLORIN_TRY(files.open(temporary_name(file), OpenFor::creating));
  return FileWriter(files, std::move(opened), std::move(file));
}

FileWriter::~FileWriter() {
  if (opened_) static_cast<void>(files_->remove(temporary_name(file_)));  // what stays is deleted at the next write
}

ResultOr<Unit> FileWriter::commit() {
  FLORIN_TRY(opened_->sync());
  FLORIN_TRY(files_->replace(temporary_name(file_), file_));
  opened_.reset();
  return Unit{};
}

}  // namespace florin::eventstore
