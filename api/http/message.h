// What a handler sees of a request and what it answers. Owned by one session; lives for one exchange.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace florin::api {

enum class Method : std::uint8_t { get, post, put, patch, del, other };

struct Request {
  Method method = Method::other;
  std::string_view path;   // raw, without the query
  std::string_view query;  // raw, without '?'
  std::string_view body;
  std::string_view game_key;       // X-Game-Secret-Key; empty when absent
  std::string_view authorization;  // empty when absent
  std::string_view content_type;   // empty when absent
  std::string_view min_position;   // Florin-Min-Position; empty when absent
  std::string_view client;         // peer address, for limits and the log
  std::uint64_t id = 0;            // Request-Id of the reply: unique in this process
  bool keep_alive = true;

  // The decoded value of a query parameter; nullopt when absent or badly encoded.
  [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;
};

// Bodies too large for memory are pulled a piece at a time and sent chunked. pull() runs on a worker thread, fills
// `out` (cleared) with the next piece, and returns false after the last one. Throwing or returning an error cuts the
// connection, so that the client sees a broken stream and never a short one.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  virtual bool pull(std::string& out) = 0;
};

struct Response {
  int status = 200;
  std::string body;
  std::string_view content_type = "application/json";
  std::uint64_t position = 0;          // Florin-Position; 0: no header
  int retry_after_seconds = 0;         // Retry-After; 0: no header
  std::string_view allow;              // Allow; empty: no header
  std::unique_ptr<BodyStream> stream;  // instead of body
};

// Percent-decoding of a path segment or query value; nullopt for a broken escape.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace florin::api
