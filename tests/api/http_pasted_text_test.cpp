#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/http/pasted_text.h"

namespace florin::api {
namespace {

std::vector<char32_t> letters_of(std::string_view text) {
  std::vector<char32_t> letters;
  while (!text.empty()) letters.push_back(take_code_point(text));
  return letters;
}

TEST(PastedText, ReadsUtf8AndGoesOnBehindWhatIsNone) {
  EXPECT_EQ(letters_of("aé€😀"), (std::vector<char32_t>{U'a', 0xE9, 0x20AC, 0x1F600}));
  // A broken lead byte costs itself only; overlong forms, surrogates and cut-off ends are none.
  EXPECT_EQ(letters_of("\xff"
                       "a"),
            (std::vector<char32_t>{0xFFFD, U'a'}));
  EXPECT_EQ(letters_of("\xc3"
                       "a"),
            (std::vector<char32_t>{0xFFFD, U'a'}));
  EXPECT_EQ(letters_of("\xc0\xaf").front(), 0xFFFDu);
  EXPECT_EQ(letters_of("\xe0\x80\xaf").front(), 0xFFFDu);
  EXPECT_EQ(letters_of("\xed\xa0\x80").front(), 0xFFFDu);
  EXPECT_EQ(letters_of("\xf4\x90\x80\x80").front(), 0xFFFDu);
  EXPECT_EQ(letters_of("\xf0\x9f\x98").front(), 0xFFFDu);
}

TEST(PastedText, KnowsBlanksOfEveryKind) {
  for (char32_t const blank : {0x09, 0x0A, 0x0D, 0x20, 0x85, 0xA0, 0xAD, 0x1680, 0x2003, 0x200B, 0x200E, 0x2028, 0x202E,
                               0x2060, 0x2069, 0x3000, 0xFE0F, 0xFEFF}) {
    EXPECT_TRUE(is_blank(blank)) << std::hex << static_cast<unsigned>(blank);
  }
  for (char32_t const seen :
       {U'0', U'-', U'_', U'.', char32_t{0xB7}, char32_t{0x2010}, char32_t{0x30FC}, char32_t{0x1F44D}}) {
    EXPECT_FALSE(is_blank(seen)) << std::hex << static_cast<unsigned>(seen);
  }
}

TEST(PastedText, BringsDigitsDashesAndFullWidthLettersToAscii) {
  EXPECT_EQ(plain_code("０１２３４５６７８９"), "0123456789");
  EXPECT_EQ(plain_code("٠١٢٣٤٥٦٧٨٩"), "0123456789");
  EXPECT_EQ(plain_code("०१२३४५६७८९"), "0123456789");
  EXPECT_EQ(plain_code("ＡｚＫ－７"), "AzK-7");
  EXPECT_EQ(plain_code("a–b—c−d‐e"), "a-b-c-d-e");
  EXPECT_EQ(plain_code(" é1 "), "?1");
}

}  // namespace
}  // namespace florin::api
