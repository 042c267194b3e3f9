// CONTRACT, Operators: the review of payouts.
#include "api/routes/payouts.h"

namespace florin::api {
namespace {

using domain::PayoutStatus;

// The ledger forgets a payout at its end; the log does not. 409 for one that ended, 404 for one that never was.
Awaitable<Response> refuse_ended(Call const& call, domain::PayoutId payout) {
  auto const& ledger = call.services.ledger;
  auto const requested =
      co_await call.reader().disk([&] { return ledger.commits.fact<domain::PayoutRequested>(payout.position()); });
  if (!requested) co_return unread_response(call.request, requested.error());
  co_return rejection_response(call.request, requested.value() ? domain::RejectionCode::payout_not_next
                                                               : domain::RejectionCode::payout_not_found);
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
  if (!payout) co_return rejection_response(request, domain::RejectionCode::payout_not_found);
  std::string note;
  if (!request.body.empty()) {
    auto body = JsonBody::parse(request);
    note = body.optional_string("reason", 200).value_or("");
    if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  }
  domain::AdvancePayout command{*payout, Status, std::move(note)};
  auto const payload = payload_of(command);
  auto const outcome = co_await call.execute(std::move(command), "", payload);
  if (is_rejected(outcome, domain::RejectionCode::payout_not_found)) {
    auto refused = co_await refuse_ended(call, *payout);
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
  auto const& ledger = services.ledger;
  auto paging = read_paging(request);
  if (!paging) co_return std::move(paging).error();
  auto wanted = read_min_position(request, services);
  if (!wanted) co_return std::move(wanted).error();
  auto response = co_await call.view(View::payments, wanted.value(), [&](ViewReader& view) -> Response {
    auto const& [limit, cursor] = paging.value();
    auto const page = load_payouts(ledger, view, game, status, limit, cursor);
    if (!page) return view_unavailable(request, page.error());
    Response shown;
    auto json = begin_success(shown.body);
    write_page(json, "payouts", page.value(), limit,
               [&](PayoutDetails const& payout) { write_payout(json, ledger, payout); });
    return shown;
  });
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
