#include "domain/money.h"

#include <array>

#include "domain/contract.h"

namespace florin::domain {
namespace {

constexpr std::size_t kMaxWholeDigits = 9;

// "123.45" -> 12345 hundredths. Shared by amounts and percentages, which have the same shape.
std::optional<std::int64_t> parse_hundredths(std::string_view text, std::size_t max_whole_digits) {
  std::int64_t whole = 0;
  std::size_t i = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    if (i == max_whole_digits) return std::nullopt;
    whole = whole * 10 + (text[i] - '0');
  }
  if (i == 0) return std::nullopt;
  std::int64_t hundredths = 0;
  if (i < text.size()) {
    if (text[i] != '.') return std::nullopt;
    auto const decimals = text.substr(i + 1);
    if (decimals.empty() || decimals.size() > 2) return std::nullopt;
    for (char const digit : decimals) {
      if (digit < '0' || digit > '9') return std::nullopt;
      hundredths = hundredths * 10 + (digit - '0');
    }
    if (decimals.size() == 1) hundredths *= 10;
  }
  return whole * 100 + hundredths;
}

void append_hundredths(std::string& out, std::int64_t minor) {
  std::array<char, 24> buffer{};
  auto magnitude = static_cast<std::uint64_t>(minor);
  if (minor < 0) magnitude = 0 - magnitude;
  char* cursor = buffer.data() + buffer.size();
  *--cursor = static_cast<char>('0' + magnitude % 10);
  *--cursor = static_cast<char>('0' + magnitude / 10 % 10);
  *--cursor = '.';
  magnitude /= 100;
  do {
    *--cursor = static_cast<char>('0' + magnitude % 10);
    magnitude /= 10;
  } while (magnitude != 0);
  if (minor < 0) *--cursor = '-';
  out.append(cursor, static_cast<std::size_t>(buffer.data() + buffer.size() - cursor));
}

std::string text_of(std::int64_t minor) {
  std::string out;
  append_hundredths(out, minor);
  return out;
}

std::int64_t hundredths_half_up(std::int64_t minor, BasisPoints rate) {
  FLORIN_ASSERT(minor >= 0 && rate.value() >= 0 && rate.value() <= 10'000);
  // 63 bits of amount times 14 bits of rate: the product needs up to 77.
  auto const product = static_cast<__int128>(minor) * rate.value();
  return static_cast<std::int64_t>((product + 5'000) / 10'000);
}

}  // namespace

std::optional<Money> parse_amount(std::string_view text) {
  auto const minor = parse_hundredths(text, kMaxWholeDigits);
  if (!minor) return std::nullopt;
  return Money::from_minor(*minor);
}

void append_amount(std::string& out, Money amount) { append_hundredths(out, amount.minor()); }
void append_amount(std::string& out, Usd usd) { append_hundredths(out, usd.minor()); }
std::string to_string(Money amount) { return text_of(amount.minor()); }
std::string to_string(Usd usd) { return text_of(usd.minor()); }

std::string Total::text() const {
  constexpr std::int64_t kBillion = 1'000'000'000;  // of minor units: any 128-bit sum in five pieces
  bool const negative = minor_ < 0;
  std::string digits;
  auto left = minor_;
  do {
    auto piece = static_cast<std::int64_t>(left % kBillion);
    left /= kBillion;
    if (piece < 0) piece = -piece;
    auto const text = std::to_string(piece);
    digits.insert(0, left != 0 ? std::string(9 - text.size(), '0') + text : text);
  } while (left != 0);
  if (digits.size() < 3) digits.insert(0, 3 - digits.size(), '0');
  digits.insert(digits.size() - 2, ".");
  return negative ? "-" + digits : digits;
}

std::optional<BasisPoints> parse_percentage(std::string_view text) {
  auto const hundredths = parse_hundredths(text, 3);
  if (!hundredths || *hundredths > 10'000) return std::nullopt;
  return BasisPoints(static_cast<std::int32_t>(*hundredths));
}

std::string to_string(BasisPoints rate) {
  auto text = text_of(rate.value());
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

Money share_half_up(Money amount, BasisPoints rate) {
  return Money::from_minor(hundredths_half_up(amount.minor(), rate));
}
Usd share_half_up(Usd usd, BasisPoints rate) { return Usd::from_minor(hundredths_half_up(usd.minor(), rate)); }

Usd usd_value(Money units) {
  // Division truncates towards zero, so the remainder carries the sign; adding 5 first could overflow.
  auto const remainder = units.minor() % 10;
  return Usd::from_minor(units.minor() / 10 + (remainder >= 5) - (remainder <= -5));
}

}  // namespace florin::domain
