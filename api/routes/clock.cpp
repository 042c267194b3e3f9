// Operators: how the ledger's time stands to the wall clock, and the word that the wall clock is right.
#include <spdlog/spdlog.h>

#include "api/clock_report.h"
#include "api/routes/operators.h"

namespace florin::api {
namespace {

Response clock_response(Environment& environment, std::optional<std::int64_t> stepped_micros) {
  Response response;
  JsonWriter json(response.body);
  json.begin_object();
  json.string("status", "success");
  if (stepped_micros) json.integer("stepped_seconds", *stepped_micros / domain::kMicrosPerSecond);
  auto const state = environment.clock().state();
  json.begin_object("clock");
  write_clock(json, state);
  auto const trouble = clock_trouble(state, environment.name());
  json.string_or_null("message", trouble.empty() ? std::nullopt : std::optional<std::string_view>(trouble));
  json.end_object();
  json.end_object();
  return response;
}

}  // namespace

void add_clock_routes(Router& router, Services& services, AdminOptions const& options) {
  auto const base = services.root + "/admin/clock";
  router.add(Method::get, base, [&services, options](Request const& request, PathValues const&) -> Awaitable<Response> {
    if (auto refused = refuse_unless_operator(request, options)) co_return std::move(*refused);
    co_return clock_response(services.environment, std::nullopt);
  });
  // Said again it changes nothing: then the ledger's time is not behind.
  router.add(Method::post, base + "/confirm",
             [&services, options](Request const& request, PathValues const&) -> Awaitable<Response> {
               if (auto refused = refuse_unless_operator(request, options)) co_return std::move(*refused);
               if (auto wrong = refuse_needless_body(request)) co_return std::move(*wrong);
               auto& environment = services.environment;
               auto const stepped = environment.clock().confirm();
               spdlog::info("{}: an operator confirmed the wall clock: the ledger's time went forward by {} s",
                            environment.name(), stepped / domain::kMicrosPerSecond);
               co_return clock_response(environment, stepped);
             });
}

}  // namespace florin::api
