#include "domain/bank.h"

#include <algorithm>
#include <array>

#include "domain/contract.h"
#include "domain/digits.h"

namespace florin::domain {

std::string_view account_type_name(AccountType type) {
  switch (type) {
    case AccountType::checking: return "checking";
    case AccountType::savings: return "savings";
  }
  FLORIN_ASSERT(false);
}

std::optional<AccountType> parse_account_type(std::string_view text) {
  for (auto const type : {AccountType::checking, AccountType::savings}) {
    if (text == account_type_name(type)) return type;
  }
  return std::nullopt;
}

bool is_routing_number(std::string_view text) {
  constexpr std::array<int, 9> kWeights = {3, 7, 1, 3, 7, 1, 3, 7, 1};
  if (text.size() != kWeights.size() || !std::ranges::all_of(text, is_digit)) return false;
  int sum = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) sum += kWeights[i] * (text[i] - '0');
  // Nine zeros weigh nothing, which is a multiple of ten too.
  if (sum % 10 != 0 || sum == 0) return false;
  int const prefix = 10 * (text[0] - '0') + (text[1] - '0');
  return prefix <= 12 || (prefix >= 21 && prefix <= 32) || (prefix >= 61 && prefix <= 72) || prefix == 80;
}

bool is_account_number(std::string_view text) {
  return text.size() >= kAccountNumberMin && text.size() <= kAccountNumberMax && std::ranges::all_of(text, is_digit);
}

std::string_view last_four(std::string_view account_number) {
  FLORIN_ASSERT(is_account_number(account_number));
  return account_number.substr(account_number.size() - std::min<std::size_t>(4, account_number.size() - 4));
}

std::string masked(std::string_view text) {
  constexpr std::size_t kShown = 4;
  constexpr std::size_t kShortest = 3;
  std::string out(text);
  for (std::size_t at = 0; at < out.size();) {
    std::size_t end = at;
    while (end < out.size() && is_digit(out[end])) ++end;
    auto const length = end - at;
    auto const shown = std::min(kShown, length > kShown ? length - kShown : 0);
    if (length >= kShortest) std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(at), length - shown, '*');
    at = end + 1;
  }
  return out;
}

bool is_holder_name(std::string_view text) {
  auto const is_control = [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; };
  return text.size() <= kHolderNameBytesMax && std::ranges::none_of(text, is_control) &&
         text.find_first_not_of(' ') != std::string_view::npos;
}

}  // namespace florin::domain
