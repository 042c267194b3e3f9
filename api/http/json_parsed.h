// The shared inside of json_body.cpp, which parses a body, and json_fields.cpp, which reads its fields. simdjson stays
// in these.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "api/http/json_body.h"

namespace florin::api {

namespace dom = simdjson::dom;

// An object, and where unknown fields are refused, or a test wants to know, the names that were asked of it.
struct AskedObject {
  dom::object object;
  bool keeps_names = false;
  mutable std::vector<std::string_view> asked;
};

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
    names_asked = nullptr;
  }

  // Where unknown fields are refused, the first thing wrong waits until every field has been asked for: a mistyped
  // name says more than that the right one is missing.
  void fail(BodyError wrong) {
    auto& first = strict ? pending : error;
    if (!first) first = std::move(wrong);
  }
  // The field of the object `node`, or nothing when it is absent or null, or when something was wrong before.
  [[nodiscard]] std::optional<dom::element> find(std::size_t node, std::string_view name) const;

  void end_strict();
  void tell_names() const;

  void add(dom::object object, std::string path) {
    nodes.push_back({{object, strict || names_asked != nullptr, {}}, std::move(path)});
  }

  // Reads `text` as one JSON value. False: `error` says why not.
  bool read(std::string_view text, dom::element& root);
  // Whether the value stands for a number that no 64 bits hold.
  [[nodiscard]] bool is_large_number(dom::element value) const;
  [[nodiscard]] bool is_large_number(std::string_view text) const;
  // The value's text; false for anything but a string.
  [[nodiscard]] bool is_string(dom::element value, std::string_view& text) const {
    return value.get(text) == simdjson::SUCCESS && !is_large_number(value);
  }

  [[nodiscard]] Scalar scalar(dom::element value) const;

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
  std::optional<BodyError> pending;                 // while strict
  std::vector<std::string>* names_asked = nullptr;  // Request::names_asked
};

}  // namespace florin::api
