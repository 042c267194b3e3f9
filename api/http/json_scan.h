// Where a text stops being JSON, and which of its numbers no 64 bits hold: simdjson says neither. Asked only when
// simdjson has refused a body; it reads no values, so that there is one reader of values. Pure; linear; no recursion.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace florin::api {

struct JsonScan {
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  // The first byte at which no JSON can go on (RFC 8259, in UTF-8); the text's size when it ends too early. nullopt:
  // the text is one JSON value.
  std::optional<std::size_t> broken_at;
  // Integers outside [-2^63, 2^64) and numbers from 1e308 on, in order. All those before broken_at.
  std::vector<Span> large_numbers;
};
[[nodiscard]] JsonScan scan_json(std::string_view text);

// "line 2, column 14": lines end at LF, columns count characters, both from 1.
[[nodiscard]] std::string line_and_column(std::string_view text, std::size_t at);

}  // namespace florin::api
