#include "eventstore/runtime/durable_file.h"

namespace florin::eventstore {

Faulty<Unit> replace_file(Files& files, std::filesystem::path const& path, std::string_view content, mode_t mode) {
  auto temporary = path;
  temporary += ".new";
  {
    auto const file = files.open(temporary, OpenFor::creating, mode);
    if (!file) return fail(file.error());
    if (auto written = file.value()->write(0, content); !written) return written;
    if (auto synced = file.value()->sync(); !synced) return synced;
  }
  return files.replace(temporary, path);
}

Faulty<std::string> read_file(Files& files, std::filesystem::path const& path, std::size_t limit) {
  auto const file = files.open(path, OpenFor::reading);
  if (!file) return fail(file.error());
  std::string out(limit + 1, '\0');
  auto const size = file.value()->read(0, out);
  if (!size) return fail(size.error());
  if (size.value() > limit) return fault(Fault::Kind::corrupt, path.string() + ": larger than it can be");
  out.resize(size.value());
  return out;
}

}  // namespace florin::eventstore
