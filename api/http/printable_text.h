// Text from outside made safe to show: on a terminal, in a log line, in JSON. What a person cannot see, or what moves
// other text, is written out as an escape: control characters (C0, DEL, C1), line and paragraph separators
// (U+2028, U+2029), marks that turn the direction of text (U+202E and its like), characters of no width and other
// format characters, and bytes that are not UTF-8. Any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace florin::api {

// One step through text that claims to be UTF-8. Surrogates, overlong forms and what is above U+10FFFF are not UTF-8.
struct CodePoint {
  std::size_t size = 1;           // bytes; 1 when `value` is empty
  std::optional<char32_t> value;  // empty: the byte is not UTF-8
};
// `at` is within the text.
[[nodiscard]] CodePoint code_point_at(std::string_view text, std::size_t at);

// For one line: "\x1b", "\u202e", "\U000e0041"; a byte that is not UTF-8 is "\xff".
[[nodiscard]] std::string printable(std::string_view text);
// For several lines: line ends stay.
[[nodiscard]] std::string printable_lines(std::string_view text);
// For JSON that is written already, one document a line: the same characters as JSON's own escapes, so that the value
// is the same; a byte that is not UTF-8 becomes U+FFFD, so that it is JSON whatever came.
[[nodiscard]] std::string printable_json(std::string_view json);

}  // namespace florin::api
