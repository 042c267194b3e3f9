// CONTRACT, Balances: every movement of a player, newest first, with the running balance.
#include "projections/history.h"

#include "api/routes/routes.h"
#include "api/routes/transactions.h"
#include "eventstore/store/read_commit.h"

namespace florin::api {
namespace {

// A movement with what its event says of it.
struct Line {
  projections::Movement movement;
  domain::Position transaction;
  MovementDetails details;
};

struct Read {
  std::vector<Line> lines;
  std::optional<std::uint64_t> next;
  std::optional<Response> refused;
  domain::Position position;
};

bool is_received(projections::MovementKind kind) {
  using enum projections::MovementKind;
  return kind == transfer_received || kind == send_received;
}

// Out of the log, at the movement's own position: the view keeps amounts only.
eventstore::Faulty<Line> read_line(Environment& environment, domain::GameId game,
                                   projections::Movement const& movement) {
  auto const commit = eventstore::read_commit(environment.log(), movement.transaction);
  if (!commit) return fail(commit.error());
  auto const index = static_cast<std::size_t>(movement.position.value() - movement.transaction.value());
  if (!commit.value() || movement.position < movement.transaction || index >= commit.value()->events.size()) {
    return eventstore::fault(eventstore::Fault::Kind::corrupt,
                             "history: the log has no event at position " + std::to_string(movement.position.value()));
  }
  auto details = details_of(environment, game, commit.value()->events[index], is_received(movement.kind));
  if (!details) return fail(details.error());
  auto const name = transaction_of(*commit.value(), index);
  return Line{movement, name ? name->transaction : movement.transaction, std::move(details).value()};
}

// On a worker: reads one page.
void read_page(Services& services, Request const& request, domain::GameId game, domain::PlayerId player,
               domain::CurrencyId currency, Paging const& paging, Read& read) {
  auto& views = services.environment.views();
  auto view = views.read("history");
  if (!view) {
    read.refused = view_unavailable(request, view.error());
    return;
  }
  auto page = projections::read_history(view.value(), player, currency, paging.limit, paging.cursor);
  if (!page) {
    read.refused =
        page.error().kind == eventstore::Fault::Kind::missing
            ? invalid_field(request, "cursor", "cursor is the next_cursor of an earlier page of the same list.")
            : view_unavailable(request, page.error());
    return;
  }
  for (auto const& movement : page.value().movements) {
    auto line = read_line(services.environment, game, movement);
    if (!line) {
      read.refused = view_unavailable(request, line.error());
      return;
    }
    read.lines.push_back(std::move(line).value());
  }
  read.next = page.value().next;
  read.position = view.value().position();
}

Awaitable<Response> history(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto const raw = percent_decode(path.values[0]);
  auto email = read_email(request, services.environment, raw.value_or(""), "email");
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
      co_return refusal_response(request, {domain::Rejection::currency_not_found, {}, {}});
    }
  }
  auto wanted = read_min_position(request, services);
  if (!wanted) co_return std::move(wanted).error();
  auto const player = services.environment.balances().by_email(game.id, email.value().index);
  if (!player) co_return refusal_response(request, {domain::Rejection::player_not_found, {}, {}});

  bool const reached = co_await reach_view(*request.inbox, services.environment, "history", wanted.value());
  if (!reached) co_return view_behind(request);
  Read read;
  if (!co_await on_worker(services, request, [&] {
        read_page(services, request, game.id, player->player, currency, paging.value(), read);
      }))
    co_return server_busy(request);
  if (read.refused) co_return std::move(*read.refused);

  Response response;
  response.position = read.position.value();
  auto json = begin_success(response.body);
  json.begin_array("history");
  for (auto const& [movement, transaction, details] : read.lines) {
    json.begin_object();
    json.string("transaction_id", domain::format_transaction_id(transaction));
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
    write_details(json, services.environment, *caller.directory, details);
    json.end_object();
  }
  json.end_array();
  write_pagination(json, paging.value().limit, read.next);
  json.end_object();
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
