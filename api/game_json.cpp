#include "api/game_json.h"

namespace florin::api {

using namespace domain;

char const* game_status_name(GameStatus status) {
  switch (status) {
    case GameStatus::live: return "live";
    case GameStatus::testing: return "testing";
    case GameStatus::suspended: return "suspended";
  }
  return "";
}

char const* limit_name(LimitKind kind) {
  switch (kind) {
    case LimitKind::by_email_reads_per_minute: return "by_email_reads_per_minute";
    case LimitKind::by_id_reads_per_minute: return "by_id_reads_per_minute";
    case LimitKind::batch_reads_per_minute: return "batch_reads_per_minute";
    case LimitKind::item_purchases_per_player_minute: return "item_purchases_per_player_minute";
    case LimitKind::initiations_per_player_minute: return "initiations_per_player_minute";
    case LimitKind::initiations_per_player_hour: return "initiations_per_player_hour";
    case LimitKind::verifications_per_player_hour: return "verifications_per_player_hour";
    case LimitKind::claims_per_player_hour: return "claims_per_player_hour";
    case LimitKind::initiations_per_ip_hour: return "initiations_per_ip_hour";
    case LimitKind::verifications_per_ip_hour: return "verifications_per_ip_hour";
    case LimitKind::claims_per_ip_hour: return "claims_per_ip_hour";
    case LimitKind::destinations_per_ip_minute: return "destinations_per_ip_minute";
    case LimitKind::transfers_per_player_hour: return "transfers_per_player_hour";
    case LimitKind::transfer_units_per_player_day: return "transfer_units_per_player_day";
    case LimitKind::sends_per_player_hour: return "sends_per_player_hour";
    case LimitKind::send_units_per_player_day: return "send_units_per_player_day";
    case LimitKind::currency_purchases_per_player_minute: return "currency_purchases_per_player_minute";
    case LimitKind::phone_shares_per_game_minute: return "phone_shares_per_game_minute";
    case LimitKind::phone_shares_per_ip_hour: return "phone_shares_per_ip_hour";
  }
  return "";
}

void write_settings(JsonWriter& json, GameSettings const& settings) {
  json.string("game_name", settings.name);
  json.string("developer_name", settings.developer_name);
  json.string("genre", settings.genre);
  json.string("game_icon", settings.icon_url);
  json.string("status", game_status_name(settings.status));
  json.string("universal_transfers", settings.universal_transfers ? "yes" : "no");
  json.boolean("allows_outgoing_transfers", settings.allows_outgoing_transfers);
  json.boolean("allows_incoming_transfers", settings.allows_incoming_transfers);
  json.begin_array("linked_game_ids");
  for (auto const linked : settings.linked_games) json.string(std::to_string(linked.value()));
  json.end_array();
  json.string("transfer_fee_percentage", to_string(settings.transfer_fee));
  json.string("item_fee_percentage", to_string(settings.item_fee));
  json.begin_object("limits");
  for (auto const& limit : settings.limits) json.integer(limit_name(limit.kind), limit.maximum);
  json.end_object();
}

void write_transfer_range(JsonWriter& json, TransferRange const& range) {
  json.amount("minimum_transfer", range.minimum);
  json.amount_or_null("maximum_transfer", range.maximum);
}

void write_currency_fields(JsonWriter& json, CurrencySpec const& currency) {
  json.integer("currency_id", currency.currency.value());
  json.string("currency_name", currency.name);
  json.string("currency_symbol", currency.symbol);
  json.amount("starting_amount", currency.starting_amount);
  write_transfer_range(json, {currency.minimum_transfer, currency.maximum_transfer});
}

void write_currency(JsonWriter& json, CurrencySpec const& currency) {
  json.begin_object("currency");
  write_currency_fields(json, currency);
  json.end_object();
}

void write_currencies(JsonWriter& json, std::vector<CurrencySpec> const& currencies) {
  json.objects("currencies", currencies, [&](auto const& currency) { write_currency_fields(json, currency); });
}

}  // namespace florin::api
