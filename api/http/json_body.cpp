#include "api/http/json_body.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "api/http/field_value.h"
#include "api/http/json_parsed.h"
#include "api/http/json_scan.h"
#include "api/http/nearest_name.h"
#include "eventstore/runtime/runtime.h"

namespace florin::api {

std::optional<dom::element> JsonObject::Parsed::find(std::size_t node, std::string_view name) const {
  if (error) return std::nullopt;
  auto const& asked = nodes[node].object;
  if (asked.keeps_names) asked.asked.push_back(name);
  dom::element value;
  if (asked.object.at_key(name).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

void JsonObject::Parsed::tell_names() const {
  for (auto const& [object, path] : nodes) {
    for (auto const name : object.asked) names_asked->push_back(path + std::string(name));
  }
}

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
  constexpr std::string_view kSuffix = "+json";
  auto const type = media_type(content_type);
  return iequals(type, "application/json") ||
         (type.size() > kSuffix.size() && iequals(type.substr(type.size() - kSuffix.size()), kSuffix));
}

// What stands in for a number that no 64 bits hold: NUL, which no getter takes, and letters of this process that no
// client knows, so that no text of a client's is taken for it. Short, because a body may hold a million of them.
std::string const& large_number() {
  static std::string const text = [] {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    auto number = eventstore::draw_number<std::uint64_t>(eventstore::machine());
    std::string made(1, '\0');
    for (int i = 0; i < 6; ++i, number /= kLetters.size()) made += kLetters[number % kLetters.size()];
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
  if (text.data() == nullptr) text = "";  // simdjson copies from it, which is undefined even for no bytes
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
  return value.get(text) == simdjson::SUCCESS && is_large_number(text);
}

bool JsonObject::Parsed::is_large_number(std::string_view text) const {
  return has_large_numbers && text == large_number();
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
  mine.strict = request.knows_all_fields;
  mine.names_asked = request.names_asked;
  mine.add(object, "");
  return body;
}

JsonBody::JsonBody(std::unique_ptr<Parsed> parsed, JsonParsers* home)
    : JsonObject(parsed.get(), 0), own_(std::move(parsed)), home_(home) {}
JsonBody::JsonBody(JsonBody&& other) noexcept = default;
JsonBody::~JsonBody() {
  if (own_ != nullptr && own_->names_asked != nullptr) own_->tell_names();
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

}  // namespace florin::api
