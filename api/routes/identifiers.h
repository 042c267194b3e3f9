// What callers write as request ids, checked.
#pragma once

#include <string_view>

namespace florin::api {

enum class RequestIdProblem : unsigned char { none, missing_or_long, reserved };
// 1–255 characters; the prefix "sub_" is the network's own (CONTRACT, Idempotency).
[[nodiscard]] RequestIdProblem check_request_id(std::string_view id);

}  // namespace florin::api
