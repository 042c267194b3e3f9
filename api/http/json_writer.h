// JSON out: appends a reply to a string. Knows no floating point.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/time.h"

namespace florin::api {

// Appends JSON to `out`, which outlives it; puts the commas. Names are ours and are not escaped; values are. A method
// with a name writes a member of the open object, one without writes an element of the open array (or the root).
//
//   JsonWriter json(response.body);
//   json.begin_object();
//   json.string("status", "success");
//   json.begin_array("balances");
//   …
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void begin_object(std::string_view name) { key(name), open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void begin_array(std::string_view name) { key(name), open('['); }
  void end_array() { close(']'); }
  // An array of objects: write(item) writes the members of each.
  template <class Items, class Write>
  void objects(std::string_view name, Items const& items, Write const& write) {
    begin_array(name);
    for (auto const& item : items) {
      begin_object();
      write(item);
      end_object();
    }
    end_array();
  }

  void string(std::string_view value);
  void string(std::string_view name, std::string_view value) { key(name), string(value); }
  void string_or_null(std::string_view name, std::optional<std::string_view> const& value);
  void text_or_null(std::string_view name, std::string_view value) { value.empty() ? null(name) : string(name, value); }
  void integer(std::int64_t value);
  void integer(std::string_view name, std::int64_t value) { key(name), integer(value); }
  void integer(std::string_view name, std::uint64_t value);
  void integer(std::string_view name, int value) { integer(name, std::int64_t{value}); }
  void integer(std::string_view name, unsigned value) { integer(name, std::uint64_t{value}); }
  void boolean(std::string_view name, bool value) { raw(name, value ? "true" : "false"); }
  void null(std::string_view name) { raw(name, "null"); }
  // A decimal string, as append_amount() of its namespace writes it.
  template <class Amount>
  void amount(std::string_view name, Amount value) {
    key(name);
    separate();
    out_.push_back('"');
    append_amount(out_, value);
    out_.push_back('"');
  }
  // "2026-11-20T12:34:56Z"
  void time(std::string_view name, domain::Timestamp value);
  template <class Amount>
  void amount_or_null(std::string_view name, std::optional<Amount> value) {
    value ? amount(name, *value) : null(name);
  }
  // Null for zero, which is no id and no time of anything.
  void id_or_null(std::string_view name, std::uint64_t value) { value == 0 ? null(name) : integer(name, value); }
  void time_or_null(std::string_view name, domain::Timestamp value) {
    value == domain::Timestamp{} ? null(name) : time(name, value);
  }
  // Already JSON. Bytes that are not UTF-8 become U+FFFD, as in every string: an old log may hold such a byte, and what
  // is printed of it must still be JSON.
  void raw(std::string_view json);
  void raw(std::string_view name, std::string_view json) { key(name), raw(json); }

 private:
  void key(std::string_view name);
  void separate() {
    if (comma_) out_.push_back(',');
    comma_ = true;
  }
  void open(char bracket) {
    separate();
    out_.push_back(bracket);
    comma_ = false;
  }
  void close(char bracket) {
    out_.push_back(bracket);
    comma_ = true;
  }

  std::string& out_;
  bool comma_ = false;
};

// Appends `text` with JSON's escapes, without quotes. A byte that is not UTF-8 becomes U+FFFD: what is written is JSON
// whatever the text is.
void append_json_escaped(std::string& out, std::string_view text);
// The same as a JSON string.
[[nodiscard]] std::string json_text(std::string_view text);

}  // namespace florin::api
