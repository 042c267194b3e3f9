#include "api/http/printable_text.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "api/http/json_writer.h"

namespace florin::api {
namespace {

std::string utf8(char32_t value) {
  auto const byte = [](char32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
  if (value < 0x80) return {byte(value)};
  if (value < 0x800) return {byte(0xC0 | value >> 6), byte(0x80 | (value & 0x3F))};
  if (value < 0x10000) return {byte(0xE0 | value >> 12), byte(0x80 | (value >> 6 & 0x3F)), byte(0x80 | (value & 0x3F))};
  return {byte(0xF0 | value >> 18), byte(0x80 | (value >> 12 & 0x3F)), byte(0x80 | (value >> 6 & 0x3F)),
          byte(0x80 | (value & 0x3F))};
}

TEST(PrintableText, EveryCodePointIsReadBack) {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    auto const text = utf8(value);
    auto const found = code_point_at(text, 0);
    if (value >= 0xD800 && value <= 0xDFFF) {
      EXPECT_FALSE(found.value) << std::hex << static_cast<std::uint32_t>(value);
    } else {
      ASSERT_EQ(found.value, value);
      ASSERT_EQ(found.size, text.size());
    }
  }
}

TEST(PrintableText, WhatPeopleWriteStaysAsItIs) {
  for (std::string const text :
       {"Iron Sword", "caf\xc3\xa9", "\xd0\x9c\xd0\xb5\xd1\x87", "\xe5\x89\xa3", "\xd8\xb3\xd9\x8a\xd9\x81",
        "\xf0\x9f\x8e\xb2", "e\xcc\x81", "\xc2\xa0", "\"quoted\" \\ back"}) {
    EXPECT_EQ(printable(text), text);
    EXPECT_EQ(printable_json(text), text);
  }
}

TEST(PrintableText, WhatNobodySeesIsWrittenOut) {
  std::pair<char32_t, char const*> const hidden[] = {
      {0x00, "\\x00"},     {0x0A, "\\x0a"},     {0x1B, "\\x1b"},     {0x7F, "\\x7f"},         {0x80, "\\u0080"},
      {0x9B, "\\u009b"},   {0xAD, "\\u00ad"},   {0x61C, "\\u061c"},  {0x200B, "\\u200b"},     {0x200D, "\\u200d"},
      {0x200E, "\\u200e"}, {0x200F, "\\u200f"}, {0x2028, "\\u2028"}, {0x2029, "\\u2029"},     {0x202A, "\\u202a"},
      {0x202E, "\\u202e"}, {0x2060, "\\u2060"}, {0x2066, "\\u2066"}, {0x2069, "\\u2069"},     {0xFE0F, "\\ufe0f"},
      {0xFEFF, "\\ufeff"}, {0xFFF9, "\\ufff9"}, {0xFFFE, "\\ufffe"}, {0xE0041, "\\U000e0041"}};
  for (auto const& [value, written] : hidden)
    EXPECT_EQ(printable("a" + utf8(value) + "b"), "a" + std::string(written) + "b");
}

TEST(PrintableText, EveryBidirectionalControlAndEveryControlIsHidden) {
  auto const shows = [](char32_t value) { return printable(utf8(value)) == utf8(value); };
  for (char32_t value = 0; value < 0x20; ++value) EXPECT_FALSE(shows(value));
  for (char32_t value = 0x7F; value < 0xA0; ++value) EXPECT_FALSE(shows(value));
  for (char32_t value = 0x2028; value <= 0x202E; ++value) EXPECT_FALSE(shows(value));
  for (char32_t value = 0x2060; value <= 0x206F; ++value) EXPECT_FALSE(shows(value));
  EXPECT_TRUE(shows(0x2027));
  EXPECT_TRUE(shows(0x202F));
  EXPECT_TRUE(shows(0x2070));
}

TEST(PrintableText, ABytesThatIsNoUtf8IsShownAsAByte) {
  EXPECT_EQ(printable("\xff"), "\\xff");
  EXPECT_EQ(printable("a\xc3"), "a\\xc3") << "cut off";
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half a surrogate pair";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "above U+10FFFF";
}

TEST(PrintableText, LinesStayLines) { EXPECT_EQ(printable_lines("a\nb\r\x1b\n"), "a\nb\\x0d\\x1b\n"); }

// Whatever bytes come: valid JSON, in which nothing hides.
TEST(PrintableText, JsonOfAnyBytesIsJson) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      std::string const text{static_cast<char>(first), static_cast<char>(second), '\xe2', '\x80', '\xae'};
      std::string out;
      JsonWriter json(out);
      json.begin_object();
      json.string("t", text);
      json.end_object();
      simdjson::dom::parser parser;
      ASSERT_EQ(parser.parse(out).error(), simdjson::SUCCESS) << first << " " << second;
      auto const shown = printable_json(out);
      ASSERT_EQ(shown.find("\xe2\x80\xae"), std::string::npos) << shown;
      simdjson::dom::element before;
      simdjson::dom::element after;
      simdjson::dom::parser other;
      ASSERT_EQ(parser.parse(out)["t"].get(before), simdjson::SUCCESS);
      ASSERT_EQ(other.parse(shown)["t"].get(after), simdjson::SUCCESS) << shown;
      ASSERT_EQ(before.get_string().value(), after.get_string().value()) << "the same value";
    }
  }
}

TEST(PrintableText, JsonEscapesAreJsonsOwn) {
  EXPECT_EQ(printable_json("{\"a\":\"\xe2\x80\xae\xf3\xa0\x81\x81\xff\"}\n"),
            "{\"a\":\"\\u202e\\udb40\\udc41\\ufffd\"}\n");
}

}  // namespace
}  // namespace florin::api
