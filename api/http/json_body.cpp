#include "api/http/json_body.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <random>

#include <simdjson.h>

#include "api/http/json_scan.h"
#include "api/http/nearest_name.h"

namespace florin::api {

namespace dom = simdjson::dom;

namespace {

// An object, and where unknown fields are refused the names that were asked of it: what else it holds is unknown.
struct AskedObject {
  dom::object object;
  bool strict = false;
  mutable std::vector<std::string_view> asked;
};

// CONTRACT, Errors: unknown fields are ignored, but not on operators' routes.
bool refuses_unknown_fields(std::string_view route) {
  return route.starts_with("/admin/") || route.starts_with("/sandbox/admin/");
}

}  // namespace

// A parser, the document in it, and what JsonObjects point at.
struct JsonObject::Parsed {
  struct Node {
    AskedObject object;
    std::string path;  // "" for the root, otherwise "bank." or "currencies[0]."
  };

  void reset() {
    nodes.clear();
    error.reset();
    has_large_numbers = false;
    strict = false;
    pending.reset();
  }

  // Where unknown fields are refused, the first thing wrong waits until every field has been asked for: a mistyped
  // name says more than that the right one is missing.
  void fail(BodyError wrong) {
    auto& first = strict ? pending : error;
    if (!first) first = std::move(wrong);
  }
  void end_strict();

  void add(dom::object object, std::string path) { nodes.push_back({{object, strict, {}}, std::move(path)}); }

  // Reads `text` as one JSON value. False: `error` says why not.
  bool read(std::string_view text, dom::element& root);
  // Whether the value stands for a number that no 64 bits hold.
  [[nodiscard]] bool is_large_number(dom::element value) const;
  // The value's text; false for anything but a string.
  [[nodiscard]] bool is_string(dom::element value, std::string_view& text) const {
    return value.get(text) == simdjson::SUCCESS && !is_large_number(value);
  }

  // True when a key comes twice in `object` or in anything inside it, or when all of them are too many.
  bool has_bad_keys(dom::object object);
  bool has_bad_keys(dom::element element);

  dom::parser parser;  // its set_max_capacity() is broken in 3.0.1; bodies are bounded before they come here
  std::vector<Node> nodes;
  std::vector<std::string_view> keys;  // scratch: a stack of the open objects' keys
  std::size_t keys_seen = 0;           // of this body
  std::optional<BodyError> error;
  bool has_large_numbers = false;  // in their place stands large_number(), which no getter takes
  bool strict = false;
  std::optional<BodyError> pending;  // while strict
};

void JsonObject::Parsed::end_strict() {
  if (!std::exchange(strict, false)) return;
  for (auto const& [object, path] : nodes) {
    for (auto const field : object.object) {
      if (std::find(object.asked.begin(), object.asked.end(), field.key) != object.asked.end()) continue;
      auto const name = shortened_name(field.key);
      auto known = object.asked;
      std::sort(known.begin(), known.end());
      known.erase(std::unique(known.begin(), known.end()), known.end());
      std::string message = "Unknown field '";
      message.append(path).append(name).append("': ").append(nearest_hint(field.key, known));
      if (!message.ends_with('?')) message += '.';
      fail({400, "INVALID_REQUEST", path + std::string(name), std::move(message)});
      return;
    }
  }
  error = std::move(pending);
}

// Recursion is bounded by the parser's depth.
bool JsonObject::Parsed::has_bad_keys(dom::element element) {
  switch (element.type()) {
    case dom::element_type::OBJECT: return has_bad_keys(dom::object(element));
    case dom::element_type::ARRAY:
      for (dom::element const inner : dom::array(element)) {
        if (has_bad_keys(inner)) return true;
      }
      return false;
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE:
    case dom::element_type::STRING:
    case dom::element_type::BOOL:
    case dom::element_type::NULL_VALUE: return false;
  }
  return false;
}

bool JsonObject::Parsed::has_bad_keys(dom::object object) {
  std::size_t const base = keys.size();
  for (auto const field : object) {
    if (++keys_seen > kMaxJsonKeys || has_bad_keys(field.value)) return true;
    keys.push_back(field.key);
  }
  auto const mine = keys.begin() + static_cast<std::ptrdiff_t>(base);
  bool duplicate = false;
  if (keys.size() - base <= 24) {
    for (auto a = mine; a != keys.end() && !duplicate; ++a) duplicate = std::find(mine, a, *a) != a;
  } else {  // n log n whatever the keys: a hash could be attacked
    std::sort(mine, keys.end());
    duplicate = std::adjacent_find(mine, keys.end()) != keys.end();
  }
  keys.resize(base);
  return duplicate;
}

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

// Of valid JSON: whether an escape is half of a surrogate pair, which is no character. simdjson lets some of them
// through, as bytes that are not UTF-8, and a text that is kept as JSON would carry the escape on to its readers.
bool has_half_pair(std::string_view json) {
  auto const unit = [&](std::size_t at) -> unsigned {  // of "\uXXXX" at `at`; 0 for anything else
    unsigned code = 0;
    if (json.substr(at, 2) != "\\u" || at + 6 > json.size()) return 0;
    auto const* const end = json.data() + at + 6;
    return std::from_chars(json.data() + at + 2, end, code, 16).ptr == end ? code : 0;
  };
  for (auto at = json.find('\\'); at != std::string_view::npos; at = json.find('\\', at)) {
    auto const code = unit(at);
    bool const high = code >= 0xd800 && code <= 0xdbff;
    if (code >= 0xdc00 && code <= 0xdfff) return true;
    if (high) {
      auto const low = unit(at + 6);
      if (low < 0xdc00 || low > 0xdfff) return true;
    }
    at += high ? 12 : 2;
  }
  return false;
}

bool is_json(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  auto const equal = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; };
  constexpr std::string_view kPlain = "application/json";
  constexpr std::string_view kSuffix = "+json";
  return std::equal(type.begin(), type.end(), kPlain.begin(), kPlain.end(), equal) ||
         (type.size() > kSuffix.size() && std::equal(type.end() - static_cast<std::ptrdiff_t>(kSuffix.size()),
                                                     type.end(), kSuffix.begin(), kSuffix.end(), equal));
}

// What stands in for a number that no 64 bits hold: NUL, which no getter takes, and letters of this process that no
// client knows, so that no text of a client's is taken for it. Short, because a body may hold a million of them.
std::string const& large_number() {
  static std::string const text = [] {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::random_device device;
    std::uniform_int_distribution<std::size_t> any(0, kLetters.size() - 1);
    std::string made(1, '\0');
    for (int i = 0; i < 6; ++i) made += kLetters[any(device)];
    return made;
  }();
  return text;
}
std::string large_number_json() { return "\"\\u0000" + large_number().substr(1) + '"'; }

// `broken_at`: the first byte that is wrong; nullopt: not known.
std::string malformed_message(simdjson::error_code error, std::string_view text, std::optional<std::size_t> broken_at) {
  // Every other code is one more way of not being JSON; the parser's words would not help a caller.
  if (error == simdjson::EMPTY) return "The body is empty; send a JSON object.";
  if (error == simdjson::DEPTH_ERROR) return "The body is nested too deeply (at most 16 levels).";
  std::string const where = broken_at ? " at " + line_and_column(text, *broken_at) : std::string();
  return (error == simdjson::UTF8_ERROR ? "The body is not valid UTF-8" : "The body is not valid JSON") + where + ".";
}

}  // namespace

bool JsonObject::Parsed::read(std::string_view text, dom::element& root) {
  // allocate() alone sets the depth, and only when it allocates: ask before the parser grows by itself.
  std::size_t const needed = std::max<std::size_t>(text.size(), 4096);
  if (parser.capacity() < needed && parser.allocate(needed + needed / 4, kMaxJsonDepth) != simdjson::SUCCESS) {
    fail({413, "PAYLOAD_TOO_LARGE", "", "The body is too large."});
    return false;
  }
  auto const refused = parser.parse(text.data(), text.size()).get(root);
  if (refused == simdjson::SUCCESS) return true;
  auto const scan = scan_json(text);
  if (scan.broken_at || scan.large_numbers.empty() || has_large_numbers) {
    fail({400, "INVALID_REQUEST", "", malformed_message(refused, text, scan.broken_at)});
    return false;
  }
  // JSON all the same. Where the number is asked for, its getter refuses it; where it is not, it is ignored.
  has_large_numbers = true;
  std::string const stand_in = large_number_json();
  std::string smaller;
  std::size_t copied = 0;
  for (auto const& number : scan.large_numbers) {
    smaller.append(text.substr(copied, number.begin - copied)).append(stand_in);
    copied = number.end;
  }
  smaller.append(text.substr(copied));
  return read(smaller, root);
}

bool JsonObject::Parsed::is_large_number(dom::element value) const {
  std::string_view text;
  return has_large_numbers && value.get(text) == simdjson::SUCCESS && text == large_number();
}

std::optional<BodyError> check_json_type(std::string_view content_type) {
  if (is_json(content_type)) return std::nullopt;
  return BodyError{415, "UNSUPPORTED_MEDIA_TYPE", "", "Send the body as JSON with Content-Type: application/json."};
}

JsonBody JsonBody::parse(Request const& request) {
  auto parsed = request.parsers != nullptr ? request.parsers->take() : std::make_unique<Parsed>();
  parsed->reset();
  JsonBody body(std::move(parsed), request.parsers);
  Parsed& mine = *body.parsed_;
  if (auto wrong = check_json_type(request.content_type)) {
    mine.fail(std::move(*wrong));
    return body;
  }
  dom::element root;
  if (!mine.read(request.body, root)) return body;
  if (has_half_pair(request.body)) {
    mine.fail({400, "INVALID_REQUEST", "",
               "The body holds an escape from \\ud800 to \\udfff without its other half: that is no character."});
    return body;
  }
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    mine.fail({400, "INVALID_REQUEST", "", "The body must be a JSON object."});
    return body;
  }
  mine.keys.clear();
  mine.keys_seen = 0;
  if (mine.has_bad_keys(object)) {
    if (mine.keys_seen > kMaxJsonKeys) {
      mine.fail(
          {400, "INVALID_REQUEST", "",
           "The body has more than " + std::to_string(kMaxJsonKeys) + " keys; send only the fields of this call."});
      return body;
    }
    mine.fail({400, "INVALID_REQUEST", "", "A key comes twice in one object of the body; send each key once."});
    return body;
  }
  mine.strict = refuses_unknown_fields(request.route);
  mine.add(object, "");
  return body;
}

JsonBody::JsonBody(std::unique_ptr<Parsed> parsed, JsonParsers* home)
    : JsonObject(parsed.get(), 0), own_(std::move(parsed)), home_(home) {}
JsonBody::JsonBody(JsonBody&& other) noexcept = default;
JsonBody::~JsonBody() {
  if (own_ != nullptr && home_ != nullptr) home_->give_back(std::move(own_));
}

BodyError const* JsonBody::error() const {
  parsed_->end_strict();
  return parsed_->error ? &*parsed_->error : nullptr;
}

JsonParsers::JsonParsers() = default;
JsonParsers::~JsonParsers() = default;

std::unique_ptr<JsonObject::Parsed> JsonParsers::take() {
  if (idle_.empty()) return std::make_unique<JsonObject::Parsed>();
  auto parsed = std::move(idle_.back());
  idle_.pop_back();
  return parsed;
}

void JsonParsers::give_back(std::unique_ptr<JsonObject::Parsed> parsed) {
  // A parser takes about 14 times its capacity. 64 of 64 KiB a thread is plenty for purchases; the rare large batch
  // pays for its own.
  constexpr std::size_t kIdleMax = 64;
  constexpr std::size_t kKeptCapacityMax = std::size_t{64} << 10;
  if (idle_.size() < kIdleMax && parsed->parser.capacity() <= kKeptCapacityMax) idle_.push_back(std::move(parsed));
}

namespace {

// The field's value, or nothing when it is absent or null.
std::optional<dom::element> find(AskedObject const& asked, std::string_view name) {
  if (asked.strict) asked.asked.push_back(name);
  dom::element value;
  if (asked.object.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

std::string characters(std::size_t max) { return std::to_string(max) + (max == 1 ? " character" : " characters"); }

}  // namespace

void JsonObject::fail(std::string_view name, std::string_view message, std::string_view code) {
  if (parsed_->error) return;
  std::string field = parsed_->nodes[index_].path;
  field += name;
  parsed_->fail({400, code, std::move(field), std::string(message)});
}

bool JsonObject::has(std::string_view name) const {
  return !parsed_->error && find(parsed_->nodes[index_].object, name).has_value();
}

std::optional<std::string_view> JsonObject::optional_string(std::string_view name, std::size_t max_chars) {
  if (parsed_->error) return std::nullopt;
  auto const value = find(parsed_->nodes[index_].object, name);
  if (!value) return std::nullopt;
  std::string_view text;
  if (!parsed_->is_string(*value, text)) {
    fail(name, std::string(name) + " must be a string.");
  } else if (!is_clean(text)) {
    fail(name, std::string(name) + " holds a character that is not allowed.");
  } else if (!length_between(text, 0, max_chars)) {
    fail(name, std::string(name) + " must be at most " + characters(max_chars) + " long.");
  } else {
    return text;
  }
  return std::nullopt;
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
  if (parsed_->error) return std::nullopt;
  auto const value = find(parsed_->nodes[index_].object, name);
  if (!value) return std::nullopt;
  if (!value->is_object()) {
    fail(name, std::string(name) + " must be an object.");
    return std::nullopt;
  }
  if (any_text(name, [&](std::string_view inner) { return parsed_->has_large_numbers && inner == large_number(); })) {
    fail(name, std::string(name) + " holds a number that is too large to be kept; send it as a string.");
    return std::nullopt;
  }
  std::string text = simdjson::minify(*value);
  if (text.size() > max_bytes) {
    fail(name, std::string(name) + " must be at most " + std::to_string(max_bytes) + " bytes of JSON.");
    return std::nullopt;
  }
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
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
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
  if (parsed_->error) return false;
  auto const value = find(parsed_->nodes[index_].object, name);
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

// The rule for every id of a body: an integer above zero, or a string of its digits.
std::optional<std::uint64_t> id_of(dom::element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return domain::parse_number(text);
  auto const number = integer_of(value);
  return number && *number > 0 ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> JsonObject::optional_id(std::string_view name) {
  if (parsed_->error) return std::nullopt;
  auto const value = find(parsed_->nodes[index_].object, name);
  if (!value) return std::nullopt;
  constexpr std::uint64_t kMaxId = 0xffff'ffff;
  auto const id = id_of(*value);
  if (!id || *id > kMaxId) {
    fail(name, std::string(name) + " must be an id: an integer from 1 to " + std::to_string(kMaxId) +
                   ", or its digits as a string.");
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*id);
}

std::string JsonObject::required_code(std::string_view name, CodeForm form) {
  auto code = plain_code(required_string(name, 64));
  if (parsed_->error || has_form(code, form)) return code;
  fail(name, std::string(name) + (form == CodeForm::six_digits
                                      ? " must be the 6 digits of the text message. No attempt was used."
                                      : " must be the 16 letters and digits of the text message, such as "
                                        "7K3M-Q9TB-4X2A-W8YZ."));
  return {};
}

void JsonObject::refuse_null(std::string_view name) {
  dom::element value;
  if (parsed_->error || parsed_->nodes[index_].object.object.at_key(name).get(value) != simdjson::SUCCESS) return;
  if (value.is_null()) {
    fail(name, std::string(name) + " must not be null. Leave it out to mean all of it, or say how much.");
  }
}

std::optional<std::int64_t> JsonObject::optional_integer(std::string_view name, std::int64_t min, std::int64_t max) {
  if (parsed_->error) return std::nullopt;
  auto const value = find(parsed_->nodes[index_].object, name);
  if (!value) return std::nullopt;
  auto const number = integer_of(*value);
  if (!number || *number < min || *number > max) {
    fail(name,
         std::string(name) + " must be an integer from " + std::to_string(min) + " to " + std::to_string(max) + ".");
    return std::nullopt;
  }
  return number;
}

std::int64_t JsonObject::required_integer(std::string_view name, std::int64_t min, std::int64_t max) {
  auto const number = optional_integer(name, min, max);
  if (!number) fail(name, std::string(name) + " is required.");
  return number.value_or(0);
}

std::optional<bool> JsonObject::optional_bool(std::string_view name) {
  if (parsed_->error) return std::nullopt;
  auto const value = find(parsed_->nodes[index_].object, name);
  if (!value) return std::nullopt;
  bool flag = false;
  if (value->get(flag) != simdjson::SUCCESS) {
    fail(name, std::string(name) + " must be true or false.");
    return std::nullopt;
  }
  return flag;
}

bool JsonObject::required_bool(std::string_view name) {
  auto const flag = optional_bool(name);
  if (!flag) fail(name, std::string(name) + " is required.");
  return flag.value_or(false);
}

namespace {

// Digits, then at most two decimals: an amount by its form, however large.
bool is_decimal(std::string_view text) {
  auto const digits = [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  auto const point = text.find('.');
  if (point == std::string_view::npos) return digits(text);
  auto const decimals = text.substr(point + 1);
  return digits(text.substr(0, point)) && digits(decimals) && decimals.size() <= 2;
}

}  // namespace

std::optional<domain::Money> JsonObject::amount_of(std::string_view name, domain::Money min, domain::Money max,
                                                   bool required) {
  if (parsed_->error) return std::nullopt;
  auto const value = find(parsed_->nodes[index_].object, name);
  if (!value) {
    if (required) fail(name, std::string(name) + " is required.");
    return std::nullopt;
  }
  std::string_view text;
  std::optional<domain::Money> amount;
  if (value->get(text) == simdjson::SUCCESS) amount = domain::parse_amount(text);
  bool const too_large = !amount && is_decimal(text);
  if (!amount && !too_large) {
    fail(name, std::string(name) + " must be a decimal string with at most two decimals, such as \"100.50\".",
         "INVALID_AMOUNT");
    return std::nullopt;
  }
  if (too_large || *amount < min || *amount > max) {
    fail(name, std::string(name) + " must be from " + domain::to_string(min) + " to " + domain::to_string(max) + ".",
         "INVALID_AMOUNT");
    return std::nullopt;
  }
  return amount;
}

domain::Money JsonObject::required_amount(std::string_view name, domain::Money min, domain::Money max) {
  return amount_of(name, min, max, true).value_or(domain::Money{});
}

std::optional<domain::Money> JsonObject::optional_amount(std::string_view name, domain::Money min, domain::Money max) {
  return amount_of(name, min, max, false);
}

std::optional<domain::BasisPoints> JsonObject::optional_percentage(std::string_view name) {
  if (parsed_->error) return std::nullopt;
  auto const value = find(parsed_->nodes[index_].object, name);
  if (!value) return std::nullopt;
  std::string_view text;
  std::optional<domain::BasisPoints> rate;
  if (value->get(text) == simdjson::SUCCESS) {
    rate = domain::parse_percentage(text);
  } else if (auto const whole = integer_of(*value); whole && *whole >= 0 && *whole <= 100) {
    rate = domain::BasisPoints(static_cast<std::int32_t>(*whole) * 100);
  }
  if (!rate) fail(name, std::string(name) + " must be a decimal string from \"0\" to \"100\", such as \"3.5\".");
  return rate;
}

namespace {

std::optional<domain::GameId> game_id(dom::element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return domain::parse_game_id(text);
  auto const number = id_of(value);
  return number && domain::is_game_id(*number) ? std::optional(domain::GameId(*number)) : std::nullopt;
}

}  // namespace

std::optional<domain::GameId> JsonObject::game_id_of(std::string_view name, bool required) {
  if (parsed_->error) return std::nullopt;
  auto const value = find(parsed_->nodes[index_].object, name);
  if (!value) {
    if (required) fail(name, std::string(name) + " is required.");
    return std::nullopt;
  }
  auto const id = game_id(*value);
  if (!id) fail(name, std::string(name) + " must be a game id: 12 digits.");
  return id;
}

domain::GameId JsonObject::required_game_id(std::string_view name) {
  return game_id_of(name, true).value_or(domain::GameId{});
}

std::optional<domain::GameId> JsonObject::optional_game_id(std::string_view name) { return game_id_of(name, false); }

std::optional<std::vector<domain::GameId>> JsonObject::optional_game_ids(std::string_view name, std::size_t max_count) {
  if (parsed_->error) return std::nullopt;
  auto const value = find(parsed_->nodes[index_].object, name);
  if (!value) return std::nullopt;
  dom::array array;
  if (value->get(array) != simdjson::SUCCESS) {
    fail(name, std::string(name) + " must be an array of game ids.");
    return std::nullopt;
  }
  std::vector<domain::GameId> ids;
  for (dom::element const element : array) {
    if (ids.size() == max_count) {
      fail(name, std::string(name) + " may have at most " + std::to_string(max_count) + " elements.");
      return std::nullopt;
    }
    auto const id = game_id(element);
    if (!id) {
      fail(name, "Every element of " + std::string(name) + " must be a game id: 12 digits.");
      return std::nullopt;
    }
    ids.push_back(*id);
  }
  return ids;
}

std::vector<std::string_view> JsonObject::required_strings(std::string_view name, std::size_t max_count,
                                                           std::size_t max_chars, std::string_view too_many_code) {
  if (parsed_->error) return {};
  auto const value = find(parsed_->nodes[index_].object, name);
  dom::array array;
  if (!value) {
    fail(name, std::string(name) + " is required.");
    return {};
  }
  if (value->get(array) != simdjson::SUCCESS) {
    fail(name, std::string(name) + " must be an array of strings.");
    return {};
  }
  std::vector<std::string_view> strings;
  strings.reserve(std::min(array.size(), max_count));  // size() saturates at 2^24 - 1
  for (dom::element const element : array) {
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
  if (parsed_->error) return std::nullopt;
  auto const value = find(parsed_->nodes[index_].object, name);
  if (!value) return std::nullopt;
  dom::object object;
  if (value->get(object) != simdjson::SUCCESS) {
    fail(name, std::string(name) + " must be an object.");
    return std::nullopt;
  }
  parsed_->add(object, parsed_->nodes[index_].path + std::string(name) + ".");
  return JsonObject(parsed_, parsed_->nodes.size() - 1);
}

std::vector<JsonObject> JsonObject::required_objects(std::string_view name, std::size_t min_count,
                                                     std::size_t max_count) {
  if (parsed_->error) return {};
  auto const value = find(parsed_->nodes[index_].object, name);
  dom::array array;
  if (!value) {
    fail(name, std::string(name) + " is required.");
    return {};
  }
  std::string const wanted = std::string(name) + " must be an array of " + std::to_string(min_count) + " to " +
                             std::to_string(max_count) + " objects.";
  if (value->get(array) != simdjson::SUCCESS) {
    fail(name, wanted);
    return {};
  }
  std::vector<JsonObject> objects;
  for (dom::element const element : array) {
    dom::object object;
    if (objects.size() == max_count || element.get(object) != simdjson::SUCCESS) {
      fail(name, wanted);
      return {};
    }
    std::string path = parsed_->nodes[index_].path + std::string(name) + "[" + std::to_string(objects.size()) + "].";
    parsed_->add(object, std::move(path));
    objects.push_back(JsonObject(parsed_, parsed_->nodes.size() - 1));
  }
  if (objects.size() < min_count) {
    fail(name, wanted);
    return {};
  }
  return objects;
}

}  // namespace florin::api
