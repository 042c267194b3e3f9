#include "domain/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace florin::domain {
namespace {

constexpr std::int64_t kLastSecond = 253'402'300'799;  // 9999-12-31T23:59:59Z

TEST(Time, WritesIso8601InUtc) {
  EXPECT_EQ(to_iso8601(Timestamp{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(to_iso8601(Timestamp::from_seconds(951'782'399)), "2000-02-28T23:59:59Z");
  EXPECT_EQ(to_iso8601(Timestamp::from_seconds(951'782'400)), "2000-02-29T00:00:00Z");
  EXPECT_EQ(to_iso8601(Timestamp::from_seconds(1'795'178'096)), "2026-11-20T12:34:56Z");
  EXPECT_EQ(to_iso8601(Timestamp::from_seconds(kLastSecond)), "9999-12-31T23:59:59Z");
  std::string text = "at ";
  append_iso8601(text, Timestamp{});
  EXPECT_EQ(text, "at 1970-01-01T00:00:00Z");
}

TEST(Time, TheWireFormDropsMicrosecondsAndTheAuditFormKeepsThem) {
  auto const at = Timestamp::from_micros(1'795'178'096'000'001);
  EXPECT_EQ(to_iso8601(at), "2026-11-20T12:34:56Z");
  EXPECT_EQ(to_iso8601_micros(at), "2026-11-20T12:34:56.000001Z");
  EXPECT_EQ(to_iso8601(Timestamp::from_micros(999'999)), "1970-01-01T00:00:00Z");  // never rounds up
}

TEST(Time, ReadsBothForms) {
  EXPECT_EQ(parse_iso8601("2026-11-20T12:34:56Z"), Timestamp::from_seconds(1'795'178'096));
  EXPECT_EQ(parse_iso8601("2026-11-20T12:34:56.000001Z"), Timestamp::from_micros(1'795'178'096'000'001));
  EXPECT_EQ(parse_iso8601("2024-02-29T00:00:00Z"), Timestamp::from_seconds(1'709'164'800));
  EXPECT_EQ(parse_iso8601("9999-12-31T23:59:59Z"), Timestamp::from_seconds(kLastSecond));
}

TEST(Time, RefusesDatesThatDoNotExistAndEveryOtherForm) {
  for (auto const* text : {"",
                           "Z",
                           "2026-11-20",
                           "2026-11-20T12:34:56",
                           "2026-11-20 12:34:56Z",
                           "2026-11-20t12:34:56z",
                           "2026-11-20T12:34:56+00:00",
                           "2026-11-20T12:34:56.0Z",
                           "2026-11-20T12:34:56,000000Z",
                           "2026-11-20T12:34:56.00000aZ",
                           "2026-02-29T00:00:00Z",
                           "2100-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:60Z",
                           "1969-12-31T23:59:59Z",
                           "-026-01-01T00:00:00Z",
                           "2026-1-001T00:00:00Z",
                           "2026-01-01T00:00:0 Z",
                           "20266-01-01T00:00:00Z"}) {
    EXPECT_EQ(parse_iso8601(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(TimeProperty, ParseUndoesFormat, ()) {
  auto const at = Timestamp::from_micros(*rc::gen::inRange<std::int64_t>(0, (kLastSecond + 1) * kMicrosPerSecond));
  RC_ASSERT(parse_iso8601(to_iso8601_micros(at)) == at);
  auto const second = Timestamp::from_seconds(at.micros() / kMicrosPerSecond);
  RC_ASSERT(parse_iso8601(to_iso8601(at)) == second);
}

RC_GTEST_PROP(TimeProperty, ADamagedTextIsRefusedOrNamesExactlyItself, ()) {
  auto text = to_iso8601_micros(Timestamp::from_micros(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000'000)));
  text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
  if (auto const at = parse_iso8601(text)) RC_ASSERT(to_iso8601_micros(*at) == text);
}

}  // namespace
}  // namespace florin::domain
