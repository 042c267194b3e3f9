#include "api/routes/body_fields.h"

#include <algorithm>

#include "api/http/pasted_text.h"
#include "domain/digits.h"

namespace florin::api {
namespace {

// Digits, then at most two decimals: an amount by its form, however large.
bool is_decimal(std::string_view text) {
  auto const digits = [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), domain::is_digit);
  };
  auto const point = text.find('.');
  if (point == std::string_view::npos) return digits(text);
  auto const decimals = text.substr(point + 1);
  return digits(text.substr(0, point)) && digits(decimals) && decimals.size() <= 2;
}

// The rule for every id of a body: an integer above zero, or a string of its digits.
std::optional<std::uint64_t> id_of(JsonObject::Scalar const& value) {
  if (value.text) return domain::parse_number(*value.text);
  return value.integer > 0 ? std::optional(static_cast<std::uint64_t>(*value.integer)) : std::nullopt;
}

std::optional<std::int64_t> small_id_of(JsonObject::Scalar const& value) {
  auto const id = id_of(value);
  return id && *id <= 0xffff'ffff ? std::optional(static_cast<std::int64_t>(*id)) : std::nullopt;
}

std::optional<domain::GameId> game_id_of(JsonObject::Scalar const& value) {
  if (value.text) return domain::parse_game_id(*value.text);
  auto const number = id_of(value);
  return number && domain::is_game_id(*number) ? std::optional(domain::GameId(*number)) : std::nullopt;
}

std::optional<domain::BasisPoints> percentage_of(JsonObject::Scalar const& value) {
  if (value.text) return domain::parse_percentage(*value.text);
  if (!value.integer || *value.integer < 0 || *value.integer > 100) return std::nullopt;
  return domain::BasisPoints(static_cast<std::int32_t>(*value.integer) * 100);
}

// A field that `read` understands; one that it does not must be `what`.
template <class Value>
std::optional<Value> read_field(JsonObject& body, std::string_view name,
                                std::optional<Value> (*read)(JsonObject::Scalar const&), std::string_view what) {
  auto const field = body.scalar(name);
  auto const value = field ? read(*field) : std::nullopt;
  if (field && !value) body.fail(name, std::string(name) + " must be " + std::string(what) + ".");
  return value;
}

}  // namespace

std::optional<std::int64_t> read_minor(JsonObject& body, std::string_view name, std::int64_t min, std::int64_t max) {
  auto const value = body.scalar(name);
  if (!value) return std::nullopt;
  auto const text = value->text.value_or("");
  auto const amount = domain::parse_amount(text);
  if (amount && amount->minor() >= min && amount->minor() <= max) return amount->minor();
  auto const written = [](std::int64_t minor) { return domain::to_string(domain::Money::from_minor(minor)); };
  return body.fail(
      name,
      std::string(name) + (amount || is_decimal(text)
                               ? " must be from " + written(min) + " to " + written(max) + "."
                               : " must be a decimal string with at most two decimals, such as \"100.50\"."),
      "INVALID_AMOUNT");
}

std::optional<domain::BasisPoints> optional_percentage(JsonObject& body, std::string_view name) {
  return read_field(body, name, percentage_of, R"(a decimal string from "0" to "100", such as "3.5")");
}

std::optional<std::int64_t> optional_id(JsonObject& body, std::string_view name) {
  return read_field(body, name, small_id_of, "an id: an integer from 1 to 4294967295, or its digits as a string");
}

std::optional<domain::GameId> optional_game_id(JsonObject& body, std::string_view name) {
  return read_field(body, name, game_id_of, "a game id: 12 digits");
}

domain::GameId required_game_id(JsonObject& body, std::string_view name) {
  auto const id = optional_game_id(body, name);
  if (!id) body.fail(name, std::string(name) + " is required.");
  return id.value_or(domain::GameId{});
}

std::optional<std::vector<domain::GameId>> optional_game_ids(JsonObject& body, std::string_view name,
                                                             std::size_t max_count) {
  std::vector<domain::GameId> ids;
  bool good = true;
  bool const read = body.each_scalar(name, "game ids", max_count, [&](JsonObject::Scalar const& each) {
    auto const id = game_id_of(each);
    if (!id) body.fail(name, "Every element of " + std::string(name) + " must be a game id: 12 digits.");
    good = good && id;
    ids.push_back(id.value_or(domain::GameId{}));
  });
  return read && good ? std::optional(std::move(ids)) : std::nullopt;
}

bool has_form(std::string_view plain, CodeForm form) {
  switch (form) {
    case CodeForm::six_digits: return plain.size() == 6 && std::all_of(plain.begin(), plain.end(), domain::is_digit);
    case CodeForm::claim_code: {
      auto const is_letter = [&](char c) {
        return domain::is_digit(c) || (((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) && c != 'U' && c != 'u');
      };
      return std::count_if(plain.begin(), plain.end(), is_letter) == 16 &&
             std::all_of(plain.begin(), plain.end(), [&](char c) { return c == '-' || is_letter(c); });
    }
  }
  return false;
}

std::string required_code(JsonObject& body, std::string_view name, CodeForm form) {
  auto code = plain_code(body.required_string(name, 64));
  if (has_form(code, form)) return code;
  body.fail(name, std::string(name) + (form == CodeForm::six_digits
                                           ? " must be the 6 digits of the text message. No attempt was used."
                                           : " must be the 16 letters and digits of the text message, such as "
                                             "7K3M-Q9TB-4X2A-W8YZ."));
  return {};
}

}  // namespace florin::api
