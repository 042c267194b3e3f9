// The file system as the house uses it: positions instead of streams, faults instead of errno, and every name durable
// before it is relied on. SQLite has a seam of its own for its files (its VFS).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "eventstore/fault.h"

namespace florin::eventstore {

// The fault for a failed system call: Kind::full for ENOSPC and EDQUOT, Kind::missing for ENOENT, else Kind::io.
[[nodiscard]] Failure<Fault> system_fault(int error, std::string_view doing, std::filesystem::path const& path);

// An open file, closed on destruction. Any thread; two writers of one place need an agreement of their own.
class File {
 public:
  virtual ~File() = default;
  // Fills `into` from `offset`, as far as the file goes: fewer bytes than asked for only at its end.
  [[nodiscard]] virtual ResultOr<std::size_t> read(std::uint64_t offset, std::span<char> into) const = 0;
  // All of it; the file grows as needed. After a fault some of the bytes may be there.
  [[nodiscard]] virtual ResultOr<Unit> write(std::uint64_t offset, std::string_view bytes) = 0;
  // What was written is durable when it returns. After a fault nobody knows, and a second try proves nothing.
  [[nodiscard]] virtual ResultOr<Unit> sync() = 0;
  [[nodiscard]] virtual ResultOr<std::uint64_t> size() const = 0;
};

enum class OpenFor : std::uint8_t {
  reading,   // Kind::missing when there is none
  updating,  // reading and writing; Kind::missing when there is none
  creating,  // writing, from empty
  locking,   // created where it is absent, and held by this process alone; Kind::conflict when another one holds it
};

// Any thread.
class Files {
 public:
  virtual ~Files() = default;
  // `mode` is the permissions of a file that is created.
  [[nodiscard]] virtual ResultOr<std::unique_ptr<File>> open(std::filesystem::path const& path, OpenFor what,
                                                             mode_t mode = 0600) = 0;
  // Renames, durably: `to` is the old file or the new one, whenever the power fails.
  [[nodiscard]] virtual ResultOr<Unit> replace(std::filesystem::path const& from, std::filesystem::path const& to) = 0;
  // Not durable: after a power cut the file may be there again. One that is not there is removed.
  [[nodiscard]] virtual ResultOr<Unit> remove(std::filesystem::path const& path) = 0;
  // Makes the folder and its parents where they are absent. Durable when it returns: the names of its files, its own
  // and its parent's (a parent that this user may not list is the operator's and is left alone). Whoever opens files
  // that another process may have renamed just before it died calls it first: what was read must still be there after
  // a power cut.
  [[nodiscard]] virtual ResultOr<Unit> make_folder(std::filesystem::path const& folder) = 0;
  // The names in the folder, in no order; none when there is no such folder.
  [[nodiscard]] virtual ResultOr<std::vector<std::string>> list(std::filesystem::path const& folder) = 0;
};

// The operating system's.
[[nodiscard]] Files& machine_files();

// Whether a file of this name can be opened; a fault of another kind than `missing` is passed on.
[[nodiscard]] ResultOr<bool> exists(Files& files, std::filesystem::path const& path);

}  // namespace florin::eventstore
