#include "sagas/gateways/test_cards.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "domain/digits.h"
#include "sagas/gateways/luhn.h"

namespace florin::sagas {
namespace {

constexpr int kCardYearsMax = 50;

struct TestNumber {
  std::string_view number;
  std::string_view method;
  TestCard card;
};
// CONTRACT, Currency purchase: sandbox test cards.
constexpr std::array<TestNumber, 5> kTestNumbers = {
    {{"4242424242424242", "pm_card_visa", TestCard::succeeds},
     {"4000000000000002", "pm_card_chargeDeclined", TestCard::declines},
     {"4000000000009995", "pm_card_chargeDeclinedInsufficientFunds", TestCard::lacks_funds},
     {"4000002760003184", "pm_card_threeDSecure2Required", TestCard::asks_bank},
     {"4000000000000259", "pm_card_createDispute", TestCard::disputed}}};

bool is_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, domain::is_digit); }

template <class Key>
std::optional<TestCard> find_card(std::string_view value, Key key) {
  auto const* const found = std::ranges::find(kTestNumbers, value, key);
  return found == kTestNumbers.end() ? std::nullopt : std::optional(found->card);
}

}  // namespace

std::optional<TestCard> test_card_of_number(std::string_view number) { return find_card(number, &TestNumber::number); }

std::optional<TestCard> test_card_of_method(std::string_view method) { return find_card(method, &TestNumber::method); }

std::string_view card_fault(Card const& card, domain::Timestamp now) {
  if (!is_digits(card.number) || card.number.size() < 12 || card.number.size() > 19 || !luhn_valid(card.number)) {
    return "incorrect_number";
  }
  if (!is_digits(card.month) || card.month.size() > 2) return "invalid_expiry_month";
  int const month = std::stoi(card.month);
  if (month < 1 || month > 12) return "invalid_expiry_month";
  if (!is_digits(card.year) || (card.year.size() != 2 && card.year.size() != 4)) return "invalid_expiry_year";
  int const year = std::stoi(card.year) + (card.year.size() == 2 ? 2000 : 0);
  std::chrono::sys_days const day{std::chrono::days(now.micros() / domain::kMicrosPerDay)};
  std::chrono::year_month_day const today{day};
  int const this_year = static_cast<int>(today.year());
  if (year < this_year || year > this_year + kCardYearsMax) return "invalid_expiry_year";
  if (year == this_year && month < static_cast<int>(static_cast<unsigned>(today.month()))) {
    return "invalid_expiry_month";
  }
  if (!is_digits(card.cvc) || card.cvc.size() < 3 || card.cvc.size() > 4) return "invalid_cvc";
  return test_card_of_number(card.number) ? std::string_view() : "test_mode_live_card";
}

}  // namespace florin::sagas
