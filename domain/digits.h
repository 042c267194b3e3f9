// Decimal digits of ASCII, whatever the locale says.
#pragma once

namespace florin::domain {

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace florin::domain
