#include "sagas/gateways/test_cards.h"

#include <string>
#include <tuple>

#include <gtest/gtest.h>

namespace florin::sagas {
namespace {

// 20 November 2026.
domain::Timestamp const kNow = *domain::parse_iso8601("2026-11-20T16:45:59Z");

std::string_view fault(std::string number, std::string month = "12", std::string year = "2031",
                       std::string cvc = "123") {
  return card_fault({std::move(number), std::move(month), std::move(year), std::move(cvc)}, kNow);
}
constexpr char kGood[] = "4242424242424242";

TEST(TestCards, EachNumberOfTheContractIsGoodAndHasAMethod) {
  for (auto const& [number, method, card] :
       {std::tuple{"4242424242424242", "pm_card_visa", TestCard::succeeds},
        std::tuple{"4000000000000002", "pm_card_chargeDeclined", TestCard::declines},
        std::tuple{"4000000000009995", "pm_card_chargeDeclinedInsufficientFunds", TestCard::lacks_funds},
        std::tuple{"4000002760003184", "pm_card_threeDSecure2Required", TestCard::asks_bank},
        std::tuple{"4000000000000259", "pm_card_createDispute", TestCard::disputed}}) {
    EXPECT_EQ(fault(number), "") << number;
    EXPECT_EQ(test_card_of_number(number), card) << number;
    EXPECT_EQ(test_card_of_method(method), card) << method;
  }
  EXPECT_EQ(test_card_of_number("4111111111111111"), std::nullopt);
  EXPECT_EQ(test_card_of_method("pm_card_mastercard"), std::nullopt);
}

TEST(TestCards, AGoodNumberThatIsNoTestCardIsALiveOne) { EXPECT_EQ(fault("4111111111111111"), "test_mode_live_card"); }

TEST(TestCards, TheFirstFieldThatIsWrongIsNamed) {
  EXPECT_EQ(fault("4242424242424241", "13", "x", "1"), "incorrect_number");
  EXPECT_EQ(fault("4242 4242 4242 4242"), "incorrect_number");
  EXPECT_EQ(fault("42424242424"), "incorrect_number") << "too short";
  EXPECT_EQ(fault(kGood, "13", "x", "1"), "invalid_expiry_month");
  EXPECT_EQ(fault(kGood, "0"), "invalid_expiry_month");
  EXPECT_EQ(fault(kGood, "12", "203", "1"), "invalid_expiry_year");
  EXPECT_EQ(fault(kGood, "12", "2031", "12"), "invalid_cvc");
  EXPECT_EQ(fault(kGood, "12", "2031", "12345"), "invalid_cvc");
}

TEST(TestCards, ACardIsGoodToTheEndOfItsMonthAndNotForAges) {
  EXPECT_EQ(fault(kGood, "11", "2026"), "");
  EXPECT_EQ(fault(kGood, "11", "26"), "");
  EXPECT_EQ(fault(kGood, "10", "2026"), "invalid_expiry_month");
  EXPECT_EQ(fault(kGood, "12", "2025"), "invalid_expiry_year");
  EXPECT_EQ(fault(kGood, "1", "2076"), "");
  EXPECT_EQ(fault(kGood, "1", "2077"), "invalid_expiry_year");
}

}  // namespace
}  // namespace florin::sagas
