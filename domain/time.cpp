#include "domain/time.h"

#include <array>
#include <chrono>

namespace florin::domain {
namespace {

struct Digits {
  char* cursor;
  void put(std::uint64_t value, int width) {
    for (int i = width; i-- > 0; value /= 10) cursor[i] = static_cast<char>('0' + value % 10);
    cursor += width;
  }
  void put(char letter) { *cursor++ = letter; }
};

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t width) {
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

void append(std::string& out, Timestamp at, bool with_micros) {
  auto const instant = std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(at.micros()));
  auto const day = std::chrono::floor<std::chrono::days>(instant);
  std::chrono::year_month_day const date(day);
  std::chrono::hh_mm_ss const time(instant - day);
  std::array<char, 32> buffer{};
  Digits to{buffer.data()};
  to.put(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  to.put('-');
  to.put(static_cast<unsigned>(date.month()), 2);
  to.put('-');
  to.put(static_cast<unsigned>(date.day()), 2);
  to.put('T');
  to.put(static_cast<std::uint64_t>(time.hours().count()), 2);
  to.put(':');
  to.put(static_cast<std::uint64_t>(time.minutes().count()), 2);
  to.put(':');
  to.put(static_cast<std::uint64_t>(time.seconds().count()), 2);
  if (with_micros) {
    to.put('.');
    to.put(static_cast<std::uint64_t>(time.subseconds().count()), 6);
  }
  to.put('Z');
  out.append(buffer.data(), static_cast<std::size_t>(to.cursor - buffer.data()));
}

}  // namespace

void append_iso8601(std::string& out, Timestamp at) { append(out, at, false); }

std::string to_iso8601(Timestamp at) {
  std::string out;
  append(out, at, false);
  return out;
}

std::string to_iso8601_micros(Timestamp at) {
  std::string out;
  append(out, at, true);
  return out;
}

std::optional<Timestamp> parse_iso8601(std::string_view text) {
  // 0123456789012345678901234567
  // YYYY-MM-DDTHH:MM:SS[.ffffff]Z
  if ((text.size() != 20 && text.size() != 27) || text.back() != 'Z') return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  auto const year = digits(text, 0, 4);
  auto const month = digits(text, 5, 2);
  auto const day = digits(text, 8, 2);
  auto const hour = digits(text, 11, 2);
  auto const minute = digits(text, 14, 2);
  auto const second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  std::optional<int> micros = 0;
  if (text.size() == 27) {
    if (text[19] != '.') return std::nullopt;
    micros = digits(text, 20, 6);
    if (!micros) return std::nullopt;
  }
  std::chrono::year_month_day const date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1970 || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  auto const seconds = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(*hour) +
                       std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  return Timestamp::from_micros(std::chrono::duration_cast<std::chrono::microseconds>(seconds).count() + *micros);
}

}  // namespace florin::domain
