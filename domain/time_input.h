// Times as people and clients write them (CONTRACT, Times). A time without a fraction means the whole of that second,
// because replies show whole seconds: what a reply dated 12:00:00 happened at some microsecond of it.
#pragma once

#include <optional>
#include <string_view>

#include "domain/time.h"

namespace florin::domain {

// The microseconds that a written time means; both ends belong to it.
struct TimeRange {
  Timestamp first;
  Timestamp last;
  friend bool operator==(TimeRange, TimeRange) = default;
};

// "2026-11-20T12:34:56Z", with a fraction of one to six digits, with an offset such as "+02:00" in place of Z. Years
// 1970 to 9999 in UTC.
[[nodiscard]] std::optional<TimeRange> parse_time_input(std::string_view text);

}  // namespace florin::domain
