// What a handler sees of a request and what it answers. Owned by one session; lives for one exchange.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace florin::eventstore {
class Clock;
}

namespace florin::api {

class Inbox;
class JsonParsers;

// other: known to HTTP and taken by none of our routes (405). unknown: none that HTTP has (501).
enum class Method : std::uint8_t { get, post, put, patch, del, other, unknown };
[[nodiscard]] std::string_view method_name(Method method);

// Headers of requests that HTTP does not know and the routes do. `name` is in small letters; the value comes to this
// place of Request::own. Of those that have one place at most one may come.
struct OwnHeader {
  std::string_view name;
  std::size_t place = 0;
};
inline constexpr std::size_t kOwnHeadersMax = 4;  // places

// The views point into the session's read buffer and hold until the handler has returned its Response.
struct Request {
  Method method = Method::other;  // HEAD arrives as get; its body is dropped on the way out
  bool is_head = false;           // a handler of get that writes must then not write
  std::string_view path;          // raw, without the query; "*" is the whole server
  std::string_view query;         // raw, without '?'
  std::string_view route;         // the pattern that matched, for logs and metrics; empty before the router
  std::string_view body;
  std::array<std::string_view, kOwnHeadersMax> own;  // data() is nullptr: it did not come
  std::string_view authorization;                    // empty when absent
  std::string_view content_type;                     // empty when absent
  std::string_view forwarded;                        // the last X-Forwarded-For; empty when absent
  std::string_view if_none_match;                    // empty when absent
  std::string_view client;  // whose address it is, without port, for limits; never logged beside anything personal
  std::uint64_t id = 0;     // Request-Id of the reply (16 hex digits): unique in this process
  bool keep_alive = true;
  bool knows_all_fields = false;             // of a JSON body: others are refused (Takes::known_json)
  eventstore::Clock const* clock = nullptr;  // of the environment that the path is in; nullptr: the machine's
  Inbox* inbox = nullptr;                    // of this request's io thread: where foreign threads complete results
  JsonParsers* parsers = nullptr;            // of this request's io thread; nullptr: JsonBody makes its own
  // Where a gate says whom it let in (never 0), so that each caller has a share of what is bounded. Only while a gate
  // is asked before a large body is read; otherwise nullptr. Those of whom no gate says anything are one caller.
  std::uint64_t* caller = nullptr;
  // Where a test learns which names of the query and of the body ("bank.routing_number") a handler asks for.
  std::vector<std::string>* names_asked = nullptr;

  // The decoded value of a query parameter ('+' is a blank); nullopt when absent or badly encoded.
  [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;
  // The first name in the query that is none of these, as it stands there.
  [[nodiscard]] std::optional<std::string_view> unknown_query_name(std::span<std::string_view const> known) const;
};

// Bodies too large for memory are pulled a piece at a time and sent chunked. pull() runs on a worker thread, fills
// `out` (cleared) with the next piece, and returns false after the last one (whose piece is still sent). Throwing
// cuts the connection, so that the client sees a broken stream and never a short one. Destroyed on the io thread.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  virtual bool pull(std::string& out) = 0;
};

struct Response {
  int status = 200;
  std::string body;
  std::string_view fixed_body;                         // instead of body, not copied: lives as long as the server
  std::string_view content_type = "application/json";  // static text
  std::uint64_t position = 0;                          // in the header that RouterOptions names; 0: no header
  int retry_after_seconds = 0;                         // Retry-After; 0: no header
  std::string_view allow;                              // Allow; empty: no header; static or the router's
  std::string_view challenge;                          // WWW-Authenticate, which a 401 has; static text
  // What is read with a key in an own header must never be served to another key by a cache between.
  std::string_view cache_control = "no-store";
  std::string headers;                 // further ones, each "Name: value\r\n"; for pages
  std::unique_ptr<BodyStream> stream;  // instead of body
  std::shared_ptr<void> keepalive;     // destroyed when the reply was sent or its connection ended

  [[nodiscard]] std::string_view content() const { return fixed_body.data() != nullptr ? fixed_body : body; }
};

// The token of "Authorization: Bearer <token>": the scheme in any case, then blanks (RFC 9110, 11.4). Empty when there
// is none.
[[nodiscard]] std::string_view bearer_token(std::string_view authorization);

// Does an If-None-Match name this entity tag (quoted, and strong), or any? Tags are compared weakly (RFC 9110, 13.1.2).
[[nodiscard]] bool names_tag(std::string_view if_none_match, std::string_view tag);

// Sixteen hex digits, as in the Request-Id header and in error_id.
void append_request_id(std::string& out, std::uint64_t id);

// Whether a raw path or query has whole escapes only and is UTF-8 once they are decoded. The session asks this of every
// request before a handler sees it, so that no route has to.
[[nodiscard]] bool is_readable(std::string_view path_or_query);

}  // namespace florin::api
