// Text as people paste it or phones send it: among blanks that nobody sees, in another script's digits, with dashes
// that a phone made longer. Pure.
#pragma once

#include <string>
#include <string_view>

namespace florin::api {

// Takes the first code point off `text`, which is not empty; U+FFFD for bytes that are not UTF-8.
[[nodiscard]] char32_t take_code_point(std::string_view& text);

// Unicode's white space, and what has no shape of its own: zero-width and direction characters, byte order marks, soft
// hyphens, variation selectors.
[[nodiscard]] bool is_blank(char32_t letter);

// Full-width forms as ASCII, the decimal digits of other scripts as 0 to 9, every dash as '-'; all else as it is.
[[nodiscard]] char32_t plain_form(char32_t letter);

// A code's plain form: no blanks; '?' for every letter that is not ASCII.
[[nodiscard]] std::string plain_code(std::string_view text);

}  // namespace florin::api
