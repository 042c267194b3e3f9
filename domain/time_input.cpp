#include "domain/time_input.h"

#include <algorithm>
#include <string>

#include "domain/digits.h"

namespace florin::domain {
namespace {

constexpr std::size_t kSecondsSize = 19;  // "2026-11-20T12:34:56"
constexpr std::size_t kFractionMax = 6;

// What has to be taken from the written time to have it in UTC; "+02:00" is 7,200 seconds.
std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  if (!is_digit(text[1]) || !is_digit(text[2]) || !is_digit(text[4]) || !is_digit(text[5])) return std::nullopt;
  auto const hours = (text[1] - '0') * 10 + (text[2] - '0');
  auto const minutes = (text[4] - '0') * 10 + (text[5] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  std::int64_t const seconds = hours * 3'600 + minutes * 60;
  return text[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::optional<TimeRange> parse_time_input(std::string_view text) {
  if (text.size() <= kSecondsSize) return std::nullopt;
  auto written = std::string(text.substr(0, kSecondsSize));
  if (written[10] == 't') written[10] = 'T';
  auto const second = parse_iso8601(written + "Z");
  if (!second) return std::nullopt;
  auto rest = text.substr(kSecondsSize);
  std::int64_t fraction = 0;
  bool const exact = rest.front() == '.';
  if (exact) {
    rest.remove_prefix(1);
    auto const end = std::find_if_not(rest.begin(), rest.end(), is_digit);
    auto const size = static_cast<std::size_t>(end - rest.begin());
    if (size == 0 || size > kFractionMax) return std::nullopt;
    for (std::size_t i = 0; i < kFractionMax; ++i) fraction = fraction * 10 + (i < size ? rest[i] - '0' : 0);
    rest.remove_prefix(size);
  }
  auto const offset = parse_offset(rest);
  if (!offset) return std::nullopt;
  auto const first = *second + (fraction - *offset * kMicrosPerSecond);
  auto const last = exact ? first : first + (kMicrosPerSecond - 1);
  constexpr std::int64_t kEndOfYears = 253'402'300'800;  // 10000-01-01T00:00:00Z
  if (first < Timestamp{} || last >= Timestamp::from_seconds(kEndOfYears)) return std::nullopt;
  return TimeRange{first, last};
}

}  // namespace florin::domain
