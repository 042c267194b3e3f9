// JSON in: a request's body as checked fields. simdjson is the only parser that ever sees a body; its header stays in
// json_body.cpp. Knows no floating point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/message.h"

namespace florin::api {

// The first thing wrong with a body. `field` is a path such as "player_email" or "currencies[0].currency_name", empty
// when it is the body as a whole; it names our fields only, never the caller's data.
struct BodyError {
  int status = 400;
  std::string_view code = "INVALID_REQUEST";
  std::string field;
  std::string message;
};

class JsonParsers;

// Fields of one JSON object. Every getter that finds something wrong records the first error in the body and returns
// an empty value, so that a route reads all its fields and asks JsonBody::error() once. An explicit null is an absent
// field (refuse_null says for which not). Unknown fields are ignored, except where Request::knows_all_fields: there
// error() refuses them, with the nearest known name, in every object that was read, so every field is asked for before
// it. Strings are valid UTF-8 without NUL; lengths count code points. The views hold as long as the JsonBody.
class JsonObject {
 public:
  // 1 to max_chars characters.
  std::string_view required_string(std::string_view name, std::size_t max_chars);
  // Present but empty is a value.
  std::optional<std::string_view> optional_string(std::string_view name, std::size_t max_chars);

  // An integer is one however it is written: 2, 2.0, 2e0 (JSON Schema, 6.1.1). Beyond 10^15 only without a point.
  std::int64_t required_integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t min, std::int64_t max);

  std::optional<bool> optional_bool(std::string_view name);

  // For a field that means "all of it" when it is left out: null is refused, because that is what a client's unset
  // variable becomes.
  void refuse_null(std::string_view name);

  // For values of the routes' own: a string, an integer, or (neither is there) something else. Absent: nothing.
  struct Scalar {
    std::optional<std::string_view> text;
    std::optional<std::int64_t> integer;
  };
  [[nodiscard]] std::optional<Scalar> scalar(std::string_view name) const;
  // Gives take() each element of an array of at most max_count; `of` names them: "game ids". False: absent or wrong.
  bool each_scalar(std::string_view name, std::string_view of, std::size_t max_count,
                   std::function<void(Scalar const&)> const& take);

  // Each string is 1 to max_chars characters. More than max_count elements: 400 with `too_many_code`.
  std::vector<std::string_view> required_strings(std::string_view name, std::size_t max_count, std::size_t max_chars,
                                                 std::string_view too_many_code = "INVALID_REQUEST");

  std::optional<JsonObject> optional_object(std::string_view name);
  // An object of the caller's own, as minified JSON of at most max_bytes: kept, not understood.
  std::optional<std::string> optional_object_text(std::string_view name, std::size_t max_bytes);
  // Whether `is` holds for any key, string or number in the object `name`, at any depth; of numbers the whole
  // part, written out.
  [[nodiscard]] bool any_text(std::string_view name, std::function<bool(std::string_view)> const& is) const;
  std::vector<JsonObject> required_objects(std::string_view name, std::size_t min_count, std::size_t max_count);

  [[nodiscard]] bool has(std::string_view name) const;

  // For a route's own rule about a field; kept only when it is the first error. A getter returns it as its own nothing.
  std::nullopt_t fail(std::string_view name, std::string_view message, std::string_view code = "INVALID_REQUEST");

 protected:
  friend class JsonParsers;
  struct Parsed;
  JsonObject(Parsed* parsed, std::size_t index) : parsed_(parsed), index_(index) {}

  Parsed* parsed_;     // owned by the JsonBody
  std::size_t index_;  // of this object in parsed_
};

// A request's body as one JSON object. Refuses a wrong content type (415), malformed JSON (naming line and column),
// invalid UTF-8 (half a surrogate pair included), anything but an object, duplicate keys at any depth (two readers
// could see two amounts), more than kMaxJsonKeys of them in all objects together and nesting deeper than 16. After a
// refusal every getter returns an empty value and error() tells.
//
//   auto body = JsonBody::parse(request);
//   auto const email = body.required_string("player_email", 254);
//   auto const amount = body.required_integer("amount", 1, 100);
//   if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
class JsonBody : public JsonObject {
 public:
  [[nodiscard]] static JsonBody parse(Request const& request);
  ~JsonBody();
  JsonBody(JsonBody&& other) noexcept;
  JsonBody& operator=(JsonBody&&) = delete;

  // The first error; nullptr when all is well.
  [[nodiscard]] BodyError const* error() const;

 private:
  JsonBody(std::unique_ptr<Parsed> parsed, JsonParsers* home);
  std::unique_ptr<Parsed> own_;
  JsonParsers* home_;
};

// A few parsers kept warm, one set per io thread (not thread-safe). A body borrows one, so that its views stay good
// while its handler is suspended and others parse.
class JsonParsers {
 public:
  JsonParsers();
  ~JsonParsers();

 private:
  friend class JsonBody;
  std::unique_ptr<JsonObject::Parsed> take();
  void give_back(std::unique_ptr<JsonObject::Parsed> parsed);

  std::vector<std::unique_ptr<JsonObject::Parsed>> idle_;
};

// Nesting of a request body. Our deepest has four levels.
inline constexpr std::size_t kMaxJsonDepth = 16;
// Keys of a request body: each is compared with the others of its object. Ours have some dozens; the largest texts of a
// caller's own hold a few thousand.
inline constexpr std::size_t kMaxJsonKeys = 8'192;

// The reply to a body whose Content-Type is not JSON's; nothing when it is.
[[nodiscard]] std::optional<BodyError> check_json_type(std::string_view content_type);

}  // namespace florin::api
