#include "api/web/card_number.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "domain/digits.h"
#include "sagas/gateways/luhn.h"

namespace florin::api {
namespace {

constexpr std::size_t kDigitsMin = 13;
constexpr std::size_t kDigitsMax = 19;

// What the schemes have given out: the first four digits, from `first` to `last`, and how long the number is.
struct Range {
  int first = 0;
  int last = 0;
  std::size_t digits_min = 0;
  std::size_t digits_max = 0;
};
constexpr std::array<Range, 13> kRanges{{
    {2221, 2720, 16, 16},  // Mastercard
    {3000, 3059, 14, 19},  // Diners Club
    {3400, 3499, 15, 15},  // American Express
    {3528, 3589, 16, 19},  // JCB
    {3600, 3699, 14, 19},  // Diners Club
    {3700, 3799, 15, 15},  // American Express
    {3800, 3999, 14, 19},  // Diners Club
    {4000, 4999, 13, 13},  // Visa
    {4000, 4999, 16, 16},  // Visa
    {4000, 4999, 19, 19},  // Visa
    {5000, 5099, 13, 19},  // Maestro
    {5100, 5599, 16, 16},  // Mastercard
    {5600, 6999, 13, 19},  // Maestro, Discover, UnionPay
}};

bool is_card_number(std::string_view digits) {
  int begin = 0;
  for (char const c : digits.substr(0, 4)) begin = begin * 10 + (c - '0');
  return std::any_of(kRanges.begin(), kRanges.end(),
                     [&](Range const& range) {
                       return begin >= range.first && begin <= range.last && digits.size() >= range.digits_min &&
                              digits.size() <= range.digits_max;
                     }) &&
         sagas::luhn_valid(digits);
}

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// What stands between two groups of digits at `from`: one or two signs, or one beyond ASCII. Empty: nothing that would.
std::string_view separator(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && !domain::is_digit(text[end]) && !is_letter(text[end])) ++end;
  auto const found = text.substr(from, end - from);
  bool const beyond_ascii = !found.empty() && static_cast<unsigned char>(found[0]) >= 0x80;
  return end < text.size() && domain::is_digit(text[end]) && found.size() <= (beyond_ascii ? 4 : 2)
             ? found
             : std::string_view();
}

// Of the groups that begin at `from`, with the same between all of them: one, two, … of them.
bool begins_card_number(std::string_view text, std::size_t from) {
  std::string digits;
  std::string_view between;
  for (auto at = from; digits.size() <= kDigitsMax;) {
    for (; at < text.size() && domain::is_digit(text[at]); ++at) digits += text[at];
    if (digits.size() >= kDigitsMin && digits.size() <= kDigitsMax && is_card_number(digits)) return true;
    auto const found = separator(text, at);
    if (found.empty() || (!between.empty() && found != between)) return false;
    between = found;
    at += found.size();
  }
  return false;
}

}  // namespace

bool holds_card_number(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!domain::is_digit(text[i]) || (i > 0 && domain::is_digit(text[i - 1]))) continue;
    auto const begin = std::min(text.find_first_not_of('0', i), text.size());  // no card begins with a zero
    if (begin < text.size() && domain::is_digit(text[begin]) && begins_card_number(text, begin)) return true;
  }
  return false;
}

}  // namespace florin::api
