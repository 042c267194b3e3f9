// Health and description of the process.
#include "api/openapi.h"
#include "api/routes/routes.h"

namespace florin::api {
namespace {

Awaitable<Response> live(Request const&, PathValues const&) {
  Response response;
  response.body = R"({"status":"ok"})";
  co_return response;
}

// Ready: every environment accepts writes and can read every view. After a failed append reads go on, but no balancer
// should send more here.
Awaitable<Response> ready(std::vector<Services*> const& environments, Request const& request) {
  for (auto const* services : environments) {
    if (!services->environment.writer().healthy()) {
      co_return error_response(request, 503, "NOT_READY",
                               services->environment.name() + " does not accept writes: see the server's log.", {}, 5);
    }
    auto const views = services->environment.unreadable_views();
    if (!views.empty()) {
      co_return error_response(request, 503, "NOT_READY",
                               services->environment.name() + " cannot read its view " + views.front() +
                                   ": it is being built or has stopped; see the server's log.",
                               {}, 5);
    }
  }
  Response response;
  JsonWriter json(response.body);
  json.begin_object();
  json.string("status", "ready");
  json.begin_object("positions");
  for (auto const* services : environments) {
    json.integer(services->environment.name(), services->environment.writer().durable().value());
  }
  json.end_object();
  json.end_object();
  co_return response;
}

Awaitable<Response> description(Request const&, PathValues const&) {
  Response response;
  response.body = openapi_json();
  co_return response;
}

}  // namespace

void add_system_routes(Router& router, std::vector<Services*> const& environments) {
  router.add(Method::get, "/livez", live);
  router.add(Method::get, "/readyz",
             [environments](Request const& request, PathValues const&) { return ready(environments, request); });
  router.add(Method::get, "/openapi.json", description);
}

}  // namespace florin::api
