// The table of routes. A row says everything about a route but its work: method, path, who may call, what the request
// holds, which limits it is under, and the handler. The router, the order of checks and the OpenAPI document follow
// from the rows.
//
// To add a route: write its handler and its row, in the file of its resource, and its texts in api/openapi/*.yaml; then
// renew tests/golden/openapi.json (api/openapi/README.md). Rows are static and immutable.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "api/http/json.h"
#include "api/http/router.h"
#include "api/ledger/reader.h"
#include "api/routes/access.h"
#include "api/routes/person_fields.h"
#include "api/routes/replies.h"

namespace florin::api {

enum class Who : std::uint8_t {
  game,       // by the SDK key: 401 MISSING_GAME_SECRET, 401 INVALID_GAME_SECRET, 403 GAME_NOT_ACTIVE
  operators,  // by the admin token: 401 MISSING_ADMIN_TOKEN, 401 INVALID_ADMIN_TOKEN, 403 ADMIN_DISABLED
  provider,   // the handler checks the signature of what was posted
  link,       // the handler checks the token in the link that a browser followed
  anybody,
};

enum class Body : std::uint8_t {
  none,
  ignored,        // none is needed; what comes is checked and not used
  optional_json,  // the handler reads it when there is one
  json,
  form,  // the handler checks the content type of these two
  text,
};

// Whose requests a limit counts.
enum class Subject : std::uint8_t {
  game,     // the calling game
  address,  // the subscriber who calls (api/http/forwarded.h)
  handler,  // somebody whom the body names, or it is asked after the body: the handler takes it
};
struct RouteLimit {
  std::optional<domain::LimitKind> kind;
  Subject subject = Subject::game;
};

// What the request holds, besides the path.
struct Accepts {
  Body body = Body::none;
  std::size_t body_limit = kBodyLimit;
  std::array<std::string_view, 3> query{};  // names; of an operators' route every other one is refused
  bool min_position = false;                // Florin-Min-Position
  std::array<RouteLimit, 3> limits{};
};

// What a handler is given. `caller` is the calling game when the row says Who::game, otherwise empty. A handler takes
// its Call by value: it is kept in the coroutine's frame.
struct Call {
  Services& services;
  Request const& request;
  PathValues const& path;
  Caller caller;

  // Executes a command of the calling game, or of nobody's.
  [[nodiscard]] Awaitable<Performed> execute(domain::Command command, std::string_view request_id,
                                             Payload const& payload) const {
    auto const game = caller.game != nullptr ? caller->id : domain::GameId{};
    return services.ledger.commands.execute(*request.inbox, std::move(command), game, request_id, payload);
  }

  // 429 RATE_LIMITED when the subject (zero: the calling game itself) has used up its requests of this kind.
  [[nodiscard]] std::optional<Response> limit(domain::LimitKind kind, std::uint64_t subject = 0) const {
    return refuse_over_limit(request, services, *caller, kind, subject);
  }

  [[nodiscard]] Reader reader() const { return reader_for(services, request); }

  // What work() returns, a Response: on a worker. 503 SERVER_BUSY. It may refer to the handler's locals.
  template <class Work>
  [[nodiscard]] Awaitable<Response> disk(Work work) const {
    auto response = co_await services.workers.run(*request.inbox, std::move(work));
    if (!response) co_return server_busy(request);
    co_return std::move(*response);
  }

  // The same of work(ViewReader&), once the view shows `wanted` (Views::reach). What it shows carries the view's
  // position, unless it says another. 503 VIEW_BEHIND, VIEW_UNAVAILABLE.
  template <class Work>
  [[nodiscard]] Awaitable<Response> view(View view, domain::Position wanted, Work work) const {
    bool const reached = co_await services.ledger.views.reach(*request.inbox, view, wanted);
    if (!reached) co_return view_behind(request);
    auto response = co_await services.workers.run(*request.inbox, [&]() -> Response {
      auto reader = services.ledger.views.read(view);
      if (!reader) return view_unavailable(request, reader.error());
      auto const position = reader.value().position().value();
      Response shown = work(reader.value());
      if (shown.status == 200 && shown.position == 0) shown.position = position;
      return shown;
    });
    if (!response) co_return server_busy(request);
    co_return std::move(*response);
  }
};
using RouteHandler = Awaitable<Response> (*)(Call call);

struct Route {
  Method method;
  std::string_view path;       // beneath the environment's root, "" or "/sandbox"
  std::string_view operation;  // operationId
  Who who;
  RouteHandler handler;
  Accepts accepts{};
};

// Written as a call, a row takes one line or two.
constexpr Route row(Method method, std::string_view path, std::string_view operation, Who who, RouteHandler handler,
                    Accepts accepts = {}) {
  return {method, path, operation, who, handler, accepts};
}

// Where a row is served.
enum class Where : std::uint8_t { environments, sandbox, process };
struct RouteGroup {
  Where where;
  std::span<Route const> routes;
};

// Every row there is, by resource (routes.cpp).
[[nodiscard]] std::span<RouteGroup const> all_routes();

// Adds the rows of `services`' ledger, which outlives the router.
void add_routes(Router& router, Services& services, Where where);

// The checks that the row asks for, in this order: who calls, the query's names, the limits of the game and the
// address, and a body that is not needed. Then the handler. A refusal is the only thing that needs a coroutine of its
// own.
[[nodiscard]] Awaitable<Response> run(Route const& route, Services& services, Request const& request,
                                      PathValues const& path);

}  // namespace florin::api
