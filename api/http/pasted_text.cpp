#include "api/http/pasted_text.h"

#include <algorithm>
#include <array>

namespace florin::api {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Range {
  char32_t first;
  char32_t last;
};
template <std::size_t Size>
constexpr bool within(std::array<Range, Size> const& ranges, char32_t letter) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](Range const& range) { return letter >= range.first && letter <= range.last; });
}

constexpr std::array<Range, 16> kBlanks{{{0x09, 0x0D},
                                         {0x20, 0x20},
                                         {0x85, 0x85},
                                         {0xA0, 0xA0},
                                         {0xAD, 0xAD},        // soft hyphen
                                         {0x061C, 0x061C},    // Arabic letter mark
                                         {0x1680, 0x1680},    // Ogham space
                                         {0x180E, 0x180E},    // Mongolian vowel separator
                                         {0x2000, 0x200F},    // spaces of every width, zero-width ones, direction marks
                                         {0x2028, 0x202F},    // line separators, direction overrides, narrow space
                                         {0x205F, 0x206F},    // word joiner, direction isolates
                                         {0x3000, 0x3000},    // ideographic space
                                         {0xFE00, 0xFE0F},    // variation selectors
                                         {0xFEFF, 0xFEFF},    // byte order mark
                                         {0xE0000, 0xE007F},  // tags
                                         {0xE0100, 0xE01EF}}};

constexpr std::array<Range, 5> kDashes{
    {{0x2010, 0x2015}, {0x2043, 0x2043}, {0x2212, 0x2212}, {0xFE58, 0xFE58}, {0xFE63, 0xFE63}}};

// The zero of each script whose ten digits follow it.
constexpr std::array<char32_t, 17> kZeros{0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6,
                                          0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0};

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

char32_t take_code_point(std::string_view& text) {
  auto const lead = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  if (lead < 0x80) return lead;
  std::size_t const more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < more) return kReplacement;
  char32_t letter = lead & (0x3Fu >> more);
  for (std::size_t i = 0; i < more; ++i) {
    if (!is_continuation(text[i])) return kReplacement;
    letter = letter << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  constexpr std::array<char32_t, 4> kLeast{0, 0x80, 0x800, 0x10000};
  if (letter < kLeast[more] || letter > 0x10FFFF || (letter >= 0xD800 && letter <= 0xDFFF)) return kReplacement;
  text.remove_prefix(more);
  return letter;
}

bool is_blank(char32_t letter) { return within(kBlanks, letter); }

char32_t plain_form(char32_t letter) {
  if (letter < 0x80) return letter;
  if (letter >= 0xFF01 && letter <= 0xFF5E) return letter - 0xFF01 + U'!';
  if (within(kDashes, letter)) return U'-';
  for (auto const zero : kZeros) {
    if (letter >= zero && letter <= zero + 9) return letter - zero + U'0';
  }
  return letter;
}

std::string plain_code(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    auto const letter = plain_form(take_code_point(text));
    if (!is_blank(letter)) plain.push_back(letter < 0x80 ? static_cast<char>(letter) : '?');
  }
  return plain;
}

}  // namespace florin::api
