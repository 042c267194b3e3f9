// Parts of a header's value (RFC 9110, 5.6 and 8.3).
#pragma once

#include <algorithm>
#include <string_view>

namespace florin::api {

// ASCII letters in any case; `lower` has no capital one.
[[nodiscard]] inline bool iequals(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y; });
}

// Without the blanks and tabs around it.
[[nodiscard]] inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes the first element off a list with commas.
[[nodiscard]] inline std::string_view take_element(std::string_view& list) {
  auto const comma = std::min(list.find(','), list.size());
  auto const element = trimmed(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return element;
}

// Of "text/plain; charset=utf-8" the type without its parameters.
[[nodiscard]] inline std::string_view media_type(std::string_view content_type) {
  return trimmed(content_type.substr(0, content_type.find(';')));
}

}  // namespace florin::api
