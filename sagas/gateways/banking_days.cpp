#include "sagas/gateways/banking_days.h"

#include <algorithm>
#include <array>

namespace florin::sagas {
namespace {

using namespace std::chrono;

bool is_weekend(sys_days day) { return weekday(day) == Saturday || weekday(day) == Sunday; }

// On a date; kept on the Monday after when that is a Sunday.
bool is_kept(sys_days day, month_day holiday) {
  auto const date = sys_days(year_month_day(day).year() / holiday);
  return day == (weekday(date) == Sunday ? date + days(1) : date);
}

bool is_holiday(sys_days day) {
  auto const year = year_month_day(day).year();
  constexpr std::array kDates{January / 1, June / 19, July / 4, November / 11, December / 25};
  if (std::ranges::any_of(kDates, [&](month_day date) { return is_kept(day, date); })) return true;
  // Martin Luther King, Presidents, Memorial, Labor, Columbus, Thanksgiving.
  std::array const weekdays{sys_days(year / January / Monday[3]), sys_days(year / February / Monday[3]),
                            sys_days(year / May / Monday[last]),  sys_days(year / September / Monday[1]),
                            sys_days(year / October / Monday[2]), sys_days(year / November / Thursday[4])};
  return std::ranges::find(weekdays, day) != weekdays.end();
}

}  // namespace

bool is_banking_day(sys_days day) { return !is_weekend(day) && !is_holiday(day); }

sys_days next_banking_day(sys_days day) {
  do day += days(1);
  while (!is_banking_day(day));
  return day;
}

sys_days next_weekday(sys_days day) {
  do day += days(1);
  while (is_weekend(day));
  return day;
}

}  // namespace florin::sagas
