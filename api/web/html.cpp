#include "api/web/html.h"

#include <cstddef>
#include <cstdint>

namespace florin::api {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

// The character at the start of `text`, which is not empty. Over-long forms and surrogates are not valid.
Character first_character(std::string_view text) {
  auto const at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned const lead = at(0);
  if (lead < 0x80) return {lead, 1, true};
  std::size_t const bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  char32_t code = lead & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((at(i) & 0xC0U) != 0x80) return {};
    code = (code << 6) | (at(i) & 0x3FU);
  }
  bool const overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, bytes, true};
}

// Controls, line and paragraph separators, the marks and overrides of the bidirectional algorithm, and the byte order
// mark. Joiners stay: emoji and several scripts are written with them.
constexpr bool is_left_out(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x206F) || code == 0xFEFF;
}

void append_escaped(std::string& out, std::string_view character) {
  switch (character.front()) {
    case '&': out += "&amp;"; return;
    case '<': out += "&lt;"; return;
    case '>': out += "&gt;"; return;
    case '"': out += "&quot;"; return;
    case '\'': out += "&#39;"; return;
    default: out += character;
  }
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    auto const next = first_character(text);
    if (!next.valid) {
      out += "\xEF\xBF\xBD";
    } else if (!is_left_out(next.code)) {
      append_escaped(out, text.substr(0, next.bytes));
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string html_initial(std::string_view name) {
  while (!name.empty()) {
    auto const next = first_character(name);
    if (next.valid && next.code != ' ' && !is_left_out(next.code)) {
      std::string out;
      if (next.code >= 'a' && next.code <= 'z') {
        out += static_cast<char>(next.code - 'a' + 'A');
      } else {
        append_escaped(out, name.substr(0, next.bytes));
      }
      return out;
    }
    name.remove_prefix(next.bytes);
  }
  return "\xE2\x80\xA2";
}

}  // namespace florin::api
