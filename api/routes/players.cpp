#include "api/routes/players.h"

namespace florin::api {

using domain::Money;

domain::Money total_of(std::span<eventstore::CurrencyBalance const> balances) {
  Money total;
  for (auto const& balance : balances) total += balance.wallet.total();
  return total;
}

void write_balance(JsonWriter& json, domain::CurrencySpec const& currency, eventstore::CurrencyBalance const& balance) {
  json.begin_object();
  json.integer("currency_id", currency.currency.value());
  json.string("currency_name", currency.name);
  json.string("currency_symbol", currency.symbol);
  json.amount("available_balance", balance.wallet.available);
  json.amount("reserved_balance", balance.wallet.reserved);
  json.amount("total_balance", balance.wallet.total());
  json.time_or_null("last_transaction", balance.last_transaction);
  json.end_object();
}

void write_balance_body(std::string& body, Ledger const& ledger, domain::Game const& game,
                        eventstore::PlayerBalances const& player, std::string_view email) {
  body.reserve(640 + 256 * player.balances.size());
  JsonWriter json(body);
  json.begin_object();
  json.begin_object("player");
  json.integer("player_id", player.player.value());
  json.string("player_name", ledger.people.reveal(player.identity, Field::name, player.name));
  json.string("player_email", email);
  json.string("identity_id", domain::format_identity_id(player.identity));
  json.time("date_joined", player.joined);
  json.time("last_active", player.last_active);
  json.end_object();
  json.begin_array("balances");
  for (std::size_t i = 0; i < player.balances.size(); ++i) {
    write_balance(json, game.currencies[i], player.balances[i]);
  }
  json.end_array();
  auto const total = total_of(player.balances);
  json.begin_object("summary");
  json.integer("total_currencies", std::uint64_t{player.balances.size()});
  json.integer("currency_count", std::uint64_t{player.balances.size()});
  json.amount("total_value", total);
  json.amount("total_value_usd", domain::usd_value(total));
  json.boolean("has_funds", total > Money{});
  json.time("last_updated", player.last_active);
  json.end_object();
  json.time("last_updated", player.last_active);
  json.end_object();
}

void write_player(JsonWriter& json, Ledger const& ledger, domain::Game const& game, domain::PlayerId player,
                  std::string_view email, std::string_view given_name, std::optional<domain::Position> moment) {
  json.begin_object("player");
  json.integer("player_id", player.value());
  json.string("player_email", email);
  if (!given_name.empty()) {
    json.string("player_name", given_name);
  } else {
    auto const known = ledger.state.name_of(game.id, player, moment);
    json.string("player_name", known ? ledger.people.reveal(known->identity, Field::name, known->name) : std::string());
  }
  json.end_object();
}

}  // namespace florin::api
