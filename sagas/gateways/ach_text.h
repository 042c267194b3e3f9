// Text as a NACHA file can hold it. No threads, no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace florin::sagas {

// Upper-case ASCII of at most `width` characters, no blanks around. Other scripts are transliterated by ICU
// ("株式会社": "ZHU SHI HUI SHE", "ß": "SS"); what it knows no letters for is dropped. Idempotent. Empty when no letter
// and no digit is left: such a name cannot be written, and is refused where it is read.
[[nodiscard]] std::string ach_text(std::string_view utf8, std::size_t width);

// How a file's names are written.
enum class AchLettering : std::uint8_t {
  transliterated,  // ach_text
  plain,           // as releases before did: accents are dropped, letters that are not Latin become '?'
};
[[nodiscard]] std::string ach_letters(std::string_view utf8, std::size_t width, AchLettering lettering);

// Without the blanks around it.
[[nodiscard]] std::string_view trimmed(std::string_view text);

}  // namespace florin::sagas
