#include "domain/time_input.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace florin::domain {
namespace {

constexpr std::int64_t kSecond = 1'795'178'096;  // 2026-11-20T12:34:56Z

TimeRange range_of(std::string_view text) {
  auto const range = parse_time_input(text);
  EXPECT_TRUE(range) << text;
  return range.value_or(TimeRange{});
}

TEST(TimeInput, ATimeWithoutAFractionIsTheWholeSecond) {
  TimeRange const second{Timestamp::from_seconds(kSecond), Timestamp::from_micros(kSecond * 1'000'000 + 999'999)};
  EXPECT_EQ(range_of("2026-11-20T12:34:56Z"), second);
  EXPECT_EQ(range_of("2026-11-20t12:34:56z"), second);
  EXPECT_EQ(range_of("2026-11-20T14:34:56+02:00"), second);
  EXPECT_EQ(range_of("2026-11-20T07:04:56-05:30"), second);
  EXPECT_EQ(range_of("2026-11-21T00:34:56+12:00"), second) << "the day before in UTC";
}

TEST(TimeInput, AFractionIsThatMicrosecond) {
  for (auto const& [text, micros] : {std::pair("2026-11-20T12:34:56.5Z", 500'000),
                                     {"2026-11-20T12:34:56.000001Z", 1},
                                     {"2026-11-20T12:34:56.0Z", 0},
                                     {"2026-11-20T13:34:56.123+01:00", 123'000}}) {
    auto const at = Timestamp::from_micros(kSecond * 1'000'000 + micros);
    EXPECT_EQ(range_of(text), (TimeRange{at, at})) << text;
  }
}

TEST(TimeInput, AnythingElseIsNoTime) {
  for (auto const* text : {"",
                           "now",
                           "2026-11-20",
                           "2026-11-20T12:34:56",
                           "2026-11-20 12:34:56Z",
                           "2026-11-20T12:34Z",
                           "2026-11-20T12:34:60Z",
                           "2026-02-29T00:00:00Z",
                           "2026-11-20T12:34:56.Z",
                           "2026-11-20T12:34:56.1234567Z",
                           "2026-11-20T12:34:56,5Z",
                           "2026-11-20T12:34:56+2:00",
                           "2026-11-20T12:34:56+0200",
                           "2026-11-20T12:34:56+24:00",
                           "2026-11-20T12:34:56+02:60",
                           "2026-11-20T12:34:56ZZ",
                           "2026-11-20T12:34:56Z ",
                           "1970-01-01T00:59:59+01:00",
                           "9999-12-31T23:59:59-00:01",
                           "1969-12-31T23:59:59Z"}) {
    EXPECT_FALSE(parse_time_input(text)) << text;
  }
}

RC_GTEST_PROP(TimeInput, WhatAReplyShowsHoldsTheMomentItWasMadeOf, ()) {
  auto const at = Timestamp::from_micros(*rc::gen::inRange<std::int64_t>(0, 253'402'300'799'999'999));
  auto const second = parse_time_input(to_iso8601(at));
  RC_ASSERT(second && second->first <= at && at <= second->last);
  RC_ASSERT(parse_time_input(to_iso8601_micros(at)) == (TimeRange{at, at}));
}

}  // namespace
}  // namespace florin::domain
