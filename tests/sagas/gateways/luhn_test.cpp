#include "sagas/gateways/luhn.h"

#include <string>

#include <gtest/gtest.h>

namespace florin::sagas {
namespace {

TEST(Luhn, TakesTheCheckDigitAndNoOther) {
  std::string number = "424242424242424";
  for (char digit = '0'; digit <= '9'; ++digit) EXPECT_EQ(luhn_valid(number + digit), digit == '2') << digit;
}

TEST(Luhn, NoticesTwoNeighboursThatChangedPlaces) {
  EXPECT_TRUE(luhn_valid("4000002760003184"));
  EXPECT_FALSE(luhn_valid("4000002760003148"));
}

}  // namespace
}  // namespace florin::sagas
