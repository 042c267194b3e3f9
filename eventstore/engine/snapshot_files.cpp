#include "eventstore/engine/snapshot_files.h"

#include <charconv>
#include <utility>

#include "eventstore/runtime/large_file.h"

namespace florin::eventstore {
namespace {

constexpr std::string_view kEnding = ".bin";
constexpr std::size_t kDigits = 20;

}  // namespace

std::filesystem::path SnapshotFiles::file(domain::Position position) const {
  auto const digits = std::to_string(position.value());
  return folder_ / (prefix_ + std::string(kDigits - digits.size(), '0') + digits + std::string(kEnding));
}

Faulty<SnapshotFiles::List> SnapshotFiles::list() const {
  auto const names = files_.list(folder_);
  if (!names) return fail(names.error());
  List found;
  for (auto const& name : names.value()) {
    if (!name.starts_with(prefix_)) continue;
    std::uint64_t position = 0;
    std::from_chars(name.data() + prefix_.size(), name.data() + name.size(), position);
    if (auto const path = file(domain::Position(position)); path.filename() == name) {
      found.emplace(domain::Position(position), path);
    }
  }
  return found;
}

Faulty<Unit> SnapshotFiles::prepare() {
  if (auto made = files_.make_folder(folder_); !made) return made;
  auto const names = files_.list(folder_);
  if (!names) return fail(names.error());
  for (auto const& name : names.value()) {
    if (!name.starts_with(prefix_) || !name.ends_with(kTemporarySuffix)) continue;
    if (auto removed = files_.remove(folder_ / name); !removed) return removed;
  }
  return Unit{};
}

Faulty<Unit> SnapshotFiles::delete_others(domain::Position newest) {
  auto const files = list();
  if (!files) return fail(files.error());
  bool one_before_kept = false;
  for (auto const& [position, path] : files.value()) {
    if (position == newest) continue;
    if (position < newest && !std::exchange(one_before_kept, true)) continue;
    if (auto removed = files_.remove(path); !removed) return removed;
  }
  return Unit{};
}

}  // namespace florin::eventstore
