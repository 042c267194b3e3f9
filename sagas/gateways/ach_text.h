// Text as a NACHA file can hold it. No threads, no state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace florin::sagas {

// Upper-case ASCII of at most `width` characters, no blanks around. Accents are dropped ("É": E, "ß": SS), other
// letters and broken UTF-8 become '?'. Idempotent. Empty when there is nothing but blanks.
[[nodiscard]] std::string ach_text(std::string_view utf8, std::size_t width);

// Without the blanks around it.
[[nodiscard]] std::string_view trimmed(std::string_view text);

}  // namespace florin::sagas
