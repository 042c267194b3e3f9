#include "api/web/card_number.h"

#include <string>

#include <gtest/gtest.h>

namespace florin::api {
namespace {

TEST(CardNumber, IsFoundWhateverStandsAroundIt) {
  for (char const* text : {"4242424242424242",
                           "4242 4242 4242 4242",
                           "4242-4242-4242-4242",
                           "card 4242424242424242 exp 12/34",
                           "4242424242424242 12 34 123",
                           "7 4242 4242 4242 4242",
                           "order-17-4242424242424242",
                           "x4242424242424242y",
                           "378282246310005",
                           "4242  4242  4242  4242",
                           "4242_4242_4242_4242",
                           "4242,4242,4242,4242",
                           "4242.4242.4242.4242",
                           "4242\t4242\t4242\t4242",
                           "4242/4242/4242/4242",
                           "4242\u00a04242\u00a04242\u00a04242",
                           "4242\u20114242\u20114242\u20114242",
                           "04242424242424242",
                           "id 0004242424242424242",
                           "3782 822463 10005",
                           "30569309025904",
                           "36227206271667",
                           "3530111333300000",
                           "5555555555554444",
                           "2223003122003222",
                           "6011111111111117",
                           "6304000000000000",
                           "6200000000000005",
                           "4222222222222",
                           "6799990100000000019"}) {
    EXPECT_TRUE(holds_card_number(text)) << text;
  }
}

TEST(CardNumber, OtherNumbersAreNone) {
  for (char const* text : {"",
                           "17",
                           "4242",
                           "4242424242424241",      // the check digit
                           "424242424242",          // too short
                           "42424242424242424242",  // too long
                           "1795176000000005",
                           "0000000000000000",       // nobody's range: times in microseconds, nothing
                           "4242 4242-4242 4242",    // as nobody writes it
                           "41.234567, -89.012349",  // a place on earth
                           "4242   4242   4242   4242",
                           "4242x4242x4242x4242",
                           "2026-11-20T12:32:14",
                           "+1 202 555 0101",
                           "0b4ee0f4-cart-17",
                           "550e8400-e29b-41d4-a716-446655440000",
                           "42424242424242426",  // Visa gives out none of 17
                           "4242 4242",
                           "-",
                           " - ",
                           "4242-"}) {
    EXPECT_FALSE(holds_card_number(text)) << text;
  }
  EXPECT_FALSE(holds_card_number(std::string(8'000, '4')));
}

}  // namespace
}  // namespace florin::api
