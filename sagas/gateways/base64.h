// Base64 with padding (RFC 4648, section 4). Pure.
#pragma once

#include <string>
#include <string_view>

namespace florin::sagas {

[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace florin::sagas
