// What a card's number looks like: for turning one away where none may be kept. Pure functions, any thread.
#pragma once

#include <string_view>

namespace florin::api {

// Whether a text has a card's number in it: whole groups of digits, with the same one or two signs (no letters) between
// all of them, which together have a length and a beginning that a card scheme has given out, and a right check digit.
// Other numbers have them by chance: about one in thirty of those with sixteen digits.
[[nodiscard]] bool holds_card_number(std::string_view text);

}  // namespace florin::api
