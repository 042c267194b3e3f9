#include "api/web/card_form.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>

#include <openssl/crypto.h>

#include "api/http/field_value.h"
#include "api/web/card_number.h"
#include "domain/digits.h"
#include "sagas/gateways/form.h"
#include "sagas/gateways/luhn.h"

namespace florin::api {
namespace {

bool all_digits(std::string_view text) { return std::all_of(text.begin(), text.end(), domain::is_digit); }

int number_of(std::string_view digits) {
  int value = 0;
  for (char const c : digits) value = value * 10 + (c - '0');
  return value;
}

struct Month {
  int year = 0;
  int month = 0;
  [[nodiscard]] int count() const { return year * 12 + month; }
};

Month month_of(domain::Timestamp at) {
  std::chrono::sys_time<std::chrono::microseconds> const time{std::chrono::microseconds(at.micros())};
  std::chrono::year_month_day const day{std::chrono::floor<std::chrono::days>(time)};
  return {static_cast<int>(day.year()), static_cast<int>(static_cast<unsigned>(day.month()))};
}

// Two digits of a year are of the century of `now`: cards live a few years.
std::optional<Month> read_month(std::string_view text, Month now) {
  constexpr std::string_view kBetween = " /-.";
  auto const first = text.substr(0, std::min(text.find_first_of(kBetween), text.size()));
  std::string_view month = first;
  std::string_view year = text.substr(first.size());
  if (year.empty()) {
    // A phone's keys for numbers have no slash.
    if (first.size() != 4 && first.size() != 6) return std::nullopt;
    month = first.substr(0, 2);
    year = first.substr(2);
  } else {
    year.remove_prefix(std::min(year.find_first_not_of(kBetween), year.size()));
  }
  if (month.empty() || month.size() > 2 || (year.size() != 2 && year.size() != 4)) return std::nullopt;
  if (!all_digits(month) || !all_digits(year)) return std::nullopt;
  return Month{number_of(year) + (year.size() == 2 ? now.year / 100 * 100 : 0), number_of(month)};
}

std::string_view without_blanks(std::string_view text) {
  auto const first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// Reads the fields of one form and gathers what is wrong with them.
class Reading {
 public:
  explicit Reading(sagas::Form const& form) : form_(form) {}

  // As it was typed, without blanks around it; nullopt, and a fault, when there is nothing or it is there twice.
  std::optional<std::string_view> value(std::string_view field, std::string_view when_missing) {
    auto const named = [&](sagas::FormField const& each) { return each.name == field; };
    auto const count = std::count_if(form_.begin(), form_.end(), named);
    if (count > 1) return wrong(field, "This was sent more than once. Type it once.");
    auto const text =
        count == 1 ? without_blanks(std::find_if(form_.begin(), form_.end(), named)->value) : std::string_view();
    if (text.empty()) return wrong(field, when_missing);
    return text;
  }

  std::nullopt_t wrong(std::string_view field, std::string_view advice) {
    faults_.push_back({field, advice});
    return std::nullopt;
  }

  [[nodiscard]] std::vector<CardFault>& faults() { return faults_; }

 private:
  sagas::Form const& form_;
  std::vector<CardFault> faults_;
};

void read_number(Reading& reading, std::string& number) {
  constexpr std::string_view kField = "card_number";
  auto const typed = reading.value(kField, "Type the long number that is on the card.");
  if (!typed) return;
  std::string digits;
  std::copy_if(typed->begin(), typed->end(), std::back_inserter(digits), [](char c) { return c != ' ' && c != '-'; });
  if (!all_digits(digits)) {
    reading.wrong(kField, "A card number has digits only. Check it and type it again.");
  } else if (digits.size() < 12) {
    reading.wrong(kField, "The number is not complete. Check it and type it again.");
  } else if (digits.size() > 19 || !sagas::luhn_valid(digits)) {
    reading.wrong(kField, "This is not a card's number. Check it and type it again.");
  } else {
    number = std::move(digits);
  }
}

void read_expiry(Reading& reading, Month now, std::string& month, std::string& year) {
  constexpr std::string_view kField = "exp";
  auto const typed = reading.value(kField, "Type the month and year until which the card is good.");
  if (!typed) return;
  auto const read = read_month(*typed, now);
  if (!read) {
    reading.wrong(kField, "Type two digits for the month and two for the year: MM / YY.");
  } else if (read->month < 1 || read->month > 12) {
    reading.wrong(kField, "The month comes first and is between 01 and 12.");
  } else if (read->count() < now.count()) {
    reading.wrong(kField, "This date is past. Check it, or use another card.");
  } else if (read->count() > now.count() + 50 * 12) {
    reading.wrong(kField, "This year is too far ahead. Check the date on the card.");
  } else {
    month = std::to_string(read->month);
    year = std::to_string(read->year);
  }
}

void read_code(Reading& reading, std::string& cvc) {
  constexpr std::string_view kField = "cvc";
  auto const typed = reading.value(kField, "Type the security code: 3 digits on the back, or 4 on the front.");
  if (!typed) return;
  if ((typed->size() != 3 && typed->size() != 4) || !all_digits(*typed)) {
    reading.wrong(kField, "The code is 3 digits on the back of the card, or 4 on its front.");
  } else {
    cvc = *typed;
  }
}

void wipe_text(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

// The values of a form, decoded.
struct WipedForm {
  sagas::Form& form;
  ~WipedForm() {
    for (auto& field : form) wipe_text(field.value);
  }
};

}  // namespace

Result<sagas::Card, std::vector<CardFault>> parse_card(std::string_view body, domain::Timestamp now) {
  auto form = sagas::decode_form(body);
  if (!form) {
    constexpr std::string_view kLost = "This did not arrive as it was typed. Type it again.";
    return fail(std::vector<CardFault>{{"card_number", kLost}, {"exp", kLost}, {"cvc", kLost}});
  }
  WipedForm const wiped{form.value()};
  Reading reading(form.value());
  sagas::Card card;
  read_number(reading, card.number);
  read_expiry(reading, month_of(now), card.month, card.year);
  read_code(reading, card.cvc);
  if (!reading.faults().empty()) {
    wipe(card);
    return fail(std::move(reading.faults()));
  }
  return card;
}

bool is_form(std::string_view content_type) {
  return iequals(media_type(content_type), "application/x-www-form-urlencoded");
}

void wipe(sagas::Card& card) {
  for (auto* text : {&card.number, &card.month, &card.year, &card.cvc}) {
    // What was moved from is empty, and may still have its short text.
    text->resize(text->capacity());
    wipe_text(*text);
    text->clear();
  }
}

WipedAtEnd::~WipedAtEnd() {
  // The buffer is the connection's own; only this view of it is read-only.
  if (!body_.empty()) OPENSSL_cleanse(const_cast<char*>(body_.data()), body_.size());
}

}  // namespace florin::api
