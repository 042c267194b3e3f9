// CONTRACT, Balances: every movement of a player, newest first, with the running balance.
#include "api/routes/routes.h"
#include "api/routes/transactions.h"
#include "domain/percent.h"

namespace florin::api {
namespace {

Response page_response(Call const& call, ListPage<MovementLine> const& page, std::size_t limit) {
  Response response;
  auto json = begin_success(response.body);
  write_page(json, "history", page, limit, [&](MovementLine const& line) {
    auto const& [movement, transaction, details] = line;
    json.string("transaction_id", domain::format_transaction_id(transaction));
    json.text_or_null("order_id", movement.order ? domain::format_order_id(movement.order) : std::string());
    json.integer("position", movement.position.value());
    json.string("type", movement_name(movement.kind));
    json.integer("currency_id", movement.currency.value());
    json.string("currency_name", currency_name(*call.caller, movement.currency));
    json.amount("amount", movement.change);
    json.amount("available_balance", movement.available_after);
    json.amount("reserved_balance", movement.reserved_after);
    json.time("created_at", movement.at);
    write_details(json, call.services.ledger, *call.caller.directory, details);
  });
  return response;
}

Awaitable<Response> history(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto const raw = domain::percent_decode(path.values[0]);
  auto email = read_email(request, services.ledger, raw.value_or(""), "email");
  if (!email) co_return std::move(email).error();
  auto paging = read_paging(request);
  if (!paging) co_return std::move(paging).error();
  domain::CurrencyId currency;
  if (auto const wanted = request.query_value("currency_id")) {
    auto const number = domain::parse_number(*wanted);
    if (!number) {
      co_return invalid_field(request, "currency_id", "currency_id is a positive integer.");
    }
    currency = domain::CurrencyId(*number);
    if (game.find_currency(currency) == nullptr) {
      co_return rejection_response(request, domain::RejectionCode::currency_not_found);
    }
  }
  auto wanted = read_min_position(request, services);
  if (!wanted) co_return std::move(wanted).error();
  auto const player = services.ledger.state.by_email(game.id, email.value().index);
  if (!player) co_return rejection_response(request, domain::RejectionCode::player_not_found);

  auto const& [limit, cursor] = paging.value();
  auto response = co_await call.view(View::history, wanted.value(), [&](ViewReader& view) -> Response {
    auto const page = load_movements(services.ledger, view, game.id, player->player, currency, limit, cursor);
    if (!page) return page_unavailable(request, page.error());
    return page_response(call, page.value(), limit);
  });
  co_return response;
}

}  // namespace

std::span<Route const> history_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/api/player-balances/player/by-email/{email}/history", "getHistory", Who::game, history,
          {.query = {"currency_id", "limit", "cursor"}, .min_position = true}),
  };
  return kRows;
}

}  // namespace florin::api
