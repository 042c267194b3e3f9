// On which days the Federal Reserve settles between banks: Monday to Friday without its holidays. A holiday that falls
// on a Sunday is kept on the Monday after; one on a Saturday is not moved (Federal Reserve Banks, Holiday Schedules).
//
// The holidays are computed from the law (5 U.S.C. 6103) as it stands; tests hold them against a list of the dates up
// to kHolidaysKnownThrough. Later years follow the same rules, and `serve` warns that somebody should look.
//
// No threads, no state.
#pragma once

#include <chrono>

namespace florin::sagas {

inline constexpr std::chrono::year kHolidaysKnownThrough{2035};

[[nodiscard]] bool is_banking_day(std::chrono::sys_days day);
// The first one after it.
[[nodiscard]] std::chrono::sys_days next_banking_day(std::chrono::sys_days day);
// The first day after it that is no Saturday and no Sunday: what releases before took for a banking day.
[[nodiscard]] std::chrono::sys_days next_weekday(std::chrono::sys_days day);

}  // namespace florin::sagas
