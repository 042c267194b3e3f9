#include "eventstore/runtime/large_file.h"

namespace florin::eventstore {
namespace {

std::filesystem::path temporary_name(std::filesystem::path name) { return name += kTemporarySuffix; }

}  // namespace

Faulty<FileReader> FileReader::open(Files& files, std::filesystem::path const& file) {
  auto opened = files.open(file, OpenFor::reading);
  if (!opened) return fail(opened.error());
  return FileReader(std::move(opened).value(), file);
}

Faulty<Unit> FileReader::read(std::uint64_t offset, std::span<char> into) const {
  auto const got = opened_->read(offset, into);
  if (!got) return fail(got.error());
  if (got.value() < into.size()) return fault(Fault::Kind::corrupt, file_.filename().string() + ": ends early");
  return Unit{};
}

Faulty<FileWriter> FileWriter::create(Files& files, std::filesystem::path file) {
  auto opened = files.open(temporary_name(file), OpenFor::creating);
  if (!opened) return fail(opened.error());
  return FileWriter(files, std::move(opened).value(), std::move(file));
}

FileWriter::~FileWriter() {
  if (opened_) static_cast<void>(files_->remove(temporary_name(file_)));  // what stays is deleted at the next write
}

Faulty<Unit> FileWriter::commit() {
  if (auto synced = opened_->sync(); !synced) return synced;
  if (auto renamed = files_->replace(temporary_name(file_), file_); !renamed) return renamed;
  opened_.reset();
  return Unit{};
}

}  // namespace florin::eventstore
