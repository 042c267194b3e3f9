#include "eventstore/store/base64.h"

#include <gtest/gtest.h>

namespace florin::eventstore {
namespace {

// RFC 4648, section 10.
TEST(Base64, EncodesTheExamplesOfTheRfc) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, TakesEveryByte) { EXPECT_EQ(base64(std::string_view("\0\xff\xfe", 3)), "AP/+"); }

TEST(Base64, DecodesWhatItWritesAndNothingElse) {
  for (std::string const bytes : {"", "f", "fo", "foo", "foob"}) {
    auto const text = base64(bytes);
    EXPECT_EQ(unbase64(text, bytes.size()), bytes);
    EXPECT_EQ(unbase64(text, bytes.size() + 1), std::nullopt);
  }
  for (auto const* text : {"Zg=", "Zh==", "Zg==\n", " Zg==", "Z===", "Zg=a", "Z_==", "Zm9v"}) {
    EXPECT_EQ(unbase64(text, 1), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace florin::eventstore
