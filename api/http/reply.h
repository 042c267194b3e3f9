// Response -> the head of an HTTP/1.1 reply.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/message.h"

namespace florin::api {

struct ReplyFraming {
  bool keep_alive = true;
  bool http10 = false;               // a stream is delimited by the close then
  std::string_view date;             // "Sun, 06 Nov 1994 08:49:37 GMT"; empty: no Date header
  std::string_view position_header;  // RouterOptions::position_header
};

// Not 204 and 304, which end with their head (RFC 9112, 6.3).
[[nodiscard]] constexpr bool status_has_content(int status) { return status != 204 && status != 304; }

// Appends the status line, the headers and the empty line.
void append_head(std::string& out, Response const& response, std::uint64_t request_id, ReplyFraming const& framing);

// The Date header's form of a time; `unix_seconds` from 1970 to 9999.
[[nodiscard]] std::string http_date(std::int64_t unix_seconds);

}  // namespace florin::api
