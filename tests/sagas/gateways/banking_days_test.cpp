#include "sagas/gateways/banking_days.h"

#include <set>

#include <gtest/gtest.h>

#include "domain/payout.h"

namespace florin::sagas {
namespace {

using namespace std::chrono;

// Every weekday on which the Federal Reserve Banks are closed, 2026 to 2035: not computed here, but listed. Juneteenth
// of 2027 and 2032, for one, is a Saturday and in no row; Independence Day of 2027 is a Sunday and kept on the 5th.
constexpr std::string_view kHolidays =
    "2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-09-07 2026-10-12 2026-11-11 2026-11-26 2026-12-25 "
    "2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-07-05 2027-09-06 2027-10-11 2027-11-11 2027-11-25 "
    "2028-01-17 2028-02-21 2028-05-29 2028-06-19 2028-07-04 2028-09-04 2028-10-09 2028-11-23 2028-12-25 "
    "2029-01-01 2029-01-15 2029-02-19 2029-05-28 2029-06-19 2029-07-04 2029-09-03 2029-10-08 2029-11-12 2029-11-22 "
    "2029-12-25 "
    "2030-01-01 2030-01-21 2030-02-18 2030-05-27 2030-06-19 2030-07-04 2030-09-02 2030-10-14 2030-11-11 2030-11-28 "
    "2030-12-25 "
    "2031-01-01 2031-01-20 2031-02-17 2031-05-26 2031-06-19 2031-07-04 2031-09-01 2031-10-13 2031-11-11 2031-11-27 "
    "2031-12-25 "
    "2032-01-01 2032-01-19 2032-02-16 2032-05-31 2032-07-05 2032-09-06 2032-10-11 2032-11-11 2032-11-25 "
    "2033-01-17 2033-02-21 2033-05-30 2033-06-20 2033-07-04 2033-09-05 2033-10-10 2033-11-11 2033-11-24 2033-12-26 "
    "2034-01-02 2034-01-16 2034-02-20 2034-05-29 2034-06-19 2034-07-04 2034-09-04 2034-10-09 2034-11-23 2034-12-25 "
    "2035-01-01 2035-01-15 2035-02-19 2035-05-28 2035-06-19 2035-07-04 2035-09-03 2035-10-08 2035-11-12 2035-11-22 "
    "2035-12-25 ";

std::set<sys_days> holidays() {
  std::set<sys_days> days;
  constexpr std::size_t kDateLetters = 10;
  for (auto rest = kHolidays; !rest.empty(); rest.remove_prefix(kDateLetters + 1)) {
    auto const at = domain::parse_iso8601(std::string(rest.substr(0, kDateLetters)) + "T00:00:00Z");
    EXPECT_TRUE(at.has_value());
    days.insert(domain::day_of(*at));
  }
  return days;
}

TEST(BankingDays, AreThoseOfTheFederalReserveThroughTheLastKnownYear) {
  auto const closed = holidays();
  ASSERT_EQ(year_month_day(*closed.rbegin()).year(), kHolidaysKnownThrough);
  for (auto day = sys_days(2026y / January / 1); day <= sys_days(kHolidaysKnownThrough / December / 31);
       day += days(1)) {
    bool const weekend = weekday(day) == Saturday || weekday(day) == Sunday;
    EXPECT_EQ(is_banking_day(day), !weekend && !closed.contains(day)) << domain::to_date(day);
  }
}

TEST(BankingDays, TheNextOneIsNeverTheDayItself) {
  auto const next = [](year_month_day day) { return year_month_day(next_banking_day(sys_days(day))); };
  EXPECT_EQ(next(2026y / November / 23), 2026y / November / 24);
  EXPECT_EQ(next(2026y / November / 25), 2026y / November / 27) << "over Thanksgiving";
  EXPECT_EQ(next(2026y / November / 20), 2026y / November / 23) << "over the weekend";
  EXPECT_EQ(next(2026y / December / 24), 2026y / December / 28) << "Christmas, on a Friday";
  EXPECT_EQ(next(2027y / July / 2), 2027y / July / 6) << "a Sunday's holiday is kept on Monday";
  EXPECT_EQ(next(2026y / July / 2), 2026y / July / 3) << "a Saturday's is not moved";
  EXPECT_EQ(next(2027y / December / 31), 2028y / January / 3);
  for (auto day = sys_days(2026y / January / 1); day < sys_days(2036y / January / 1); day += days(1)) {
    ASSERT_TRUE(next_banking_day(day) > day && is_banking_day(next_banking_day(day)));
    ASSERT_LE(next_banking_day(day) - day, days(5));
  }
}

TEST(BankingDays, OlderReleasesKnewWeekendsOnly) {
  EXPECT_EQ(next_weekday(2026y / December / 24), sys_days(2026y / December / 25));
  EXPECT_EQ(next_weekday(2026y / November / 20), sys_days(2026y / November / 23));
}

}  // namespace
}  // namespace florin::sagas
