// The OpenAPI document of every route, as JSON: the table of routes and the texts in api/openapi/, put together by the
// build (api/openapi/README.md). What /openapi.json answers and what the contract tests check every reply against.
// Any thread; static storage.
#pragma once

#include <string>
#include <string_view>

namespace florin::api {

[[nodiscard]] std::string_view openapi_json();      // 3.1
[[nodiscard]] std::string_view openapi_3_0_json();  // derived from it, for generators that read nothing newer

// A document as it is served, and the entity tag of its bytes.
struct ApiDocument {
  std::string_view json;
  std::string tag;
};
[[nodiscard]] ApiDocument document_of(std::string_view json);

}  // namespace florin::api
