// Text of a game or player on its way into a page.
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

namespace florin::api {

// &, <, >, " and ' as entities; control characters, and what would turn the text's direction, left out; a byte that is
// not UTF-8 becomes U+FFFD. Fit for an element's text and for a value in double quotes.
[[nodiscard]] std::string html_text(std::string_view text);

// The first character to be seen of a name, escaped, an ASCII letter as a capital: what is drawn in place of an icon.
// A dot when there is none.
[[nodiscard]] std::string html_initial(std::string_view name);

}  // namespace florin::api
