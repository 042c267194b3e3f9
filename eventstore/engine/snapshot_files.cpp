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

ResultOr<SnapshotFiles::List> SnapshotFiles::list() const {
  auto const names = FLORIN_TRY(files_.list(folder_));
  List found;
  for (auto const& name : names) {
    if (!name.starts_with(prefix_)) continue;
    std::uint64_t position = 0;
    std::from_chars(name.data() + prefix_.size(), name.data() + name.size(), position);
    if (auto const path = file(domain::Position(position)); path.filename() == name) {
      found.emplace(domain::Position(position), path);
    }
  }
  return found;
}

ResultOr<Unit> SnapshotFiles::prepare() {
  FLORIN_TRY(files_.make_folder(folder_));
  auto const names = FLORIN_TRY(files_.list(folder_));
  for (auto const& name : names) {
    if (!name.starts_with(prefix_) || !name.ends_with(kTemporarySuffix)) continue;
    FLORIN_TRY(files_.remove(folder_ / name));
  }
  return Unit{};
}

ResultOr<Unit> SnapshotFiles::delete_others(domain::Position newest) {
  auto const files = FLORIN_TRY(list());
  bool one_before_kept = false;
  for (auto const& [position, path] : files) {
    if (position == newest) continue;
    if (position < newest && !std::exchange(one_before_kept, true)) continue;
    FLORIN_TRY(files_.remove(path));
  }
  return Unit{};
}

ResultOr<Unit> check_none_beyond(Files& files, std::filesystem::path const& folder, domain::Position head) {
  for (auto const prefix : {kStateSnapshots, kBalanceSnapshots}) {
    auto const found = FLORIN_TRY(SnapshotFiles(files, folder, prefix).list());
    if (found.empty() || found.begin()->first <= head) continue;
    auto const end = head ? "the end of the log, which is position " + std::to_string(head.value())
                          : std::string("the log, which is empty");
    return fault(
        Fault::Kind::corrupt,
        found.begin()->second.string() + ": stands beyond " + end +
            ": the log was lost, or an older copy was put in its place. Restore the newest log and its "
            "checkpoint. Who means to go on from here, without what came after, deletes the folders snapshots, "
            "requests and views beside the log: they are derived from it");
  }
  return Unit{};
}

}  // namespace florin::eventstore
