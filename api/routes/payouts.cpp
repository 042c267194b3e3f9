// CONTRACT, Operators: the review of payouts and the day's file for the bank.
#include "api/routes/payouts.h"

#include "api/routes/operators.h"
#include "eventstore/read_commit.h"
#include "sagas/payouts.h"

namespace florin::api {
namespace {

using domain::PayoutStatus;

// After a day is over, before its file is made: a commit of its last moment may still be on its way into the log, and
// the system's clock may be set back a little.
constexpr std::int64_t kLateCommitsMicros = 60 * domain::kMicrosPerSecond;

struct PayoutRoutes {
  Services& services;
  AdminOptions options;

  PayoutRoutes(Services& environment, AdminOptions admin) : services(environment), options(std::move(admin)) {}

  Awaitable<Response> list(Request const& request, PathValues const&) const {
    if (auto refused = refuse_unless_operator(request, options, {"status", "limit", "cursor"}))
      co_return std::move(*refused);
    auto& environment = services.environment;
    std::optional<PayoutStatus> status;
    if (auto const text = request.query_value("status")) {
      status = parse_payout_status(*text);
      if (!status) {
        co_return error_response(request, 400, "INVALID_REQUEST",
                                 "status is requested, approved, processing, completed, rejected or failed.",
                                 {{"field", "\"status\""}});
      }
    }
    auto paging = read_paging(request);
    if (!paging) co_return std::move(paging).error();
    auto wanted = read_min_position(request, services);
    if (!wanted) co_return std::move(wanted).error();
    bool const reached = co_await reach_view(services, request, "payments", wanted.value());
    if (!reached) co_return view_behind(request);
    Response response;
    if (!co_await on_worker(services, request, [&] {
          auto view = environment.views().read("payments");
          if (!view) return void(response = view_unavailable(request, view.error()));
          auto page = projections::read_payouts(view.value(), {}, status, paging.value().limit, paging.value().cursor);
          if (!page) return void(response = view_unavailable(request, page.error()));
          JsonWriter json(response.body);
          json.begin_object();
          json.string("status", "success");
          json.begin_array("payouts");
          for (auto const& row : page.value().payouts) {
            auto story = load_payout(environment, view.value(), row.payout);
            if (!story) return void(response = view_unavailable(request, story.error()));
            if (!story.value()) continue;
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

  template <PayoutStatus Status>
  Awaitable<Response> advance(Request const& request, PathValues const& path) const {
    if (auto refused = refuse_unless_operator(request, options)) co_return std::move(*refused);
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
    auto const outcome = co_await perform(request, services.environment, std::move(command), {}, "", payload);
    if (auto const* refusal = std::get_if<domain::Refusal>(&outcome);
        refusal != nullptr && refusal->reason == domain::Rejection::payout_not_found) {
      auto refused = co_await refuse_ended(request, *payout);
      co_return with_position(std::move(refused), outcome);
    }
    co_return write_response(request, outcome, [](std::string& out, domain::Commit const& commit) {
      auto const& event = event_of<domain::PayoutAdvanced>(commit);
      JsonWriter json(out);
      json.begin_object();
      json.string("status", "success");
      json.string("payout_id", domain::format_payout_id(event.payout));
      json.string("payout_status", domain::payout_status_name(event.status));
      json.string("game_id", std::to_string(event.game.value()));
      json.amount("amount_usd", event.usd);
      json.end_object();
    });
  }

  // The payouts that became processing on that day (UTC) and had not failed when it was over, as one file. Only then is
  // it a fact, and the same bytes whenever it is asked for.
  Awaitable<Response> ach(Request const& request, PathValues const&) const {
    if (auto refused = refuse_unless_operator(request, options, {"date"})) co_return std::move(*refused);
    auto& environment = services.environment;
    auto const day = domain::parse_iso8601(request.query_value("date").value_or("") + "T00:00:00Z");
    if (!day) {
      co_return error_response(request, 400, "INVALID_REQUEST", "Name the day: ?date=2026-11-20",
                               {{"field", "\"date\""}});
    }
    auto const& origin = environment.ach_origin();
    if (auto const wrong = sagas::fault_of(origin); !wrong.empty()) {
      co_return error_response(request, 409, "ACH_NOT_CONFIGURED", "The settings [ach] are not complete: " + wrong);
    }
    auto const fact_at = *day + (domain::kMicrosPerDay + kLateCommitsMicros);
    if (auto const now = environment.clock().now(); now < fact_at) {
      co_return error_response(
          request, 409, "ACH_DAY_NOT_OVER",
          "Payouts can still join or leave that day's file. Ask again from " + domain::to_iso8601(fact_at) + " on.");
    }
    bool const reached = co_await reach_view(services, request, "payments", environment.balances().position());
    if (!reached) co_return view_behind(request);
    Response response;
    if (!co_await on_worker(services, request, [&] { write_file(request, *day, response); }))
      co_return server_busy(request);
    co_return response;
  }

 private:
  // The ledger forgets a payout at its end; the log does not. 409 for one that ended, 404 for one that never was.
  Awaitable<Response> refuse_ended(Request const& request, domain::Position payout) const {
    auto& environment = services.environment;
    std::optional<eventstore::Faulty<std::optional<domain::Commit>>> commit;
    bool const ran =
        co_await on_worker(services, request, [&] { commit = eventstore::read_commit(environment.log(), payout); });
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

  void write_file(Request const& request, domain::Timestamp day, Response& response) const {
    auto& environment = services.environment;
    auto view = environment.views().read("payments");
    if (!view) return void(response = view_unavailable(request, view.error()));
    auto const end = day + domain::kMicrosPerDay;
    auto const rows = projections::read_processed(view.value(), day, end);
    if (!rows) return void(response = view_unavailable(request, rows.error()));
    std::vector<sagas::DayPayout> payouts;
    payouts.reserve(rows.value().size());
    for (auto const& row : rows.value()) payouts.push_back({row.payout, row.status == PayoutStatus::failed});
    auto entries = sagas::entries_of(environment.log(), environment.vault(), payouts);
    if (!entries) return void(response = view_unavailable(request, entries.error()));
    if (auto const unreadable = entries.value().unreadable) {
      response = error_response(request, 409, "PAYOUT_NOT_READABLE",
                                "The bank details of " + domain::format_payout_id(*unreadable) +
                                    " cannot be opened: their contact was erased. Fail this payout, and the file is "
                                    "made without it.");
      return;
    }
    if (entries.value().entries.empty()) {
      response = error_response(request, 404, "NO_PAYOUTS", "No payout of that day is to be paid.");
      return;
    }
    sagas::AchFile file;
    file.origin = environment.ach_origin();
    file.created = end;
    file.effective = sagas::next_banking_day(sagas::day_of(day));
    file.entries = std::move(entries.value().entries);
    auto text = sagas::write_nacha(file);
    if (!text) return void(response = error_response(request, 409, "ACH_NOT_WRITABLE", text.error()));
    response.content_type = "text/plain; charset=us-ascii";
    response.headers = "Content-Disposition: attachment; filename=\"payouts.ach\"\r\n";
    response.body = std::move(text).value();
    response.position = view.value().position().value();
  }
};

}  // namespace

void add_payout_routes(Router& router, Services& services, AdminOptions const& options) {
  auto const routes = std::make_shared<PayoutRoutes const>(services, options);
  auto const base = services.root + "/admin/payouts";
  auto const bind = [&routes](Awaitable<Response> (PayoutRoutes::*handler)(Request const&, PathValues const&) const) {
    return [routes, handler](Request const& request, PathValues const& path) {
      return (routes.get()->*handler)(request, path);
    };
  };
  router.add(Method::get, base, bind(&PayoutRoutes::list));
  router.add(Method::get, base + "/ach", bind(&PayoutRoutes::ach));
  router.add(Method::post, base + "/{payout_id}/approve", bind(&PayoutRoutes::advance<PayoutStatus::approved>));
  router.add(Method::post, base + "/{payout_id}/reject", bind(&PayoutRoutes::advance<PayoutStatus::rejected>));
  router.add(Method::post, base + "/{payout_id}/process", bind(&PayoutRoutes::advance<PayoutStatus::processing>));
  router.add(Method::post, base + "/{payout_id}/complete", bind(&PayoutRoutes::advance<PayoutStatus::completed>));
  router.add(Method::post, base + "/{payout_id}/fail", bind(&PayoutRoutes::advance<PayoutStatus::failed>));
}

}  // namespace florin::api
