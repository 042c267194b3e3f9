#include "domain/utf8.h"

#include <cstdint>
#include <cstring>

namespace florin::domain {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// How many bytes from `at` on are ASCII, counted in whole words of 8.
std::size_t plain_words(std::string_view text, std::size_t at) {
  std::size_t const begin = at;
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080'8080'8080'8080u) != 0) break;
  }
  return at - begin;
}

// The first byte at or behind `at` that belongs to no character; text.size() when there is none.
std::size_t first_bad(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    at += plain_words(text, at);
    if (at == text.size()) break;
    auto const size = utf8_character_size(text.substr(at));
    if (size == 0) return at;
    at += size;
  }
  return text.size();
}

}  // namespace

std::size_t utf8_character_size(std::string_view text) {
  if (text.empty()) return 0;
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto const continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  unsigned const first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;  // a continuation, or an overlong form of ASCII
  if (first < 0xe0) return continues(1) ? 2 : 0;
  if (first < 0xf0) {
    bool const second = continues(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
    return second && continues(2) ? 3 : 0;
  }
  if (first > 0xf4) return 0;
  bool const second = continues(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
  return second && continues(2) && continues(3) ? 4 : 0;
}

bool is_utf8(std::string_view text) { return first_bad(text, 0) == text.size(); }

std::string repaired_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    auto const bad = first_bad(text, at);
    out.append(text, at, bad - at);
    if (bad < text.size()) out.append(kReplacement);
    at = bad + 1;
  }
  return out;
}

}  // namespace florin::domain
