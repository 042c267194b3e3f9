#include "domain/game.h"

#include <algorithm>

namespace florin::domain {

GameSettings GameChanges::applied_to(GameSettings settings) const {
  auto const set = [](auto& field, auto const& change) {
    if (change) field = *change;
  };
  set(settings.name, name);
  set(settings.developer_name, developer_name);
  set(settings.genre, genre);
  set(settings.icon_url, icon_url);
  set(settings.status, status);
  set(settings.universal_transfers, universal_transfers);
  set(settings.allows_outgoing_transfers, allows_outgoing_transfers);
  set(settings.allows_incoming_transfers, allows_incoming_transfers);
  set(settings.linked_games, linked_games);
  set(settings.transfer_fee, transfer_fee);
  set(settings.item_fee, item_fee);
  for (auto const& limit : limits) {
    auto const same_kind = [&limit](LimitOverride const& other) { return other.kind == limit.kind; };
    auto const found = std::find_if(settings.limits.begin(), settings.limits.end(), same_kind);
    if (found == settings.limits.end()) {
      settings.limits.push_back(limit);
    } else {
      *found = limit;
    }
  }
  return settings;
}

CurrencySpec CurrencyChanges::applied_to(CurrencySpec currency) const {
  if (name) currency.name = *name;
  if (symbol) currency.symbol = *symbol;
  if (starting_amount) currency.starting_amount = *starting_amount;
  if (minimum_transfer) currency.minimum_transfer = *minimum_transfer;
  if (maximum_transfer) currency.maximum_transfer = *maximum_transfer;
  return currency;
}

CurrencySpec const* Game::find_currency(CurrencyId currency) const {
  for (auto const& candidate : currencies) {
    if (candidate.currency == currency) return &candidate;
  }
  return nullptr;
}

}  // namespace florin::domain
