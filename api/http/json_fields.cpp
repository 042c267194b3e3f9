#include <algorithm>
#include <charconv>
#include <cstring>

#include "api/http/json_parsed.h"

namespace florin::api {

namespace {

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

bool length_between(std::string_view text, std::size_t min, std::size_t max) {
  if (text.size() < min) return false;
  return text.size() <= max || (text.size() <= 4 * max && count_characters(text) <= max);
}

bool is_clean(std::string_view text) { return std::memchr(text.data(), 0, text.size()) == nullptr; }

std::string characters(std::size_t max) { return std::to_string(max) + (max == 1 ? " character" : " characters"); }

}  // namespace

std::nullopt_t JsonObject::fail(std::string_view name, std::string_view message, std::string_view code) {
  if (parsed_->error) return std::nullopt;
  std::string field = parsed_->nodes[index_].path;
  field += name;
  parsed_->fail({400, code, std::move(field), std::string(message)});
  return std::nullopt;
}

bool JsonObject::has(std::string_view name) const { return parsed_->find(index_, name).has_value(); }

std::optional<std::string_view> JsonObject::optional_string(std::string_view name, std::size_t max_chars) {
  auto const value = parsed_->find(index_, name);
  if (!value) return std::nullopt;
  std::string_view text;
  if (!parsed_->is_string(*value, text)) return fail(name, std::string(name) + " must be a string.");
  if (!is_clean(text)) return fail(name, std::string(name) + " holds a character that is not allowed.");
  if (length_between(text, 0, max_chars)) return text;
  return fail(name, std::string(name) + " must be at most " + characters(max_chars) + " long.");
}

std::string_view JsonObject::required_string(std::string_view name, std::size_t max_chars) {
  auto const text = optional_string(name, max_chars);
  if (!text) {
    fail(name, std::string(name) + " is required.");
    return {};
  }
  if (text->empty()) fail(name, std::string(name) + " must not be empty.");
  return *text;
}

std::optional<std::string> JsonObject::optional_object_text(std::string_view name, std::size_t max_bytes) {
  auto const value = parsed_->find(index_, name);
  if (!value) return std::nullopt;
  if (!value->is_object()) return fail(name, std::string(name) + " must be an object.");
  if (any_text(name, [&](std::string_view inner) { return parsed_->is_large_number(inner); })) {
    fail(name, std::string(name) + " holds a number that is too large to be kept; send it as a string.");
    return std::nullopt;
  }
  std::string text = simdjson::minify(*value);
  if (text.size() > max_bytes)
    return fail(name, std::string(name) + " must be at most " + std::to_string(max_bytes) + " bytes of JSON.");
  return text;
}

namespace {

// Of a number as JSON has it, "4.25e2" for example: "425". Empty for what is small, negative or too large for us.
std::string whole_part(std::string_view number) {
  auto const mark = std::min(number.find_first_of("eE"), number.size());
  auto const point = std::min(number.find('.'), mark);
  std::size_t power = 0;
  for (char const c : number.substr(std::min(mark + 1, number.size()))) {
    if (c == '+') continue;
    if (c < '0' || c > '9' || power > 99) return {};
    power = power * 10 + static_cast<std::size_t>(c - '0');
  }
  std::string digits(number.substr(0, mark));
  std::erase(digits, '.');
  if (digits.starts_with('-')) return {};
  digits.resize(point + power, '0');
  return digits;
}

bool any_text_of(dom::element value, std::function<bool(std::string_view)> const& is) {
  switch (value.type()) {
    case dom::element_type::OBJECT:
      for (auto const field : dom::object(value)) {
        if (is(field.key) || any_text_of(field.value, is)) return true;
      }
      return false;
    case dom::element_type::ARRAY:
      for (auto const item : dom::array(value)) {
        if (any_text_of(item, is)) return true;
      }
      return false;
    case dom::element_type::STRING: return is(std::string_view(value));
    case dom::element_type::INT64: return is(std::to_string(std::int64_t(value)));
    case dom::element_type::UINT64: return is(std::to_string(std::uint64_t(value)));
    case dom::element_type::DOUBLE: return is(whole_part(simdjson::minify(value)));
    case dom::element_type::BOOL:
    case dom::element_type::NULL_VALUE: return false;
  }
  return false;
}

}  // namespace

bool JsonObject::any_text(std::string_view name, std::function<bool(std::string_view)> const& is) const {
  auto const value = parsed_->find(index_, name);
  return value && any_text_of(*value, is);
}

namespace {

// Exactly, from the digits: a double of at most 15 of them is the decimal number that it was written as.
std::optional<std::int64_t> integer_of_decimal(std::string_view number) {
  bool const negative = number.starts_with('-');
  number.remove_prefix(negative ? 1 : 0);
  auto const mark = std::min(number.find_first_of("eE"), number.size());
  auto const point = std::min(number.find('.'), mark);
  int power = 0;
  if (mark < number.size()) {
    auto exponent = number.substr(mark + 1);
    exponent.remove_prefix(exponent.starts_with('+') ? 1 : 0);
    auto const [end, error] = std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
    if (error != std::errc() || end != exponent.data() + exponent.size()) return std::nullopt;
  }
  std::string digits(number.substr(0, point));
  if (point < mark) {
    digits += number.substr(point + 1, mark - point - 1);
    power -= static_cast<int>(mark - point - 1);
  }
  while (power < 0 && !digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++power;
  }
  if (digits.find_first_not_of('0') == std::string::npos) return 0;
  if (power < 0 || power > 15) return std::nullopt;
  digits.append(static_cast<std::size_t>(power), '0');
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.size() > 15) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return negative ? -value : value;
}

// The rule for every integer of a body; nullopt for what is none, or too large to be one of ours.
std::optional<std::int64_t> integer_of(dom::element value) {
  std::int64_t number = 0;
  if (value.get(number) == simdjson::SUCCESS) return number;
  if (value.type() == dom::element_type::DOUBLE) return integer_of_decimal(simdjson::minify(value));
  return std::nullopt;
}

}  // namespace

JsonObject::Scalar JsonObject::Parsed::scalar(dom::element value) const {
  std::string_view text;
  if (is_string(value, text)) return {text, std::nullopt};
  return {std::nullopt, integer_of(value)};
}

void JsonObject::refuse_null(std::string_view name) {
  dom::element value;
  if (parsed_->error || parsed_->nodes[index_].object.object.at_key(name).get(value) != simdjson::SUCCESS) return;
  if (value.is_null()) {
    fail(name, std::string(name) + " must not be null. Leave it out to mean all of it, or say how much.");
  }
}

std::optional<std::int64_t> JsonObject::optional_integer(std::string_view name, std::int64_t min, std::int64_t max) {
  auto const value = parsed_->find(index_, name);
  if (!value) return std::nullopt;
  auto const number = integer_of(*value);
  if (!number || *number < min || *number > max)
    return fail(name, std::string(name) + " must be an integer from " + std::to_string(min) + " to " +
                          std::to_string(max) + ".");
  return number;
}

std::int64_t JsonObject::required_integer(std::string_view name, std::int64_t min, std::int64_t max) {
  auto const number = optional_integer(name, min, max);
  if (!number) fail(name, std::string(name) + " is required.");
  return number.value_or(0);
}

std::optional<bool> JsonObject::optional_bool(std::string_view name) {
  auto const value = parsed_->find(index_, name);
  if (!value) return std::nullopt;
  bool flag = false;
  if (value->get(flag) != simdjson::SUCCESS) return fail(name, std::string(name) + " must be true or false.");
  return flag;
}

std::optional<JsonObject::Scalar> JsonObject::scalar(std::string_view name) const {
  auto const value = parsed_->find(index_, name);
  return value ? std::optional(parsed_->scalar(*value)) : std::nullopt;
}

namespace {

// The field `value` of this name, an array of `of`. Nothing: it is absent, or an error.
std::optional<dom::array> array_of(JsonObject& object, std::string_view name, std::optional<dom::element> value,
                                   std::string_view of) {
  dom::array array;
  if (value && value->get(array) == simdjson::SUCCESS) return array;
  if (value) object.fail(name, std::string(name) + " must be an array of " + std::string(of) + ".");
  return std::nullopt;
}

}  // namespace

bool JsonObject::each_scalar(std::string_view name, std::string_view of, std::size_t max_count,
                             std::function<void(Scalar const&)> const& take) {
  auto const array = array_of(*this, name, parsed_->find(index_, name), of);
  if (!array) return false;
  for (std::size_t count = 0; dom::element const element : *array) {
    if (count++ == max_count) {
      fail(name, std::string(name) + " may have at most " + std::to_string(max_count) + " elements.");
      return false;
    }
    take(parsed_->scalar(element));
  }
  return true;
}

std::vector<std::string_view> JsonObject::required_strings(std::string_view name, std::size_t max_count,
                                                           std::size_t max_chars, std::string_view too_many_code) {
  auto const array = array_of(*this, name, parsed_->find(index_, name), "strings");
  if (!array) {
    fail(name, std::string(name) + " is required.");
    return {};
  }
  std::vector<std::string_view> strings;
  strings.reserve(std::min(array->size(), max_count));  // size() saturates at 2^24 - 1
  for (dom::element const element : *array) {
    std::string_view text;
    if (strings.size() == max_count) {
      fail(name, std::string(name) + " may have at most " + std::to_string(max_count) + " elements.", too_many_code);
      return {};
    }
    if (element.get(text) != simdjson::SUCCESS || !length_between(text, 1, max_chars) || !is_clean(text)) {
      fail(name, "Every element of " + std::string(name) + " must be a string of 1 to " + characters(max_chars) + ".");
      return {};
    }
    strings.push_back(text);
  }
  return strings;
}

std::optional<JsonObject> JsonObject::optional_object(std::string_view name) {
  auto const value = parsed_->find(index_, name);
  if (!value) return std::nullopt;
  dom::object object;
  if (value->get(object) != simdjson::SUCCESS) return fail(name, std::string(name) + " must be an object.");
  parsed_->add(object, parsed_->nodes[index_].path + std::string(name) + ".");
  return JsonObject(parsed_, parsed_->nodes.size() - 1);
}

std::vector<JsonObject> JsonObject::required_objects(std::string_view name, std::size_t min_count,
                                                     std::size_t max_count) {
  auto const wanted = std::to_string(min_count) + " to " + std::to_string(max_count) + " objects";
  auto const array = array_of(*this, name, parsed_->find(index_, name), wanted);
  if (!array) {
    fail(name, std::string(name) + " is required.");
    return {};
  }
  std::vector<JsonObject> objects;
  for (dom::element const element : *array) {
    dom::object object;
    if (objects.size() == max_count || element.get(object) != simdjson::SUCCESS) {
      fail(name, std::string(name) + " must be an array of " + wanted + ".");
      return {};
    }
    std::string path = parsed_->nodes[index_].path + std::string(name) + "[" + std::to_string(objects.size()) + "].";
    parsed_->add(object, std::move(path));
    objects.push_back(JsonObject(parsed_, parsed_->nodes.size() - 1));
  }
  if (objects.size() < min_count) {
    fail(name, std::string(name) + " must be an array of " + wanted + ".");
    return {};
  }
  return objects;
}

}  // namespace florin::api
