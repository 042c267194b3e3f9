// Operators: how the ledger's time stands to the wall clock, and the word that the wall clock is right.
#include <spdlog/spdlog.h>

#include "api/clock_report.h"
#include "api/routes/routes.h"

namespace florin::api {
namespace {

Response clock_response(Ledger const& ledger, std::optional<std::int64_t> stepped_micros) {
  Response response;
  auto json = begin_success(response.body);
  if (stepped_micros) json.integer("stepped_seconds", *stepped_micros / domain::kMicrosPerSecond);
  auto const state = ledger.clock.state();
  json.begin_object("clock");
  write_clock(json, state);
  auto const trouble = clock_trouble(state, ledger.name);
  json.string_or_null("message", trouble.empty() ? std::nullopt : std::optional<std::string_view>(trouble));
  json.end_object();
  json.end_object();
  return response;
}

Awaitable<Response> show(Call call) { co_return clock_response(call.services.ledger, std::nullopt); }

// Said again it changes nothing: then the ledger's time is not behind.
Awaitable<Response> confirm(Call call) {
  auto const& ledger = call.services.ledger;
  auto const stepped = ledger.clock.confirm();
  spdlog::info("{}: an operator confirmed the wall clock: the ledger's time went forward by {} s", ledger.name,
               stepped / domain::kMicrosPerSecond);
  co_return clock_response(ledger, stepped);
}

}  // namespace

std::span<Route const> clock_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/admin/clock", "getClock", Who::operators, show),
      row(Method::post, "/admin/clock/confirm", "confirmClock", Who::operators, confirm, {.body = Body::ignored}),
  };
  return kRows;
}

}  // namespace florin::api
