// What callers write for people: e-mails and request ids, checked and brought to one form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace florin::api {

// Trimmed and lower-cased (ASCII), as e-mails are compared; nullopt when it is not local@domain with a sane shape:
// at most 254 bytes, local part at most 64, a dot in the domain, no blanks or control characters (RFC 5321 sizes).
[[nodiscard]] std::optional<std::string> normalise_email(std::string_view text);

enum class RequestIdProblem : unsigned char { none, missing_or_long, reserved };
// 1–255 characters; the prefix "sub_" is the network's own (CONTRACT, Idempotency).
[[nodiscard]] RequestIdProblem check_request_id(std::string_view id);

}  // namespace florin::api
