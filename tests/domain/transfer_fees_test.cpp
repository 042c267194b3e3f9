// The split of a transfer: seed "transfer overview", Fee Structure; seed "initiate send", fees_preview.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/transfer.h"
#include "tests/domain/ledger_dsl.h"

namespace florin::domain {

inline void PrintTo(TransferFees const& fees, std::ostream* out) {
  *out << to_string(fees.source) << " / " << to_string(fees.target) << " / " << to_string(fees.network);
}

namespace testing {
namespace {

TransferFees fees_of(std::string_view amount, std::int32_t source, std::int32_t target) {
  return transfer_fees(units(amount), BasisPoints(source), BasisPoints(target));
}
TransferFees fees(std::string_view source, std::string_view target, std::string_view network) {
  return {units(source), units(target), units(network)};
}

TEST(TransferFees, TheSeedsExampleSplits) {
  EXPECT_EQ(fees_of("500.00", 350, 350), fees("17.50", "17.50", "15.00"));
  EXPECT_EQ(units("500.00") - fees_of("500.00", 350, 350).total(), units("450.00"));
  EXPECT_EQ(units("1000.00") - fees_of("1000.00", 350, 350).total(), units("900.00"));
}

TEST(TransferFees, ANegotiatedRateComesOutOfTheNetworksSlice) {
  EXPECT_EQ(fees_of("100.00", 500, 350), fees("5.00", "3.50", "1.50"));
  EXPECT_EQ(fees_of("100.00", 350, 500), fees("3.50", "5.00", "1.50"));
  EXPECT_EQ(fees_of("100.00", 0, 0), fees("0.00", "0.00", "10.00"));
  EXPECT_EQ(fees_of("100.00", 1'000, 0), fees("10.00", "0.00", "0.00"));
  EXPECT_EQ(fees_of("100.00", 0, 1'000), fees("0.00", "10.00", "0.00"));
}

TEST(TransferFees, TogetherAboveTenPercentTheSidesScaleDownInProportion) {
  EXPECT_EQ(fees_of("100.00", 1'000, 1'000), fees("5.00", "5.00", "0.00"));
  EXPECT_EQ(fees_of("100.00", 900, 300), fees("7.50", "2.50", "0.00"));
  EXPECT_EQ(fees_of("100.00", 1'000, 500), fees("6.67", "3.33", "0.00"));
  EXPECT_EQ(fees_of("100.00", 500, 500), fees("5.00", "5.00", "0.00"));
}

TEST(TransferFees, HalfACentRoundsUpAndTheNetworkTakesTheRemainder) {
  EXPECT_EQ(fees_of("0.04", 350, 350), fees("0.00", "0.00", "0.00"));
  EXPECT_EQ(fees_of("0.05", 350, 350), fees("0.00", "0.00", "0.01"));
  EXPECT_EQ(fees_of("0.15", 350, 350), fees("0.01", "0.01", "0.00"));
  EXPECT_EQ(fees_of("10.00", 345, 345), fees("0.35", "0.35", "0.30"));
}

TEST(TransferFees, WhereRoundingLeavesTooLittleTheTargetsSideGivesWay) {
  EXPECT_EQ(fees_of("0.10", 1'000, 1'000), fees("0.01", "0.00", "0.00"));
  EXPECT_EQ(fees_of("0.30", 500, 500), fees("0.02", "0.01", "0.00"));
}

TEST(TransferFees, TheLargestAmountSplitsExactly) {
  auto const largest = transfer_fees(kMaxAmount, BasisPoints(1'000), BasisPoints(1'000));
  EXPECT_EQ(largest.total(), units("100000000.00"));
  EXPECT_EQ(largest.source, units("50000000.00"));
}

TEST(TransferFeesDeathTest, OfNothingOrAtANegativeRateIsABug) {
  EXPECT_DEATH((void)transfer_fees(Money{}, BasisPoints(350), BasisPoints(350)), "invariant broken");
  EXPECT_DEATH((void)transfer_fees(units("1.00"), BasisPoints(-1), BasisPoints(350)), "invariant broken");
  EXPECT_DEATH((void)transfer_fees(units("1.00"), BasisPoints(350), BasisPoints(-1)), "invariant broken");
}

// An amount of minor units times a fraction, half up, in steps that share nothing with the product: long division.
std::int64_t half_up(std::int64_t amount, std::int64_t numerator, std::int64_t denominator) {
  auto const whole = amount / denominator * numerator;
  auto const rest = amount % denominator * numerator;
  auto const quotient = rest / denominator;
  auto const left = rest - quotient * denominator;
  return whole + quotient + (left >= denominator - left ? 1 : 0);
}

RC_GTEST_PROP(TransferFeesProperty, FourPartsSumToTheAmountAndEqualTheRationals, ()) {
  auto const largest = kMaxAmount.minor();
  auto const minor = *rc::gen::weightedOneOf<std::int64_t>({{3, rc::gen::inRange<std::int64_t>(1, 1'000)},
                                                            {3, rc::gen::inRange<std::int64_t>(1, 10'000'000)},
                                                            {2, rc::gen::inRange<std::int64_t>(1, largest + 1)},
                                                            {1, rc::gen::element<std::int64_t>(1, largest)}});
  auto const rate = rc::gen::weightedOneOf<std::int32_t>(
      {{4, rc::gen::inRange(0, 1'001)}, {1, rc::gen::element(0, 1, 350, 500, 999, 1'000)}});
  auto const source = *rate;
  auto const target = *rate;
  auto const split = transfer_fees(Money::from_minor(minor), BasisPoints(source), BasisPoints(target));
  auto const total = half_up(minor, 1, 10);
  RC_ASSERT(split.total().minor() == total);
  RC_ASSERT(split.source >= Money{} && split.target >= Money{} && split.network >= Money{});
  RC_ASSERT(minor - total > 0);

  auto const scaled = source + target > 1'000;
  // Above 10 %: a tenth of the amount, split as the rates are.
  auto const part = [&](std::int64_t side) {
    return scaled ? half_up(minor, side, std::int64_t{10} * (source + target)) : half_up(minor, side, 10'000);
  };
  auto const source_part = std::min(part(source), total);
  RC_ASSERT(split.source.minor() == source_part);
  RC_ASSERT(split.target.minor() == std::min(part(target), total - source_part));
  // The network is left with at most its own share and what rounding leaves: never more than a cent off.
  auto const network = scaled ? 0 : half_up(minor, 1'000 - source - target, 10'000);
  RC_ASSERT(split.network.minor() - network <= 1 && network - split.network.minor() <= 1);
  RC_CLASSIFY(scaled, "scaled");
}

}  // namespace
}  // namespace testing
}  // namespace florin::domain
