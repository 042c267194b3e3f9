// Fields of a body that hold values of the product: amounts, percentages, ids and codes. As JsonObject's own getters,
// these record the first error in the body and return an empty value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/json_body.h"
#include "domain/ids.h"
#include "domain/money.h"

namespace florin::api {

// What the next two read, in hundredths.
std::optional<std::int64_t> read_minor(JsonObject& body, std::string_view name, std::int64_t min, std::int64_t max);

template <class Amount>
inline constexpr Amount kLeast = Amount::from_minor(1);
template <class Amount>
inline constexpr Amount kMost = Amount::from_minor(domain::kMaxAmount.minor());

// A decimal string (CONTRACT, Conventions, Money) from `min` to `max`; otherwise INVALID_AMOUNT.
template <class Amount = domain::Money>
std::optional<Amount> optional_amount(JsonObject& body, std::string_view name, Amount min = kLeast<Amount>,
                                      Amount max = kMost<Amount>) {
  auto const minor = read_minor(body, name, min.minor(), max.minor());
  return minor ? std::optional(Amount::from_minor(*minor)) : std::nullopt;
}
template <class Amount = domain::Money>
Amount required_amount(JsonObject& body, std::string_view name, Amount min = kLeast<Amount>,
                       Amount max = kMost<Amount>) {
  auto const amount = optional_amount(body, name, min, max);
  if (!amount) body.fail(name, std::string(name) + " is required.");
  return amount.value_or(Amount{});
}

// A percentage as decimal string ("3.5") or integer, 0 to 100. A fraction must come as a string.
std::optional<domain::BasisPoints> optional_percentage(JsonObject& body, std::string_view name);

// The id of a player or currency: an integer, or a string of digits (CONTRACT, Ids).
std::optional<std::int64_t> optional_id(JsonObject& body, std::string_view name);

// Twelve digits, as string or integer (CONTRACT, Ids).
std::optional<domain::GameId> optional_game_id(JsonObject& body, std::string_view name);
domain::GameId required_game_id(JsonObject& body, std::string_view name);
std::optional<std::vector<domain::GameId>> optional_game_ids(JsonObject& body, std::string_view name,
                                                             std::size_t max_count);

// What a code looks like, whatever it is worth.
enum class CodeForm : std::uint8_t {
  six_digits,  // PINs and one-time passwords
  claim_code,  // 16 letters and digits of Crockford's alphabet with dashes anywhere; O, I and L stand for digits
};
[[nodiscard]] bool has_form(std::string_view plain, CodeForm form);
// A code that people paste, in its plain form (pasted_text.h). Another form is refused here, before it could cost an
// attempt.
std::string required_code(JsonObject& body, std::string_view name, CodeForm form);

}  // namespace florin::api
