#include "sagas/gateways/base64.h"

#include <gtest/gtest.h>

namespace florin::sagas {
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

}  // namespace
}  // namespace florin::sagas
