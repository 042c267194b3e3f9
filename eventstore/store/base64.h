// Base64 with padding (RFC 4648, section 4). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace florin::eventstore {

[[nodiscard]] std::string base64(std::string_view bytes);
// Only what base64() writes, of exactly `size` bytes.
[[nodiscard]] std::optional<std::string> unbase64(std::string_view text, std::size_t size);

}  // namespace florin::eventstore
