// Percent coding, as paths, queries and forms write text (RFC 3986, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace florin::domain {

// What a '+' and a blank are: in a path a '+' is itself ("a+b@example.com" is a legal address), in a form it is a
// blank.
enum class Plus : bool { is_itself, is_blank };

// "a%40b" → "a@b". nullopt: an escape is cut short or has no hexadecimal digits. The bytes may be no UTF-8.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, Plus plus = Plus::is_itself);

// Everything but letters, digits and the marks given is escaped.
[[nodiscard]] std::string percent_encode(std::string_view text, std::string_view marks = "-._~",
                                         Plus plus = Plus::is_itself);

}  // namespace florin::domain
