// UTF-8, as every text of this house is: checked where text comes in, and repaired where refusing it would lose money
// or where an old log already holds it.
//
// Well-formed is what the Unicode Standard says (table 3-7): no overlong form, no surrogate, nothing beyond U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace florin::domain {

// How many bytes the first character of the text takes, 1 to 4; 0 when the text is empty or begins with none.
[[nodiscard]] std::size_t utf8_character_size(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

// The text with U+FFFD in place of each byte that belongs to no character.
[[nodiscard]] std::string repaired_utf8(std::string_view text);

}  // namespace florin::domain
