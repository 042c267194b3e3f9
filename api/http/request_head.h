// The head of a request, as RFC 9112 and RFC 9110 write it: the request line, the few headers that we know, and those
// that the routes know. Pure: no
// buffer, no socket, no allocation.
//
// A head that two readers could read differently is refused, never repaired: a request smuggled past us would move
// money. Where the RFCs leave a choice, this is the strict one:
//   - a line ends with CRLF and nothing else; no control character but a tab within a value; no folded line; no blank
//     around a header's name; exactly one blank between the parts of the request line;
//   - one Host (HTTP/1.0: at most one) of the form in authority.h; the target's own host is checked alike, and neither
//     is used for anything, so they need not agree;
//   - at most one Content-Length, of digits; at most one Transfer-Encoding, and it is "chunked", not beside a
//     Content-Length and not in HTTP/1.0;
//   - one of each other header that we read.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "api/http/message.h"

namespace florin::api {

// Views into the text that was parsed. A view whose data() is nullptr: the header did not come. One that came empty has
// a data() and no size.
struct RequestHead {
  Method method = Method::unknown;
  bool is_head = false;
  bool http10 = false;  // a later minor version than 1.1 is read as 1.1 (RFC 9110, 6.2)
  bool keep_alive = true;
  bool expects_continue = false;  // waits for "100 Continue"; never in HTTP/1.0
  bool chunked = false;
  bool has_length = false;
  std::uint64_t length = 0;   // Content-Length; as large as it gets when the header says more
  bool whole_server = false;  // "OPTIONS *", also written as a URL without a path
  std::string_view path;      // starts with '/', or is "*" as it was sent
  std::string_view query;
  std::array<std::string_view, kOwnHeadersMax> own;
  std::string_view authorization;
  std::string_view content_type;
  std::string_view forwarded;      // the last X-Forwarded-For
  std::string_view if_none_match;  // the last If-None-Match
};

struct RequestRefusal {
  int status = 400;
  std::string_view code = "INVALID_REQUEST";
  std::string_view message;
};

struct ParsedHead {
  RequestHead head;  // with a refusal: what was understood before it
  std::optional<RequestRefusal> refusal;
};

// `text` ends with the empty line, and RequestHead::own takes the headers in `own`. After a refusal the connection
// cannot go on: where the request ends is not certain.
[[nodiscard]] ParsedHead parse_head(std::string_view text, std::span<OwnHeader const> own = {});

// RFC 9110: what a method, a header's name and a transfer coding are made of.
[[nodiscard]] bool is_token(std::string_view text);
// A header's value, or a part of one: no control character but the tab.
[[nodiscard]] bool is_field_text(std::string_view text);
// A header's line without its CRLF, in a head or among trailers: "name:value", not folded.
[[nodiscard]] bool is_field_line(std::string_view line);

// Does a request line that has no end yet start as one? Tells a target that is too long from what is not HTTP.
[[nodiscard]] bool starts_as_request(std::string_view text);

}  // namespace florin::api
