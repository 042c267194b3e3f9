#include "api/http/printable_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace florin::api {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode 15: general categories Cc, Cf, Zl, Zp, what is Default_Ignorable_Code_Point beside them, and noncharacters
// (the last two of every plane are tested apart).
constexpr Range kHidden[] = {
    {0x00, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},       {0x34F, 0x34F},     {0x600, 0x605},
    {0x61C, 0x61C},     {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},
    {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F},   {0x3164, 0x3164},   {0xFDD0, 0xFDEF},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F},
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

bool is_hidden(char32_t value) {
  if ((value & 0xFFFE) == 0xFFFE) return true;
  auto const* const range =
      std::lower_bound(std::begin(kHidden), std::end(kHidden), value, [](Range r, char32_t v) { return r.last < v; });
  return range != std::end(kHidden) && range->first <= value;
}

void append_hex(std::string& out, std::uint32_t value, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out.push_back(kDigits[(value >> shift) & 15]);
}

void append_terminal_escape(std::string& out, std::uint32_t value) {
  if (value < 0x80) {
    out += "\\x";
    append_hex(out, value, 2);
  } else if (value < 0x10000) {
    out += "\\u";
    append_hex(out, value, 4);
  } else {
    out += "\\U";
    append_hex(out, value, 8);
  }
}

void append_json_escape(std::string& out, std::uint32_t value) {
  if (value >= 0x10000) {
    append_json_escape(out, 0xD800 + ((value - 0x10000) >> 10));
    value = 0xDC00 + ((value - 0x10000) & 0x3FF);
  }
  out += "\\u";
  append_hex(out, value, 4);
}

enum class Form : std::uint8_t { line, lines, json };

std::string escaped(std::string_view text, Form form) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    auto const [size, value] = code_point_at(text, i);
    bool const line_end = form != Form::line && value == U'\n';
    if (value && (line_end || !is_hidden(*value))) {
      out.append(text, i, size);
    } else if (form == Form::json) {
      append_json_escape(out, value.value_or(0xFFFD));
    } else if (value) {
      append_terminal_escape(out, *value);
    } else {
      out += "\\x";
      append_hex(out, static_cast<unsigned char>(text[i]), 2);
    }
    i += size;
  }
  return out;
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) {
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  auto const lead = byte(0);
  if (lead < 0x80) return {1, lead};
  std::size_t const size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < size) return {};
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  char32_t value = lead & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3Fu);
  }
  if (value < kLeast[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {size, value};
}

std::string printable(std::string_view text) { return escaped(text, Form::line); }

std::string printable_lines(std::string_view text) { return escaped(text, Form::lines); }

std::string printable_json(std::string_view json) { return escaped(json, Form::json); }

}  // namespace florin::api
