// The names in the views folder: which file is which view's, of which version and generation, and what is left over.
//
//   <name>.v<version>.<generation>.db   a view; the highest generation is the current one
//   <name>.v<version>.build.db          being built; worth nothing after a crash
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "eventstore/runtime/files.h"
#include "projections/projection.h"

namespace florin::projections {

[[nodiscard]] std::filesystem::path view_path(std::filesystem::path const& folder, Projection const& projection,
                                              std::uint64_t generation);
[[nodiscard]] std::filesystem::path build_path(std::filesystem::path const& folder, Projection const& projection);

// The current generation's number, after removing builds that a crash cut off and generations that were swapped out.
// Zero: there is none. Other versions' files stay.
[[nodiscard]] std::uint64_t clean_view_folder(eventstore::Files& files, std::filesystem::path const& folder,
                                              Projection const& projection);

// The newest file of another version; nullopt: there is none.
[[nodiscard]] std::optional<std::filesystem::path> newest_of_version(eventstore::Files& files,
                                                                     std::filesystem::path const& folder,
                                                                     Projection const& projection, int version);

// Once this version has caught up, nobody needs the others.
void remove_other_versions(eventstore::Files& files, std::filesystem::path const& folder, Projection const& projection);

}  // namespace florin::projections
