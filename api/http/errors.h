// The error envelope (CONTRACT, Conventions, Errors) and the one switch from refusals to HTTP.
#pragma once

#include <string_view>

#include "api/http/message.h"
#include "domain/rejections.h"

namespace florin::api {

struct ErrorExtra {
  std::string_view name;
  std::string json;  // already serialised value
};

// {"status":"error","error":…,"message":…,"error_code":…,"error_id":…,"timestamp":…, extras}. Writes the log line that
// carries error_id, method, path template, status and code; never a body, a key or personal data.
[[nodiscard]] Response error_response(Request const& request, int status, std::string_view code,
                                      std::string_view message, std::vector<ErrorExtra> extras = {},
                                      int retry_after_seconds = 0);

// Exhaustive over Rejection.
[[nodiscard]] Response refusal_response(Request const& request, domain::Refusal const& refusal);

}  // namespace florin::api
