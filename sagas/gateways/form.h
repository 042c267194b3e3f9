// application/x-www-form-urlencoded, both ways: what the SMS provider posts to us and we to it.
//
// The decoder is strict, because a signature is checked over what it returns: nothing is repaired, and what two
// readers could read differently is refused. No thread, no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.h"

namespace florin::sagas {

struct FormField {
  std::string name;
  std::string value;
  friend bool operator==(FormField const&, FormField const&) = default;
};
// In the order of the body. Names may repeat.
using Form = std::vector<FormField>;

// An inbound text is about 20 fields and, with the longest body (1,600 characters, each up to 12 bytes encoded), less
// than 24 KB in theory; real ones stay below 3 KB. A text that does not fit is no YES and no code.
inline constexpr std::size_t kFormBytesMax = std::size_t{16} << 10;
inline constexpr std::size_t kFormFieldsMax = 64;

enum class FormError : std::uint8_t {
  too_large,        // over kFormBytesMax
  too_many_fields,  // over kFormFieldsMax
  malformed,        // a byte that must be escaped, an escape cut short, an empty field or name
  not_utf8,         // a name or a value, decoded
};

[[nodiscard]] Result<Form, FormError> decode_form(std::string_view body);
// Everything but letters, digits and -._* is escaped; a space becomes '+'.
[[nodiscard]] std::string encode_form(Form const& form);

// The value of the field called `name` when there is exactly one; nullptr otherwise. A field that is there twice is
// as bad as none: who reads the first and who reads the last would not agree.
[[nodiscard]] std::string const* only_value(Form const& form, std::string_view name);

}  // namespace florin::sagas
