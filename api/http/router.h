// Method and path -> handler. Built once at start, immutable afterwards, read by every io thread.
//
// Patterns are literal segments and {names}: "/api/player-balances/player/by-email/{email}". A literal beats a name;
// a name takes one segment that is not empty. The table is a small tree; a look-up allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/asio.h"
#include "api/http/message.h"

namespace florin::api {

// The raw values of the {names} in order of appearance, at most four.
struct PathValues {
  std::array<std::string_view, 4> values;
  std::size_t count = 0;
};

// Runs on the session's io thread; suspends instead of blocking. Request and values outlive the call. What it
// throws becomes the reply of RouterOptions::response_to, or 500 INTERNAL_ERROR.
using Handler = std::function<Awaitable<Response>(Request const&, PathValues const&)>;

// The largest request body of a route, in bytes. Ours take a few hundred; the longest texts,
// every letter escaped, still fit.
inline constexpr std::size_t kBodyLimit = std::size_t{64} << 10;
// For a route that takes whatever the server takes (ServerOptions::body_limit): a large body. Its gate is asked before
// such a body is read.
inline constexpr std::size_t kServerBodyLimit = std::numeric_limits<std::size_t>::max();

// What a route's body is: JSON, with fields of tomorrow or with none but those that the handler asks for; or of a type
// that only the handler knows.
enum class Takes : std::uint8_t { json, known_json, any };

// What the routes add to HTTP, all of it static text.
struct RouterOptions {
  std::span<OwnHeader const> own_headers{};
  std::string_view position_header{};  // of replies, for Response::position; empty: none
  // The reply to what a handler threw; nullopt, or none: 500.
  std::optional<Response> (*response_to)(Request const&, std::exception const&) = nullptr;
  // What a client is told with 500.
  std::string_view failure = "The server could not answer. Try again, and give the error_id to support.";
};

// Who may call: the reply that refuses the request, by its head alone. Runs on an io thread.
using Gate = std::function<std::optional<Response>(Request const&)>;

class Router {
 public:
  // An own header's place that is none is a bug: aborts.
  explicit Router(RouterOptions options = {});
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // A pattern that does not start with '/', names a method twice, or holds more than four names is a bug: aborts.
  // A body over body_limit, or over the server's own, is refused (413) before it is read. A handler checks its caller
  // and its body's type itself; the gate and `takes` only tell it earlier to a client that has not sent the body yet.
  void add(Method method, std::string_view pattern, Handler handler, std::size_t body_limit = kBodyLimit,
           Takes takes = Takes::json);

  // Error replies under this path prefix are stamped by this clock; the longest prefix wins. The clock outlives the
  // router.
  void add_clock(std::string_view prefix, eventstore::Clock const& clock);
  [[nodiscard]] eventstore::Clock const* clock_of(std::string_view path) const;  // nullptr: none was added

  // Paths that start with the prefix, and with no longer one, are behind this gate.
  void add_gate(std::string_view prefix, Gate gate);
  [[nodiscard]] Gate const* gate_of(std::string_view path) const;  // nullptr: open to everybody

  [[nodiscard]] RouterOptions const& options() const { return options_; }

  struct Match {
    Handler const* handler = nullptr;  // nullptr: no such route, or (allow not empty) not with this method
    PathValues values;
    std::string_view route;  // the pattern; empty when there is no such route
    std::string_view allow;  // "GET, HEAD, POST"
    std::size_t body_limit = kBodyLimit;
    Takes takes = Takes::json;
  };
  // `path` is raw: values come out as they are in it, still percent-encoded.
  [[nodiscard]] Match find(Method method, std::string_view path) const;

 private:
  struct Node;
  RouterOptions options_;
  std::unique_ptr<Node> root_;
  std::vector<std::pair<std::string, eventstore::Clock const*>> clocks_;
  std::vector<std::pair<std::string, Gate>> gates_;
};

}  // namespace florin::api
