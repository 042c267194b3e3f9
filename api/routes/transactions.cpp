// CONTRACT, Ids: GET /transactions/{transaction_id}, for every id that a reply gives.
#include "api/routes/transactions.h"

#include "api/ledger/transaction_details.h"
#include "api/routes/phone_share.h"
#include "api/routes/players.h"
#include "api/routes/routes.h"

namespace florin::api {
namespace {

using domain::Money;

void write(JsonWriter& json, Ledger const& ledger, Caller const& caller, TransactionDetails const& found) {
  auto const& game = *caller;
  auto const& facts = found.facts;
  auto const is_own = [&](domain::Posting const& posting) {
    return found.player && posting.account == domain::Account::player_available && posting.player == found.player;
  };
  // Of one currency: the transaction's, and for a game that received it the one it came in as, which is posted last.
  auto shown = facts.currency;
  if (game.find_currency(shown) == nullptr) {
    for (auto const& [at, posting] : found.postings) {
      if (is_own(posting)) shown = posting.currency;
    }
  }
  Money change;
  for (auto const& [at, posting] : found.postings) {
    if (is_own(posting) && posting.currency == shown) change += posting.amount;
  }
  json.begin_object("transaction");
  json.string("transaction_id", domain::format_transaction_id(found.name.transaction));
  // Of no order: by the transaction's own number, as the reply to it said.
  auto const order = facts.order ? facts.order : domain::OrderId(found.name.transaction);
  json.string("order_id", domain::format_order_id(order));
  json.string("type", transaction_kind_name(found.name.kind));
  json.string("transaction_status", found.status);
  json.time("created_at", found.origin.commit.at);
  json.amount("amount", facts.amount);
  json.amount("net_amount", facts.amount - found.movement.fee.value_or(Money{}));
  json.amount("balance_change", change);
  if (!facts.currency) {
    json.null("currency_id");
    json.null("currency_name");
  } else {
    auto const* source = caller.directory->find(game_of(ledger, facts.player));
    json.integer("currency_id", facts.currency.value());
    json.string("currency_name", source != nullptr ? currency_name(*source, facts.currency) : std::string_view());
  }
  json.amount_or_null("usd_amount", facts.usd);
  json.amount_or_null("usd_fee", facts.usd_fee);
  write_details(json, ledger, *caller.directory, found.movement);
  auto const player = found.player ? ledger.state.by_id(game.id, found.player) : std::nullopt;
  if (player) {
    auto const email = ledger.people.reveal(player->identity, Field::email, player->email);
    write_player(json, ledger, game, found.player, email, "");
  } else {
    json.null("player");
  }
  json.objects("postings", found.postings, [&](auto const& one) {
    auto const& [at, posting] = one;
    json.string("account", domain::account_name(posting.account));
    json.id_or_null("player_id", posting.player.value());
    json.integer("currency_id", posting.currency.value());
    json.amount("amount", posting.amount);
    json.time("created_at", at);
  });
  json.end_object();
}

Awaitable<Response> transaction(Call call) {
  auto const& [services, request, path, caller] = call;
  if (auto behind = check_balances(request, services)) co_return std::move(*behind);
  auto const name = domain::parse_transaction_id(path.values[0]);
  if (!name) co_return transaction_not_found(request);
  auto const found = co_await load_transaction(call.reader(), *caller, *name);
  if (!found) co_return unread_response(request, found.error());
  if (!found.value()) co_return transaction_not_found(request);
  Response response;
  response.position = found.value()->reached.value();
  auto json = begin_success(response.body);
  write(json, services.ledger, caller, *found.value());
  json.end_object();
  co_return response;
}

}  // namespace

void write_details(JsonWriter& json, Ledger const& ledger, eventstore::GameDirectory const& games,
                   MovementDetails const& details) {
  json.string_or_null("reason", details.reason);
  if (details.item) {
    json.begin_object("item");
    json.string("item_id", details.item->id);
    json.string("item_name", details.item->name);
    json.integer("item_quantity", std::uint64_t{details.quantity});
    json.end_object();
  } else {
    json.null("item");
  }
  if (details.counterparty) {
    auto const& [game, identity, player] = *details.counterparty;
    auto const* found = games.find(game);
    json.begin_object("counterparty");
    json.string("game_id", std::to_string(game.value()));
    json.string("game_name", found != nullptr ? std::string_view(found->settings.name) : std::string_view());
    json.id_or_null("player_id", player.value());
    auto const hint = identity ? email_hint(ledger, identity) : std::string();
    json.text_or_null("email_hint", hint);
    json.end_object();
  } else {
    json.null("counterparty");
  }
  json.amount_or_null("fee_amount", details.fee);
}

std::span<Route const> transaction_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/api/transactions/{transaction_id}", "getTransaction", Who::game, transaction,
          {.min_position = true}),
  };
  return kRows;
}

}  // namespace florin::api
