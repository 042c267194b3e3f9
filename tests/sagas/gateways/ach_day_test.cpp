// A day's entries shared out among files: every cent and every payout once, each file one that the bank takes.
#include "sagas/gateways/ach_day.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace florin::sagas {
namespace {

using domain::LeftOutReason;
using domain::PayoutId;
using domain::Usd;
using namespace std::chrono;

AchSettings settings(bool same_day = false) {
  return {{"091000019", "First Example Bank", "123456780", "Florin", "Florin", "1123456789", "09100001", "PAYOUT"},
          same_day};
}
// A Wednesday.
domain::Timestamp const kCreated = *domain::parse_iso8601("2026-11-18T15:04:05Z");

AchEntry entry(std::uint64_t payout, std::int64_t cents) {
  return {PayoutId(payout),      "Aurora Games", "021000021", "000123456789", domain::AccountType::checking,
          Usd::from_minor(cents)};
}
std::vector<AchEntry> entries(std::size_t count, std::int64_t cents) {
  std::vector<AchEntry> all;
  for (std::size_t i = 1; i <= count; ++i) all.push_back(entry(i, cents));
  return all;
}
std::vector<std::size_t> sizes(AchDay const& day) {
  std::vector<std::size_t> all;
  for (auto const& file : day.files) all.push_back(file.entries.size());
  return all;
}

TEST(AchDay, FitsIntoOneFileUpToItsLimits) {
  EXPECT_EQ(sizes(share_out(settings(), kCreated, entries(1, 1))), std::vector<std::size_t>{1});
  // A hundred of the largest and 99 cents: twelve digits exactly.
  auto all = entries(100, domain::kMaxBankAmount.minor());
  all.push_back(entry(101, 99));
  EXPECT_EQ(sizes(share_out(settings(), kCreated, all)), std::vector<std::size_t>{101});
  all.back().usd += Usd::from_minor(1);
  auto const day = share_out(settings(), kCreated, all);
  EXPECT_EQ(sizes(day), (std::vector<std::size_t>{100, 1})) << "a cent more, and it is two";
  EXPECT_EQ(day.files[1].modifier, 'B');
  EXPECT_EQ(day.files[1].first_trace, 101U);
  EXPECT_TRUE(day.left_out.empty());
  EXPECT_TRUE(write_nacha(day.files[0]).ok() && write_nacha(day.files[1]).ok());
}

TEST(AchDay, AHundredThousandAndOneEntriesAreTwoFiles) {
  auto const day = share_out(settings(), kCreated, entries(kAchEntriesMax + 1, 1));
  EXPECT_EQ(sizes(day), (std::vector<std::size_t>{kAchEntriesMax, 1}));
  auto const second = read_nacha(write_nacha(day.files[1]).value());
  ASSERT_TRUE(second.ok()) << second.error();
  EXPECT_EQ(second.value().first_trace, kAchEntriesMax + 1);
}

TEST(AchDay, WhatTheFilesOfADayCannotHoldIsLeftOut) {
  AchDayLimits limits;
  limits.files = 2;
  limits.entries = 3;
  auto const day = share_out(settings(), kCreated, entries(8, 100), limits);
  EXPECT_EQ(sizes(day), (std::vector<std::size_t>{3, 3}));
  EXPECT_EQ(day.left_out, (std::vector<domain::LeftOutPayout>{{PayoutId(7), LeftOutReason::no_room},
                                                              {PayoutId(8), LeftOutReason::no_room}}));
  limits = {};
  limits.payouts = 5;
  EXPECT_EQ(share_out(settings(), kCreated, entries(8, 100), limits).left_out.size(), 3U);
}

TEST(AchDay, OneBadEntryNeverSpoilsTheOthers) {
  auto all = entries(6, 100);
  all[0].holder = "\u00a0";
  all[1].routing = "021000022";
  all[2].account = "123";
  all[3].usd = Usd{};
  all[4].usd = domain::kMaxBankAmount + Usd::from_minor(1);
  auto const day = share_out(settings(), kCreated, all);
  EXPECT_EQ(sizes(day), std::vector<std::size_t>{1});
  EXPECT_EQ(day.left_out, (std::vector<domain::LeftOutPayout>{{PayoutId(1), LeftOutReason::holder},
                                                              {PayoutId(2), LeftOutReason::routing},
                                                              {PayoutId(3), LeftOutReason::account},
                                                              {PayoutId(4), LeftOutReason::amount},
                                                              {PayoutId(5), LeftOutReason::amount}}));
}

TEST(AchDay, IsEffectiveOnTheBankingDayAfterItsCreation) {
  auto const effective = [](std::string_view created, bool same_day = false, std::int64_t cents = 100) {
    auto const day = share_out(settings(same_day), *domain::parse_iso8601(created), {entry(1, cents)});
    return year_month_day(day.files.front().effective);
  };
  EXPECT_EQ(effective("2026-11-23T09:00:00Z"), 2026y / November / 24) << "not on the day of the file";
  EXPECT_EQ(effective("2026-12-24T23:59:59Z"), 2026y / December / 28);
  EXPECT_EQ(effective("2026-11-23T09:00:00Z", true), 2026y / November / 23);
  EXPECT_EQ(effective("2026-11-22T09:00:00Z", true), 2026y / November / 23) << "a Sunday";
  EXPECT_EQ(effective("2026-11-23T09:00:00Z", true, domain::kMaxSameDayAmount.minor()), 2026y / November / 23);
  EXPECT_EQ(effective("2026-11-23T09:00:00Z", true, domain::kMaxSameDayAmount.minor() + 1), 2026y / November / 24);
}

TEST(AchDay, WhatIsTooLargeForTheSameDayHasAFileOfItsOwn) {
  std::vector<AchEntry> const all{entry(1, 100), entry(2, domain::kMaxSameDayAmount.minor() + 1), entry(3, 100)};
  auto const day = share_out(settings(true), kCreated, all);
  EXPECT_EQ(sizes(day), (std::vector<std::size_t>{2, 1}));
  EXPECT_EQ(day.files[1].entries.front().payout, PayoutId(2));
  EXPECT_GT(day.files[1].effective, day.files[0].effective);
  EXPECT_EQ(entry_limit(settings(true)), Usd::from_minor(100'000'000));
  EXPECT_EQ(entry_limit(settings(false)), Usd::from_minor(9'999'999'999));
}

// Random days and small limits: each payout is in one file or left out, totals and trace numbers hold, every file is
// one that its reader takes, and the same day is the same bytes again.
RC_GTEST_PROP(AchDayProperty, EveryPayoutIsInOneFileOrLeftOut, ()) {
  AchDayLimits limits;
  limits.entries = *rc::gen::inRange<std::size_t>(1, 8);
  limits.files = *rc::gen::inRange<std::size_t>(1, 5);
  limits.total = domain::kMaxBankAmount + Usd::from_minor(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000));
  auto const count = *rc::gen::inRange<std::size_t>(1, 40);
  std::vector<AchEntry> all;
  for (std::size_t i = 1; i <= count; ++i) {
    auto one = entry(i, *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 1'000),
                                        rc::gen::inRange<std::int64_t>(0, domain::kMaxBankAmount.minor() + 2)));
    one.holder = *rc::gen::element<std::string>("Aurora Games", "株式会社", "\u0301", "Σίσυφος", "👾");
    all.push_back(one);
  }
  bool const same_day = *rc::gen::arbitrary<bool>();
  auto const day = share_out(settings(same_day), kCreated, all, limits);
  RC_ASSERT(day.files.size() <= limits.files);
  std::vector<PayoutId> seen;
  for (auto const& left_out : day.left_out) seen.push_back(left_out.payout);
  std::uint32_t trace = 1;
  for (std::size_t i = 0; i < day.files.size(); ++i) {
    auto const& file = day.files[i];
    RC_ASSERT(file.modifier == domain::payout_file_letter(i));
    RC_ASSERT(file.first_trace == trace);
    trace += static_cast<std::uint32_t>(file.entries.size());
    RC_ASSERT(file.entries.size() <= limits.entries && total_of(file) <= limits.total);
    auto const text = write_nacha(file);
    RC_ASSERT(text.ok());
    auto const read = read_nacha(text.value());
    RC_ASSERT(read.ok());
    RC_ASSERT(read.value().entries.size() == file.entries.size() && total_of(read.value()) == total_of(file));
    for (std::size_t at = 0; at < file.entries.size(); ++at) {
      RC_ASSERT(read.value().entries[at].payout == file.entries[at].payout);
      RC_ASSERT(read.value().entries[at].usd == file.entries[at].usd);
      seen.push_back(file.entries[at].payout);
    }
  }
  std::ranges::sort(seen);
  RC_ASSERT(seen.size() == count);
  for (std::size_t i = 0; i < count; ++i) RC_ASSERT(seen[i] == PayoutId(i + 1));
  auto const again = share_out(settings(same_day), kCreated, all, limits);
  RC_ASSERT(again.files == day.files && again.left_out == day.left_out);
}

}  // namespace
}  // namespace florin::sagas
