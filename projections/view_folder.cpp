#include "projections/view_folder.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "projections/generation.h"

namespace florin::projections {
namespace {

struct ViewName {
  std::uint64_t version = 0;
  std::uint64_t generation = 0;  // zero: a build
};

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

// Of "<name>.v<version>.<generation>.db" or "<name>.v<version>.build.db"; nullopt for any other file.
std::optional<ViewName> parse(std::string_view file, std::string_view name) {
  if (!file.starts_with(name)) return std::nullopt;
  file.remove_prefix(name.size());
  if (!file.starts_with(".v") || !file.ends_with(".db")) return std::nullopt;
  file.remove_prefix(2);
  file.remove_suffix(3);
  auto const dot = file.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  auto const version = parse_number(file.substr(0, dot));
  if (!version) return std::nullopt;
  if (file.substr(dot + 1) == "build") return ViewName{*version, 0};
  auto const generation = parse_number(file.substr(dot + 1));
  if (!generation) return std::nullopt;
  return ViewName{*version, *generation};
}

struct Found {
  std::filesystem::path file;
  ViewName name;
};

std::vector<Found> files_of(eventstore::Files& files, std::filesystem::path const& folder,
                            Projection const& projection) {
  std::vector<Found> found;
  auto const names = files.list(folder);
  if (!names) return found;  // what is there is found again at the next start
  for (auto const& name : names.value()) {
    if (auto const parsed = parse(name, projection.name())) found.push_back({folder / name, *parsed});
  }
  return found;
}

std::filesystem::path file_name(std::filesystem::path const& folder, Projection const& projection,
                                std::string_view last) {
  return folder / (std::string(projection.name()) + ".v" + std::to_string(projection.version()) + "." +
                   std::string(last) + ".db");
}

bool of_version(Found const& found, Projection const& projection) {
  return found.name.version == static_cast<std::uint64_t>(projection.version());
}

}  // namespace

std::filesystem::path view_path(std::filesystem::path const& folder, Projection const& projection,
                                std::uint64_t generation) {
  return file_name(folder, projection, std::to_string(generation));
}

std::filesystem::path build_path(std::filesystem::path const& folder, Projection const& projection) {
  return file_name(folder, projection, "build");
}

std::uint64_t clean_view_folder(eventstore::Files& files, std::filesystem::path const& folder,
                                Projection const& projection) {
  auto const all = files_of(files, folder, projection);
  std::uint64_t current = 0;
  for (auto const& found : all) {
    if (of_version(found, projection)) current = std::max(current, found.name.generation);
  }
  for (auto const& found : all) {
    bool const build = found.name.generation == 0;
    bool const swapped_out = of_version(found, projection) && found.name.generation < current;
    if (build || swapped_out) remove_view_file(files, found.file);
  }
  return current;
}

std::optional<std::filesystem::path> newest_of_version(eventstore::Files& files, std::filesystem::path const& folder,
                                                       Projection const& projection, int version) {
  std::optional<Found> newest;
  for (auto const& found : files_of(files, folder, projection)) {
    if (found.name.version != static_cast<std::uint64_t>(version) || found.name.generation == 0) continue;
    if (!newest || found.name.generation > newest->name.generation) newest = found;
  }
  if (!newest) return std::nullopt;
  return newest->file;
}

void remove_other_versions(eventstore::Files& files, std::filesystem::path const& folder,
                           Projection const& projection) {
  for (auto const& found : files_of(files, folder, projection)) {
    if (!of_version(found, projection)) remove_view_file(files, found.file);
  }
}

}  // namespace florin::projections
