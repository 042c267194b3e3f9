// CONTRACT, Balances: every movement of a player, newest first, with the running balance.
#include "projections/history.h"

#include "api/routes/routes.h"

namespace florin::api {
namespace {

struct Read {
  std::optional<projections::MovementPage> page;
  std::optional<Response> refused;
  domain::Position position;
};

// On a worker: reads one page.
void read_page(Services& services, Request const& request, domain::PlayerId player, domain::CurrencyId currency,
               Paging const& paging, Read& read) {
  auto& views = services.environment.views();
  auto view = views.read("history");
  if (!view) {
    read.refused = view_unavailable(request, view.error());
    return;
  }
  auto page = projections::read_history(view.value(), player, currency, paging.limit, paging.cursor);
  if (!page) {
    read.refused = page.error().kind == eventstore::Fault::Kind::missing
                       ? error_response(request, 400, "INVALID_REQUEST",
                                        "cursor is the next_cursor of an earlier page of the same list.",
                                        {{"field", "\"cursor\""}})
                       : view_unavailable(request, page.error());
    return;
  }
  read.page = std::move(page).value();
  read.position = view.value().position();
}

Awaitable<Response> history(Services& services, Request const& request, PathValues const& path) {
  auto caller = authenticate(request, services.environment);
  if (!caller) co_return std::move(caller).error();
  auto const& game = *caller.value();
  auto const raw = percent_decode(path.values[0]);
  auto email = read_email(request, services.environment, raw.value_or(""), "email");
  if (!email) co_return std::move(email).error();
  auto paging = read_paging(request);
  if (!paging) co_return std::move(paging).error();
  domain::CurrencyId currency;
  if (auto const wanted = request.query_value("currency_id")) {
    auto const number = domain::parse_number(*wanted);
    if (!number) {
      co_return error_response(request, 400, "INVALID_REQUEST", "currency_id is a positive integer.",
                               {{"field", "\"currency_id\""}});
    }
    currency = domain::CurrencyId(*number);
    if (game.find_currency(currency) == nullptr) {
      co_return refusal_response(request, {domain::Rejection::currency_not_found, {}, {}});
    }
  }
  auto wanted = read_min_position(request, services);
  if (!wanted) co_return std::move(wanted).error();
  auto const player = services.environment.balances().by_email(game.id, email.value().index);
  if (!player) co_return refusal_response(request, {domain::Rejection::player_not_found, {}, {}});

  bool const reached = co_await reach_view(services, request, "history", wanted.value());
  if (!reached) co_return view_behind(request);
  Read read;
  if (!co_await on_worker(services, request,
                          [&] { read_page(services, request, player->player, currency, paging.value(), read); }))
    co_return server_busy(request);
  if (read.refused) co_return std::move(*read.refused);

  Response response;
  response.position = read.position.value();
  JsonWriter json(response.body);
  json.begin_object();
  json.string("status", "success");
  json.begin_array("history");
  for (auto const& movement : read.page->movements) {
    json.begin_object();
    json.string("transaction_id", domain::format_transaction_id(movement.transaction));
    if (movement.order) {
      json.string("order_id", domain::format_order_id(movement.order));
    } else {
      json.null("order_id");
    }
    json.integer("position", movement.position.value());
    json.string("type", projections::movement_name(movement.kind));
    json.integer("currency_id", movement.currency.value());
    json.string("currency_name", currency_name(game, movement.currency));
    json.amount("amount", movement.change);
    json.amount("available_balance", movement.available_after);
    json.amount("reserved_balance", movement.reserved_after);
    json.time("created_at", movement.at);
    json.end_object();
  }
  json.end_array();
  write_pagination(json, paging.value().limit, read.page->next);
  json.end_object();
  co_return response;
}

}  // namespace

void add_history_routes(Router& router, Services& services) {
  router.add(Method::get, services.api() + "/player-balances/player/by-email/{email}/history",
             [&services](Request const& request, PathValues const& path) { return history(services, request, path); });
}

}  // namespace florin::api
