#include "domain/result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace florin {
namespace {

Result<int, std::string> half(int number) {
  if (number % 2 != 0) return fail(std::string("odd"));
  return number / 2;
}

TEST(Result, HoldsEitherAValueOrTheReason) {
  EXPECT_TRUE(half(4).ok());
  EXPECT_EQ(half(4).value(), 2);
  EXPECT_FALSE(half(3));
  EXPECT_EQ(half(3).error(), "odd");
}

TEST(Result, TellsValueFromErrorOfTheSameType) {
  Result<int, int> const value = 7;
  Result<int, int> const error = fail(7);
  EXPECT_TRUE(value.ok());
  EXPECT_FALSE(error.ok());
}

TEST(Result, MovesOut) {
  Result<std::unique_ptr<int>, std::string> result = std::make_unique<int>(5);
  auto const owned = std::move(result).value();
  EXPECT_EQ(*owned, 5);
}

TEST(Result, AskingForTheWrongOneThrows) {
  EXPECT_THROW((void)half(3).value(), std::bad_variant_access);
  EXPECT_THROW((void)half(4).error(), std::bad_variant_access);
}

}  // namespace
}  // namespace florin
