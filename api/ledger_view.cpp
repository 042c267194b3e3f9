#include "api/ledger_view.h"

namespace florin::api {

using domain::State;

std::optional<domain::OpenTransfer> BalancesView::transfer(domain::Position transaction) const {
  return balances_.read([&](State const& state) {
    auto const* open = state.find_transfer(transaction);
    return open != nullptr ? std::optional(*open) : std::nullopt;
  });
}

std::optional<domain::OpenShare> BalancesView::share(domain::Position approval) const {
  return balances_.read([&](State const& state) {
    auto const* open = state.shares().find(approval);
    return open != nullptr ? std::optional(*open) : std::nullopt;
  });
}

std::optional<sagas::LedgerView::Phone> BalancesView::phone(domain::PhoneId phone) const {
  auto known = balances_.phone(phone);
  if (!known) return std::nullopt;
  return Phone{known->identity, std::move(known->number),
               balances_.email_of(known->identity).value_or(domain::PersonalText{})};
}

sagas::LedgerView::Names BalancesView::names(domain::PlayerId sender, domain::CurrencyId currency,
                                             domain::GameId target) const {
  return balances_.read([&](State const& state) {
    Names names;
    auto const* source = state.game_of(sender);
    auto const* receiving = state.find_game(target);
    if (receiving != nullptr) names.target_game = receiving->settings.name;
    if (source == nullptr) return names;
    names.source_game = source->settings.name;
    if (auto const* spec = source->find_currency(currency)) names.currency = spec->name;
    return names;
  });
}

}  // namespace florin::api
