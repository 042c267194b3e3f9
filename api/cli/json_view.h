// Shows a JSON reply of the server to a person: fields as aligned names and values, lists of objects as tables in which
// an object's fields are columns a.b.
#pragma once

#include <string>
#include <string_view>

#include <simdjson.h>

namespace florin::api::cli {

[[nodiscard]] std::string render(simdjson::dom::element reply);

// The text of a scalar; "-" for null, "" for an absent field or a list or object.
[[nodiscard]] std::string scalar_text(simdjson::simdjson_result<simdjson::dom::element> value);

}  // namespace florin::api::cli
