// A sandbox environment in a folder of its own, and its routes called without sockets: a test names the operation and
// gives the request's parts, and the row's checks and handler run as they do in the server, on the test's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/environment.h"
#include "api/routes/route.h"
#include "tests/support/temp_folder.h"

namespace florin::api {

struct Asking {
  std::string body{};
  std::string key{};    // the game's
  std::string token{};  // the operator's
  std::string query{};
  std::vector<std::string> path{};  // the values of the row's {names}
  std::optional<std::string> min_position{};
  std::vector<std::string>* names_asked = nullptr;  // Request::names_asked
};

class RouteScene {
 public:
  static constexpr std::string_view kAdminToken = "a-token-for-operators";

  // A fault while the environment opens ends the test program.
  explicit RouteScene(bool with_limits = true);
  ~RouteScene();
  RouteScene(RouteScene const&) = delete;
  RouteScene& operator=(RouteScene const&) = delete;

  // The reply of the row of this operation. An operation that no row has ends the test program.
  [[nodiscard]] Response ask(std::string_view operation, Asking const& asking);
  // Makes a game with one currency; `more` goes into the body: "\"limits\":{…}". Returns its key.
  [[nodiscard]] std::string make_game(std::string const& more = "");

  [[nodiscard]] Environment& environment() { return *environment_; }
  [[nodiscard]] Layout layout() const { return environment_layout(folder_.path(), true); }

 private:
  test_support::TempFolder folder_;
  std::unique_ptr<eventstore::AdjustableClock> clock_;
  std::unique_ptr<Environment> environment_;
  WorkerPool workers_{1};
  Limits limits_;
  Budget batch_bytes_{std::size_t{1} << 20};
  std::string admin_token_hash_;
  std::unique_ptr<Services> services_;
  Environment* environments_[1] = {};
  std::uint64_t next_id_ = 1;
};

[[nodiscard]] Route const& route_of(std::string_view operation);
// The text of the first member of this name: "new_balance" of {"new_balance":"75.00"}; "" when there is none.
[[nodiscard]] std::string text_of(std::string_view json, std::string_view name);

}  // namespace florin::api
