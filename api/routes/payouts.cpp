// CONTRACT, Operators: the review of payouts.
#include "api/routes/payouts.h"

#include "api/routes/routes.h"
#include "eventstore/store/read_commit.h"

namespace florin::api {
namespace {

using domain::PayoutStatus;

// The ledger forgets a payout at its end; the log does not. 409 for one that ended, 404 for one that never was.
Awaitable<Response> refuse_ended(Services& services, Request const& request, domain::PayoutId payout) {
  auto& environment = services.environment;
  std::optional<eventstore::Faulty<std::optional<domain::Commit>>> commit;
  bool const ran = co_await on_worker(services, request,
                                      [&] { commit = eventstore::read_commit(environment.log(), payout.position()); });
  if (!ran) co_return server_busy(request);
  if (!*commit) co_return view_unavailable(request, commit->error());
  bool ended = false;
  if (commit->value()) {
    for (auto const& event : commit->value()->events) {
      auto const* requested = std::get_if<domain::PayoutRequested>(&event);
      ended = ended || (requested != nullptr && requested->payout == payout);
    }
  }
  co_return refusal_response(
      request, {.reason = ended ? domain::Rejection::payout_not_next : domain::Rejection::payout_not_found});
}

Awaitable<Response> list(Call call) {
  auto const& request = call.request;
  std::optional<PayoutStatus> status;
  if (auto const text = request.query_value("status")) {
    status = parse_payout_status(*text);
    if (!status) {
      co_return invalid_field(request, "status",
                              "status is requested, approved, processing, completed, rejected or failed.");
    }
  }
  domain::GameId const of_any;
  auto response = co_await list_payouts(std::move(call), of_any, status);
  co_return response;
}

template <PayoutStatus Status>
Awaitable<Response> advance(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const payout = domain::parse_payout_id(path.values[0]);
  if (!payout) co_return refusal_response(request, {.reason = domain::Rejection::payout_not_found});
  std::string note;
  if (!request.body.empty()) {
    auto body = JsonBody::parse(request);
    note = body.optional_string("reason", 200).value_or("");
    if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  }
  Payload payload("advance-payout");
  payload.add(payout->value()).add(static_cast<std::uint64_t>(Status)).add(note);
  domain::AdvancePayout command{*payout, Status, std::move(note)};
  auto const outcome = co_await perform(*request.inbox, services.environment, std::move(command), {}, "", payload);
  if (auto const* refusal = std::get_if<domain::Refusal>(&outcome);
      refusal != nullptr && refusal->reason == domain::Rejection::payout_not_found) {
    auto refused = co_await refuse_ended(services, request, *payout);
    co_return with_position(std::move(refused), outcome);
  }
  co_return write_response(request, outcome, [](std::string& out, domain::Commit const& commit) {
    auto const& event = event_of<domain::PayoutAdvanced>(commit);
    auto json = begin_success(out);
    json.string("payout_id", domain::format_payout_id(event.payout));
    json.string("payout_status", domain::payout_status_name(event.status));
    json.string("game_id", std::to_string(event.game.value()));
    json.amount("amount_usd", event.usd);
    json.end_object();
  });
}

}  // namespace

Awaitable<Response> list_payouts(Call call, domain::GameId game, std::optional<PayoutStatus> status) {
  auto const& [services, request, path, caller] = call;
  auto& environment = services.environment;
  auto paging = read_paging(request);
  if (!paging) co_return std::move(paging).error();
  auto wanted = read_min_position(request, services);
  if (!wanted) co_return std::move(wanted).error();
  bool const reached = co_await reach_view(*request.inbox, services.environment, "payments", wanted.value());
  if (!reached) co_return view_behind(request);
  Response response;
  if (!co_await on_worker(services, request, [&] {
        auto view = environment.views().read("payments");
        if (!view) return void(response = view_unavailable(request, view.error()));
        auto page = projections::read_payouts(view.value(), game, status, paging.value().limit, paging.value().cursor);
        if (!page) return void(response = view_unavailable(request, page.error()));
        auto json = begin_success(response.body);
        json.begin_array("payouts");
        PayoutFiles files(environment);
        for (auto const& row : page.value().payouts) {
          auto story = load_payout(environment, view.value(), files, row.payout);
          if (!story) return void(response = view_unavailable(request, story.error()));
          if (!story.value()) {
            return void(response =
                            view_unavailable(request, distrust_steps(view.value(), row.payout.position()).error));
          }
          json.begin_object();
          write_payout(json, environment, *story.value());
          json.end_object();
        }
        json.end_array();
        write_pagination(json, paging.value().limit, page.value().next);
        json.end_object();
        response.position = view.value().position().value();
      }))
    co_return server_busy(request);
  co_return response;
}

std::span<Route const> payout_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/admin/payouts", "listPayouts", Who::operators, list,
          {.query = {"status", "limit", "cursor"}, .min_position = true}),
      row(Method::post, "/admin/payouts/{payout_id}/approve", "approvePayout", Who::operators,
          advance<PayoutStatus::approved>, {.body = Body::optional_json}),
      row(Method::post, "/admin/payouts/{payout_id}/reject", "rejectPayout", Who::operators,
          advance<PayoutStatus::rejected>, {.body = Body::optional_json}),
      row(Method::post, "/admin/payouts/{payout_id}/process", "processPayout", Who::operators,
          advance<PayoutStatus::processing>, {.body = Body::optional_json}),
      row(Method::post, "/admin/payouts/{payout_id}/complete", "completePayout", Who::operators,
          advance<PayoutStatus::completed>, {.body = Body::optional_json}),
      row(Method::post, "/admin/payouts/{payout_id}/fail", "failPayout", Who::operators, advance<PayoutStatus::failed>,
          {.body = Body::optional_json}),
  };
  return kRows;
}

}  // namespace florin::api
