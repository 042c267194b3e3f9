// The files of one kind of snapshot in a folder: <prefix><position, 20 digits>.bin. The two newest are kept, so that a
// damaged one falls back to the one before.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "domain/ids.h"
#include "eventstore/runtime/files.h"

namespace florin::eventstore {

// The kinds there are: of the state that decides, and of the durable state.
inline constexpr std::string_view kStateSnapshots = "snapshot-";
inline constexpr std::string_view kBalanceSnapshots = "balances-";

class SnapshotFiles {
 public:
  // `prefix`: one of these. Any thread; one at a time writes.
  SnapshotFiles(Files& files, std::filesystem::path folder, std::string_view prefix)
      : files_(files), folder_(std::move(folder)), prefix_(prefix) {}

  [[nodiscard]] std::filesystem::path file(domain::Position position) const;
  // Newest first; none when there is no folder.
  using List = std::map<domain::Position, std::filesystem::path, std::greater<>>;
  [[nodiscard]] ResultOr<List> list() const;
  // Before a new one is written: makes the folder, and deletes what a write left behind that a crash cut short.
  [[nodiscard]] ResultOr<Unit> prepare();
  // After the one at `newest` was written: deletes older ones than the one before it, and any beyond it (of another
  // history).
  [[nodiscard]] ResultOr<Unit> delete_others(domain::Position newest);

 private:
  Files& files_;
  std::filesystem::path const folder_;
  std::string const prefix_;
};

// Kind::corrupt, saying what to do, when a snapshot of any kind stands beyond `head`: snapshots are made of what is
// durable, so that the log was lost, or an older copy was put in its place.
[[nodiscard]] ResultOr<Unit> check_none_beyond(Files& files, std::filesystem::path const& folder,
                                               domain::Position head);

}  // namespace florin::eventstore
