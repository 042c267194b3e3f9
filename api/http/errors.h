// The error envelope (CONTRACT, Conventions, Errors).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/json.h"
#include "api/http/message.h"

namespace florin::api {

struct ErrorExtra {
  std::string_view name;
  std::string json;  // already serialised value
};

// {"status":"error","error":…,"message":…,"error_code":…,"error_id":…,"timestamp":…, extras}, and "retry_after" with
// the header when retry_after_seconds > 0. "error" repeats the message, unless a seed shows a token there
// (velocity_limit_exceeded). `message` says what was wrong and what to do, without personal data.
// Writes the log line that carries error_id, method, route pattern (or the first two path segments), status and code;
// never a body, a key or personal data. error_id is "ERR_<yyyymmdd>_<the Request-Id's 16 hex digits>". For a 401 there
// is unauthorized_response().
[[nodiscard]] Response error_response(Request const& request, int status, std::string_view code,
                                      std::string_view message, std::vector<ErrorExtra> const& extras = {},
                                      int retry_after_seconds = 0, std::string_view error_token = {});

// 401 with the challenge, a static text, that RFC 9110 demands of it.
[[nodiscard]] Response unauthorized_response(Request const& request, std::string_view challenge, std::string_view code,
                                             std::string_view message);

// With a "field" extra when the error names one.
[[nodiscard]] Response body_error_response(Request const& request, BodyError const& error);

// What a log line may say of a request's target: the matched pattern; otherwise the first two path segments, a
// segment that could hold anything personal replaced by "*".
[[nodiscard]] std::string loggable_path(Request const& request);

}  // namespace florin::api
