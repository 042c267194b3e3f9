#include "api/http/nearest_name.h"

#include <algorithm>
#include <array>

#include "api/http/printable_text.h"

namespace florin::api {
namespace {

constexpr std::size_t kNameMax = 64;  // ours are shorter; a longer one is no mistyped one of ours

// Steps from one to the other: a letter added, removed or replaced, two neighbours exchanged.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, kNameMax + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    auto const& above = rows[(i - 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

// Whether `part` is what stays of `whole` when letters are left out of it.
bool is_left_of(std::string_view part, std::string_view whole) {
  std::size_t found = 0;
  for (char const letter : whole) {
    if (found < part.size() && part[found] == letter) ++found;
  }
  return found == part.size();
}

bool is_close(std::string_view mistyped, std::string_view known, std::size_t steps) {
  auto const shorter = std::min(mistyped.size(), known.size());
  if (steps <= std::clamp<std::size_t>((shorter + 1) / 3, 1, 3)) return true;
  if (shorter < 4) return false;
  if (known.find(mistyped) != std::string_view::npos) return true;
  return steps <= shorter && (is_left_of(mistyped, known) || is_left_of(known, mistyped));
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view mistyped, std::span<std::string_view const> known) {
  if (mistyped.size() > kNameMax) return std::nullopt;
  auto const letters = mistyped.substr(std::min(mistyped.find_first_not_of('-'), mistyped.size()));
  if (letters.size() < 2) return std::nullopt;  // "-x" may have been any option of one letter
  std::optional<std::string_view> nearest;
  std::size_t least = 0;
  for (auto const name : known) {
    if (name.size() > kNameMax) continue;
    auto const steps = distance(mistyped, name);
    if (!is_close(mistyped, name, steps) || (nearest && steps >= least)) continue;
    nearest = name;
    least = steps;
  }
  return nearest;
}

std::string nearest_hint(std::string_view mistyped, std::span<std::string_view const> known) {
  if (auto const nearest = nearest_name(mistyped, known)) return "did you mean '" + std::string(*nearest) + "'?";
  if (known.empty()) return "none is known here";
  std::string out = known.size() == 1 ? "known is " : "known are ";
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i != 0) out += i + 1 == known.size() ? " and " : ", ";
    out.append("'").append(known[i]).append("'");
  }
  return out;
}

std::string_view shortened_name(std::string_view name) {
  if (name.size() <= kNameMax) return name;
  auto cut = kNameMax;
  while (cut > 0 && (static_cast<unsigned char>(name[cut]) & 0xC0) == 0x80) --cut;
  return name.substr(0, cut);
}

}  // namespace florin::api
