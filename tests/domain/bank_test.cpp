#include "domain/bank.h"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace florin::domain {
namespace {

// Of banks that publish them.
constexpr std::string_view kReal[] = {"021000021", "011401533", "091000019", "122105155", "011000015",
                                      "121000248", "026009593", "071000013", "322271627", "267084131"};

TEST(RoutingNumber, OfRealBanksAreAccepted) {
  for (auto const number : kReal) EXPECT_TRUE(is_routing_number(number)) << number;
}

TEST(RoutingNumber, EveryWrongDigitIsNoticed) {
  for (auto const number : kReal) {
    for (std::size_t at = 0; at < number.size(); ++at) {
      for (char digit = '0'; digit <= '9'; ++digit) {
        std::string changed(number);
        changed[at] = digit;
        EXPECT_EQ(is_routing_number(changed), changed == number) << changed;
      }
    }
  }
}

// Except of digits that differ by five: their weights differ by 2, 4 or 6, which fives make a multiple of ten.
TEST(RoutingNumber, SwappedNeighboursAreNoticed) {
  for (auto const number : kReal) {
    for (std::size_t at = 2; at + 1 < number.size(); ++at) {
      std::string changed(number);
      std::swap(changed[at], changed[at + 1]);
      auto const apart = std::abs(changed[at] - changed[at + 1]);
      EXPECT_EQ(is_routing_number(changed), apart == 0 || apart == 5) << changed;
    }
  }
}

TEST(RoutingNumber, NeedsNineDigits) {
  for (std::string_view const text :
       {"", "02100002", "0210000210", "02100002x", "02100002 ", " 21000021", "-21000021", "0210-00021",
        "\xef\xbc\x90"
        "21000"}) {
    EXPECT_FALSE(is_routing_number(text)) << text;
  }
  EXPECT_FALSE(is_routing_number(std::string_view("02100002\0", 9)));
}

// Of each prefix the one number whose other digits are zeros and whose check digit is right.
TEST(RoutingNumber, NeedsAPrefixThatIsGivenOut) {
  for (int prefix = 0; prefix <= 99; ++prefix) {
    int const weight = 3 * (prefix / 10) + 7 * (prefix % 10);
    std::string const number =
        std::to_string(100 + prefix).substr(1) + "000000" + std::to_string((10 - weight % 10) % 10);
    bool const given_out = (prefix >= 1 && prefix <= 12) || (prefix >= 21 && prefix <= 32) ||
                           (prefix >= 61 && prefix <= 72) || prefix == 80;
    EXPECT_EQ(is_routing_number(number), given_out) << number;
  }
  EXPECT_FALSE(is_routing_number("000000000"));
  EXPECT_TRUE(is_routing_number("000000518"));  // the Treasury's numbers begin with 00
}

TEST(AccountNumber, IsFourToSeventeenDigits) {
  for (std::size_t size = 0; size <= 20; ++size) {
    EXPECT_EQ(is_account_number(std::string(size, '7')), size >= 4 && size <= 17) << size;
  }
  for (std::string_view const text : {"1234-5678", "1234 5678", "12345x", "+12345", "12345\n", "１２３４"}) {
    EXPECT_FALSE(is_account_number(text)) << text;
  }
}

TEST(AccountNumber, OnlyItsLastFourLeave) {
  EXPECT_EQ(last_four("000123456789"), "6789");
  EXPECT_EQ(last_four("12345678"), "5678");
  EXPECT_EQ(last_four("1234567"), "567") << "four stay hidden";
  EXPECT_EQ(last_four("12345"), "5");
  EXPECT_EQ(last_four("1234"), "");
  EXPECT_DEATH((void)last_four("123"), "is_account_number");
}

TEST(AccountType, IsNamedAsOnTheWire) {
  EXPECT_EQ(account_type_name(AccountType::checking), "checking");
  EXPECT_EQ(account_type_name(AccountType::savings), "savings");
  EXPECT_EQ(parse_account_type("checking"), AccountType::checking);
  EXPECT_EQ(parse_account_type("savings"), AccountType::savings);
  for (std::string_view const text : {"", "Checking", "saving", "checking ", "0"}) {
    EXPECT_EQ(parse_account_type(text), std::nullopt) << text;
  }
}

TEST(HolderName, IsShortAndVisible) {
  for (std::string_view const text : {"A", "Aurora Games, Inc.", "Société Générale de Jeux", "株式会社ゲーム", " x "}) {
    EXPECT_TRUE(is_holder_name(text)) << text;
  }
  EXPECT_TRUE(is_holder_name(std::string(kHolderNameBytesMax, 'x')));
  EXPECT_FALSE(is_holder_name(std::string(kHolderNameBytesMax + 1, 'x')));
  for (std::string_view const text : {"", " ", "   ", "a\nb", "a\tb", "a\x7f", "\x1f"}) {
    EXPECT_FALSE(is_holder_name(text)) << text;
  }
  EXPECT_FALSE(is_holder_name(std::string_view("a\0b", 3)));
}

TEST(BankAmount, IsTenDigitsOfCents) { EXPECT_EQ(std::to_string(kMaxBankAmount.minor()), std::string(10, '9')); }

RC_GTEST_PROP(RoutingNumberProperty, ExactlyOneCheckDigitOfTenIsRight, ()) {
  std::string number = *rc::gen::element<std::string>("01", "12", "21", "32", "61", "72", "80");
  for (int i = 0; i < 6; ++i) number += static_cast<char>('0' + *rc::gen::inRange(0, 10));
  int right = 0;
  for (char digit = '0'; digit <= '9'; ++digit) right += is_routing_number(number + digit) ? 1 : 0;
  RC_ASSERT(right == 1);
}

}  // namespace
}  // namespace florin::domain
