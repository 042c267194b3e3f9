#include "api/routes/routes.h"

#include <algorithm>

namespace florin::api {
namespace {

Awaitable<Response> answer_with(Response response) { co_return response; }

std::uint64_t subject_of(Subject subject, Request const& request) {
  return subject == Subject::address ? client_subject(request) : 0;
}

// What the row's checks refuse the request with. Fills in the calling game.
std::optional<Response> refuse(Route const& route, Call& call) {
  auto const& request = call.request;
  if (route.who == Who::game) {
    auto caller = authenticate(request, call.services.ledger);
    if (!caller) return std::move(caller).error();
    call.caller = std::move(caller).value();
  }
  if (route.who == Who::operators) {
    if (auto refused = refuse_stranger(request, call.services.admin_token_hash)) return refused;
    if (auto refused = refuse_unknown_query(request, route.accepts.query)) return refused;
  }
  for (auto const& [kind, subject] : route.accepts.limits) {
    if (!kind || subject == Subject::handler) continue;
    auto limited = refuse_over_limit(request, call.services, *call.caller, *kind, subject_of(subject, request));
    if (limited) return limited;
  }
  if (route.accepts.body != Body::ignored || request.body.empty()) return std::nullopt;
  // A client that sends something broken meant something else.
  auto const body = JsonBody::parse(request);
  return body.error() != nullptr ? std::optional(body_error_response(request, *body.error())) : std::nullopt;
}

// CONTRACT, Errors: unknown fields are ignored, but not on operators' routes.
Takes takes(Route const& route) {
  if (route.accepts.body == Body::form || route.accepts.body == Body::text) return Takes::any;
  return route.who == Who::operators ? Takes::known_json : Takes::json;
}

}  // namespace

Awaitable<Response> run(Route const& route, Services& services, Request const& request, PathValues const& path) {
  Call call{services, request, path, {}};
  if (auto refused = refuse(route, call)) return answer_with(std::move(*refused));
  return route.handler(std::move(call));
}

std::span<RouteGroup const> all_routes() {
  static RouteGroup const groups[] = {
      {Where::environments, balance_routes()},
      {Where::environments, history_routes()},
      {Where::environments, transaction_routes()},
      {Where::environments, stream_routes()},
      {Where::environments, item_routes()},
      {Where::environments, currency_purchase_routes()},
      {Where::environments, checkout_routes()},
      {Where::environments, hosted_checkout_routes()},
      {Where::environments, payment_callback_routes()},
      {Where::environments, withdrawal_routes()},
      {Where::environments, key_routes()},
      {Where::environments, transfer_routes()},
      {Where::environments, transfer_status_routes()},
      {Where::environments, phone_share_routes()},
      {Where::environments, sms_routes()},
      {Where::environments, admin_routes()},
      {Where::environments, minor_routes()},
      {Where::environments, payout_routes()},
      {Where::environments, payout_file_routes()},
      {Where::environments, payout_return_routes()},
      {Where::environments, clock_routes()},
      {Where::sandbox, sandbox_bank_routes()},
      {Where::sandbox, sandbox_routes()},
      {Where::sandbox, sandbox_processor_routes()},
      {Where::process, system_routes()},
  };
  return groups;
}

void add_routes(Router& router, Services& services, Where where) {
  for (auto const& group : all_routes()) {
    if (group.where != where) continue;
    for (auto const& route : group.routes) {
      router.add(
          route.method, services.root + std::string(route.path),
          [&services, &route](Request const& request, PathValues const& path) {
            return run(route, services, request, path);
          },
          route.accepts.body_limit, takes(route));
    }
  }
}

}  // namespace florin::api
