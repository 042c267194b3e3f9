#include "domain/utf8.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace florin::domain {
namespace {

// What the standard's table 3-7 says, written another way: decode the sequence by its length and ask of the number.
bool is_character(std::string_view bytes) {
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  std::size_t const size = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
  if (bytes.size() != size || (size > 1 && byte(0) < 0xc0) || byte(0) >= 0xf8) return false;
  std::uint32_t code = size == 1 ? byte(0) : byte(0) & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return false;
    code = code << 6 | (byte(i) & 0x3fu);
  }
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
  return size == 1 || code >= (size == 2 ? 0x80u : size == 3 ? 0x800u : 0x10000u);
}

TEST(Utf8, EverySequenceOfUpToThreeBytesIsACharacterOrIsNone) {
  std::string text;
  for (unsigned a = 0; a < 256; ++a) {
    text = {static_cast<char>(a)};
    ASSERT_EQ(utf8_character_size(text), is_character(text) ? 1u : 0u) << a;
    for (unsigned b = 0; b < 256; ++b) {
      text = {static_cast<char>(a), static_cast<char>(b)};
      ASSERT_EQ(utf8_character_size(text), a < 0x80 ? 1u : is_character(text) ? 2u : 0u) << a << ' ' << b;
      for (unsigned c = 0x7f; c < 0xc2 && a >= 0xe0; ++c) {
        text = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
        ASSERT_EQ(utf8_character_size(text), is_character(text) ? 3u : 0u) << a << ' ' << b << ' ' << c;
      }
    }
  }
}

TEST(Utf8, SequencesOfFourBytesEndAtTheLastCharacter) {
  for (unsigned a = 0xf0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      for (unsigned const c : {0x7fu, 0x80u, 0xbfu, 0xc0u}) {
        for (unsigned const d : {0x7fu, 0x80u, 0xbfu, 0xc0u}) {
          std::string const text{static_cast<char>(a), static_cast<char>(b), static_cast<char>(c),
                                 static_cast<char>(d)};
          ASSERT_EQ(utf8_character_size(text), is_character(text) ? 4u : 0u) << a << ' ' << b;
        }
      }
    }
  }
}

TEST(Utf8, ABadByteIsFoundWhereverItStands) {
  std::string const good = "0123456789 é 東京 😀 and then some plain letters";
  EXPECT_TRUE(is_utf8(good));
  EXPECT_TRUE(is_utf8(""));
  EXPECT_EQ(repaired_utf8(good), good);
  for (std::size_t at = 0; at <= good.size(); ++at) {
    if (at < good.size() && (static_cast<unsigned char>(good[at]) & 0xc0) == 0x80) continue;  // inside a character
    auto bad = good;
    bad.insert(at, 1, '\xff');
    EXPECT_FALSE(is_utf8(bad)) << at;
    auto repaired = good;
    repaired.insert(at, "\uFFFD");
    EXPECT_EQ(repaired_utf8(bad), repaired) << at;
  }
}

TEST(Utf8, WhatIsCutShortIsRepairedByteByByte) {
  EXPECT_EQ(repaired_utf8("a\xe6\x9d"), "a\uFFFD\uFFFD");
  EXPECT_EQ(repaired_utf8("\xed\xa0\x80!"), "\uFFFD\uFFFD\uFFFD!") << "half a surrogate pair";
  EXPECT_TRUE(is_utf8(repaired_utf8("\xc0\xaf\xf5\x80\xfe")));
}

}  // namespace
}  // namespace florin::domain
