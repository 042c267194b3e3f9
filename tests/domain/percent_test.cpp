#include "domain/percent.h"

#include <gtest/gtest.h>

namespace florin::domain {
namespace {

TEST(Percent, DecodesEscapesOfEitherCase) {
  EXPECT_EQ(percent_decode("a%40b.example"), "a@b.example");
  EXPECT_EQ(percent_decode("%C3%a9"), "é");
  EXPECT_EQ(percent_decode(""), "");
}

TEST(Percent, RefusesWhatIsNoEscape) {
  for (auto const* text : {"%", "a%4", "%4g", "%g4", "%%41"}) EXPECT_EQ(percent_decode(text), std::nullopt) << text;
}

TEST(Percent, APlusIsABlankInFormsOnly) {
  EXPECT_EQ(percent_decode("a+b%2B"), "a+b+");
  EXPECT_EQ(percent_decode("a+b%2B", Plus::is_blank), "a b+");
  EXPECT_EQ(percent_encode("a b"), "a%20b");
  EXPECT_EQ(percent_encode("a b+", "", Plus::is_blank), "a+b%2B");
}

TEST(Percent, EveryByteComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  for (auto const plus : {Plus::is_itself, Plus::is_blank}) {
    auto const encoded = percent_encode(all, "-._~", plus);
    EXPECT_EQ(percent_decode(encoded, plus), all);
    for (char const c : encoded) EXPECT_TRUE(c > ' ' && c < '\x7f');
  }
}

TEST(Percent, MarksStay) {
  EXPECT_EQ(percent_encode("-._~*"), "-._~%2A");
  EXPECT_EQ(percent_encode("-._~*", "-._*"), "-._%7E*");
}

}  // namespace
}  // namespace florin::domain
