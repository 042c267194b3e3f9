// Method and path -> handler. Built once at start, immutable afterwards, read by every io thread.
//
// Patterns are literal segments and {names}: "/api/player-balances/player/by-email/{email}". A literal beats a name.
// The table is a small tree; a look-up allocates nothing.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/asio.h"
#include "api/http/message.h"

namespace florin::api {

// The raw values of the {names} in order of appearance, at most four.
struct PathValues {
  std::array<std::string_view, 4> values;
  std::size_t count = 0;
};

// Runs on the session's io thread; suspends instead of blocking. Request outlives the call.
using Handler = std::function<Awaitable<Response>(Request const&, PathValues const&)>;

class Router {
 public:
  Router();
  ~Router();
  void add(Method method, std::string_view pattern, Handler handler);

  struct Match {
    Handler const* handler = nullptr;  // nullptr: no such route, or (allow not empty) not with this method
    PathValues values;
    std::string_view allow;  // "GET, POST"
  };
  [[nodiscard]] Match find(Method method, std::string_view path) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace florin::api
