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

// Ready: every environment accepts writes. After a failed append reads go on, but no balancer should send more here.
Awaitable<Response> ready(std::vector<Services*> const& environments, Request const& request) {
  for (auto const* services : environments) {
    if (!services->environment.writer().healthy()) {
      co_return error_response(request, 503, "NOT_READY",
                               services->environment.name() + " does not accept writes: see the server's log.", {}, 5);
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

// One document for all, in the program's own memory: who asks for it has no key, so it costs nobody a copy, and a
// client that has it already is told so.
Awaitable<Response> description(Request const& request, std::string_view tag) {
  Response response;
  response.cache_control = "no-cache";
  response.headers.append("ETag: ").append(tag).append("\r\n");
  if (names_tag(request.if_none_match, tag)) {
    response.status = 304;
  } else {
    response.fixed_body = openapi_json();
  }
  co_return response;
}

std::string tag_of(std::string_view document) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string tag = "\"";
  auto const hash = eventstore::sha256(document);
  for (std::size_t i = 0; i < 8; ++i) {
    tag.push_back(kHex[hash[i] >> 4]);
    tag.push_back(kHex[hash[i] & 15]);
  }
  return tag + "\"";
}

}  // namespace

void add_system_routes(Router& router, std::vector<Services*> const& environments) {
  router.add(Method::get, "/livez", live);
  router.add(Method::get, "/readyz",
             [environments](Request const& request, PathValues const&) { return ready(environments, request); });
  router.add(Method::get, "/openapi.json", [tag = tag_of(openapi_json())](Request const& request, PathValues const&) {
    return description(request, tag);
  });
}

}  // namespace florin::api
