// The check digit of card numbers (ISO/IEC 7812-1, annex B). Pure.
#pragma once

#include <string_view>

namespace florin::sagas {

// `digits` are digits only. True for none.
[[nodiscard]] bool luhn_valid(std::string_view digits);

}  // namespace florin::sagas
