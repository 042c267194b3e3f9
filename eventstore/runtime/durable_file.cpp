#include "eventstore/runtime/durable_file.h"

namespace florin::eventstore {

ResultOr<Unit> replace_file(Files& files, std::filesystem::path const& path, std::string_view content, mode_t mode) {
  auto temporary = path;
  temporary += ".new";
  {
    auto const file = FLORIN_TRY(files.open(temporary, OpenFor::creating, mode));
    FLORIN_TRY(file->write(0, content));
    FLORIN_TRY(file->sync());
  }
  return files.replace(temporary, path);
}

ResultOr<std::string> read_file(Files& files, std::filesystem::path const& path, std::size_t limit) {
  auto const file = FLORIN_TRY(files.open(path, OpenFor::reading));
  std::string out(limit + 1, '\0');
  auto const size = FLORIN_TRY(file->read(0, out));
  if (size > limit) return fault(Fault::Kind::corrupt, path.string() + ": larger than it can be");
  out.resize(size);
  return out;
}

}  // namespace florin::eventstore
