// Small files that must survive a power cut whole: the signing key, the checkpoint, the vault's master key.
// Any thread; two callers on one path need an agreement of their own.
#pragma once

#include "eventstore/runtime/files.h"

namespace florin::eventstore {

// Atomic and durable: a reader sees the old content or the new, also after a power cut (temporary file, sync, rename,
// sync of the folder). About 1 ms.
[[nodiscard]] ResultOr<Unit> replace_file(Files& files, std::filesystem::path const& path, std::string_view content,
                                          mode_t mode);

// The whole file; Kind::missing when there is none, Kind::corrupt when it is larger than `limit` bytes.
[[nodiscard]] ResultOr<std::string> read_file(Files& files, std::filesystem::path const& path, std::size_t limit);

}  // namespace florin::eventstore
