// The OpenAPI 3.1 document of every route, as JSON: api/openapi.yaml, embedded by the build (api/openapi_embed.py).
// What /openapi.json answers and what the contract tests check every reply against. Any thread; static storage.
#pragma once

#include <string_view>

namespace florin::api {

[[nodiscard]] std::string_view openapi_json();

}  // namespace florin::api
