#include "domain/money.h"

#include <array>
#include <concepts>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/payment.h"

namespace florin::domain {
namespace {

constexpr Money minor(std::int64_t value) { return Money::from_minor(value); }
constexpr Usd cents(std::int64_t value) { return Usd::from_minor(value); }

// Units and dollars do not mix.
template <class A, class B>
concept Added = requires(A a, B b) { a + b; } || requires(A a, B b) { a - b; } || requires(A a, B b) { a += b; } ||
                requires(A a, B b) { a -= b; };
template <class A, class B>
concept Compared = requires(A a, B b) { a == b; } || requires(A a, B b) { a < b; };
static_assert(Added<Money, Money> && Compared<Money, Money> && Added<Usd, Usd> && Compared<Usd, Usd>);
static_assert(!Added<Usd, Money> && !Added<Money, Usd> && !Compared<Usd, Money> && !Compared<Money, Usd>);
static_assert(!std::is_constructible_v<Usd, Money> && !std::is_constructible_v<Money, Usd>);
static_assert(!std::is_assignable_v<Usd&, Money> && !std::is_assignable_v<Money&, Usd>);
static_assert(!std::is_convertible_v<std::int64_t, Usd> && !std::is_convertible_v<Usd, std::int64_t>);
// The two ways from one to the other.
static_assert(std::same_as<decltype(units_of(Usd{})), Money> && std::same_as<decltype(usd_value(Money{})), Usd>);

TEST(Money, ReadsPlainDecimals) {
  constexpr std::array<std::pair<char const*, std::int64_t>, 12> kGolden{{{"0", 0},
                                                                          {"0.00", 0},
                                                                          {"0.01", 1},
                                                                          {"0.1", 10},
                                                                          {"1", 100},
                                                                          {"1.5", 150},
                                                                          {"1.05", 105},
                                                                          {"100.50", 10'050},
                                                                          {"007.50", 750},
                                                                          {"000000000", 0},
                                                                          {"999999999", 99'999'999'900},
                                                                          {"999999999.99", 99'999'999'999}}};
  for (auto const& [text, expected] : kGolden) EXPECT_EQ(parse_amount(text), minor(expected)) << text;
  EXPECT_EQ(parse_amount("999999999.99"), kMaxAmount);
}

TEST(Money, RefusesEverythingThatIsNotAPlainDecimal) {
  using namespace std::string_view_literals;
  constexpr std::array kRefused{""sv,
                                " "sv,
                                "."sv,
                                ".5"sv,
                                "5."sv,
                                "+1"sv,
                                "-1"sv,
                                "-0"sv,
                                "1e3"sv,
                                "1E3"sv,
                                "1,5"sv,
                                "1,000"sv,
                                "1 000"sv,
                                " 1"sv,
                                "1 "sv,
                                "1\n"sv,
                                "\t1"sv,
                                "0x1"sv,
                                "1_000"sv,
                                "1'000"sv,
                                "1.2.3"sv,
                                "1..2"sv,
                                "1.234"sv,
                                "1.-5"sv,
                                "1.+5"sv,
                                "1.5 "sv,
                                "NaN"sv,
                                "nan"sv,
                                "inf"sv,
                                "Infinity"sv,
                                "1f"sv,
                                "1.0f"sv,
                                "١"sv,
                                "１"sv,
                                "1\0"sv,
                                "\0001"sv,
                                "1.5\0"sv,
                                "$1"sv,
                                "1%"sv,
                                "true"sv,
                                "1000000000"sv,
                                "0000000001"sv,
                                "9999999999.99"sv,
                                "99999999999999999999999999"sv};
  for (auto const text : kRefused) EXPECT_EQ(parse_amount(text), std::nullopt) << '"' << text << '"';
}

TEST(Money, WritesTwoDecimalsAlways) {
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(to_string(minor(0)), "0.00");
  EXPECT_EQ(to_string(minor(5)), "0.05");
  EXPECT_EQ(to_string(minor(10'050)), "100.50");
  EXPECT_EQ(to_string(minor(-1)), "-0.01");
  EXPECT_EQ(to_string(minor(-12'345)), "-123.45");
  EXPECT_EQ(to_string(kMaxBalance), "90071992547409.92");
  EXPECT_EQ(to_string(cents(-12'345)), "-123.45");
  EXPECT_EQ(to_string(minor(kMin)), "-92233720368547758.08");
  std::string text = "amount=";
  append_amount(text, minor(199));
  EXPECT_EQ(text, "amount=1.99");
}

RC_GTEST_PROP(MoneyProperty, ParseUndoesFormat, ()) {
  auto const amount = minor(*rc::gen::inRange<std::int64_t>(0, kMaxAmount.minor() + 1));
  RC_ASSERT(parse_amount(to_string(amount)) == amount);
}

// An oracle that shares no code with the parser: the grammar, letter by letter.
bool is_plain_decimal(std::string const& text) {
  auto const point = text.find('.');
  auto const whole = text.substr(0, point);
  auto const decimals = point == std::string::npos ? "0" : text.substr(point + 1);
  return !whole.empty() && whole.size() <= 9 && !decimals.empty() && decimals.size() <= 2 &&
         (whole + decimals).find_first_not_of("0123456789") == std::string::npos;
}

RC_GTEST_PROP(MoneyProperty, AcceptsExactlyThePlainDecimals, ()) {
  auto const letter = rc::gen::weightedElement<char>(
      {{8, '0'}, {8, '1'}, {8, '9'}, {6, '.'}, {1, '-'}, {1, '+'}, {1, 'e'}, {1, ','}, {1, ' '}});
  auto const text = *rc::gen::container<std::string>(*rc::gen::inRange<std::size_t>(0, 13), letter);
  RC_CLASSIFY(is_plain_decimal(text), "plain");
  RC_ASSERT(parse_amount(text).has_value() == is_plain_decimal(text));
}

RC_GTEST_PROP(MoneyProperty, RefusesArbitraryBytes, (std::string const& text)) {
  RC_ASSERT(parse_amount(text).has_value() == is_plain_decimal(text));
}

TEST(Money, CheckedSumsAndProductsNoticeOverflow) {
  constexpr auto kMax = Money::from_minor(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(Money::checked_add(minor(1), minor(2)), minor(3));
  EXPECT_EQ(Money::checked_add(kMax, minor(1)), std::nullopt);
  EXPECT_EQ(Money::checked_add(minor(std::numeric_limits<std::int64_t>::min()), minor(-1)), std::nullopt);
  EXPECT_EQ(Money::checked_multiply(minor(250), 4), minor(1'000));
  EXPECT_EQ(Money::checked_multiply(kMax, 2), std::nullopt);
  EXPECT_EQ(Usd::checked_add(cents(1), cents(2)), cents(3));
  EXPECT_EQ(Usd::checked_add(cents(std::numeric_limits<std::int64_t>::max()), cents(1)), std::nullopt);
  EXPECT_EQ(Money::checked_multiply(kMaxAmount, 1'000), minor(99'999'999'999'000));
}

TEST(MoneyDeathTest, UncheckedOverflowIsABugAndAborts) {
  auto const max = minor(std::numeric_limits<std::int64_t>::max());
  auto const min = minor(std::numeric_limits<std::int64_t>::min());
  EXPECT_DEATH((void)(max + minor(1)), "invariant broken");
  EXPECT_DEATH((void)(min - minor(1)), "invariant broken");
  EXPECT_DEATH((void)-min, "invariant broken");
  EXPECT_DEATH((void)(cents(max.minor()) + cents(1)), "invariant broken");
}

TEST(Money, SharesRoundHalfUp) {
  constexpr BasisPoints kTenPercent(1'000);
  EXPECT_EQ(share_half_up(minor(0), kTenPercent), minor(0));
  EXPECT_EQ(share_half_up(minor(4), kTenPercent), minor(0));   // 0.004
  EXPECT_EQ(share_half_up(minor(5), kTenPercent), minor(1));   // 0.005 goes up
  EXPECT_EQ(share_half_up(minor(14), kTenPercent), minor(1));  // 0.014
  EXPECT_EQ(share_half_up(minor(15), kTenPercent), minor(2));  // 0.015: half up, not half to even
  EXPECT_EQ(share_half_up(minor(25), kTenPercent), minor(3));  // 0.025
  EXPECT_EQ(share_half_up(minor(10'000), kTenPercent), minor(1'000));
  EXPECT_EQ(share_half_up(minor(1'000), BasisPoints(350)), minor(35));
  EXPECT_EQ(share_half_up(minor(10), BasisPoints(350)), minor(0));   // 0.0035
  EXPECT_EQ(share_half_up(minor(100), BasisPoints(350)), minor(4));  // 0.035
  EXPECT_EQ(share_half_up(kMaxBalance, BasisPoints(10'000)), kMaxBalance);
  EXPECT_EQ(share_half_up(kMaxBalance, BasisPoints(0)), minor(0));
}

RC_GTEST_PROP(MoneyProperty, AShareIsWithinHalfACentAndTheRestCompletesIt, ()) {
  auto const amount = minor(*rc::gen::inRange<std::int64_t>(0, kMaxBalance.minor()));
  BasisPoints const rate(*rc::gen::inRange(0, 10'001));
  auto const fee = share_half_up(amount, rate);
  auto const rest = amount - fee;
  RC_ASSERT(fee >= Money{} && rest >= Money{} && fee + rest == amount);
  auto const error = __int128{fee.minor()} * 10'000 - __int128{amount.minor()} * rate.value();
  RC_ASSERT(error > -5'000 && error <= 5'000);
}

TEST(MoneyDeathTest, AShareOfANegativeAmountIsABug) {
  EXPECT_DEATH((void)share_half_up(minor(-1), BasisPoints(100)), "invariant broken");
  EXPECT_DEATH((void)share_half_up(minor(1), BasisPoints(10'001)), "invariant broken");
}

TEST(Money, TenUnitsAreOneDollar) {
  EXPECT_EQ(units_of(cents(1'000)), minor(10'000));
  EXPECT_EQ(units_of(cents(-1)), minor(-10));
  EXPECT_EQ(usd_value(minor(10'000)), cents(1'000));
  EXPECT_EQ(usd_value(minor(4)), cents(0));
  EXPECT_EQ(usd_value(minor(5)), cents(1));
  EXPECT_EQ(usd_value(minor(15)), cents(2));
  EXPECT_EQ(usd_value(minor(-4)), cents(0));
  EXPECT_EQ(usd_value(minor(-5)), cents(-1));
  EXPECT_EQ(usd_value(minor(-15)), cents(-2));
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(usd_value(minor(kMax)), cents(kMax / 10 + 1));
}

TEST(BasisPoints, ReadsPercentagesUpToAHundred) {
  EXPECT_EQ(parse_percentage("0"), BasisPoints(0));
  EXPECT_EQ(parse_percentage("3.5"), BasisPoints(350));
  EXPECT_EQ(parse_percentage("0.25"), BasisPoints(25));
  EXPECT_EQ(parse_percentage("100"), BasisPoints(10'000));
  EXPECT_EQ(parse_percentage("100.00"), BasisPoints(10'000));
  for (auto const* text : {"", "100.01", "101", "1000", "-1", "+1", "3.555", "3,5", "3.", ".5", "3.5%", "1e1"}) {
    EXPECT_EQ(parse_percentage(text), std::nullopt) << text;
  }
  EXPECT_EQ(to_string(BasisPoints(350)), "3.5");
  EXPECT_EQ(to_string(BasisPoints(1'000)), "10");
  EXPECT_EQ(to_string(BasisPoints(25)), "0.25");
  EXPECT_EQ(to_string(BasisPoints(0)), "0");
}

TEST(Total, SumsBeyondWhatOneAmountHolds) {
  Total total;
  EXPECT_EQ(total.text(), "0.00");
  total.add(Money::from_minor(-5));
  EXPECT_EQ(total.text(), "-0.05");
  total.add(Money::from_minor(12'345));
  EXPECT_EQ(total.text(), "123.40");
  Total large;
  for (int i = 0; i < 100'000; ++i) large.add(kMaxBalance);
  EXPECT_EQ(large.text(), "9007199254740992000.00");
  Total negative;
  for (int i = 0; i < 4; ++i) negative.add(Money::from_minor(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(negative.text(), "-368934881474191032.32");
}

}  // namespace
}  // namespace florin::domain
