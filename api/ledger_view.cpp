#include "api/ledger_view.h"

namespace florin::api {

using domain::State;

namespace {

// What `find` finds in the state, copied out of it.
template <class Find>
auto copy_of(eventstore::DurableState const& balances, Find const& find) {
  return balances.read([&](State const& state) {
    auto const* found = find(state);
    return found != nullptr ? std::optional(*found) : std::nullopt;
  });
}

}  // namespace

std::optional<domain::OpenTransfer> BalancesView::transfer(domain::Position transaction) const {
  return copy_of(balances_, [&](State const& state) { return state.find_transfer(transaction); });
}

std::optional<domain::OpenShare> BalancesView::share(domain::Position approval) const {
  return copy_of(balances_, [&](State const& state) { return state.shares().find(approval); });
}

std::optional<domain::OpenOrder> BalancesView::order(domain::Position order) const {
  return copy_of(balances_, [&](State const& state) { return state.find_order(order); });
}

std::optional<domain::Returned> BalancesView::returned(domain::Position order) const {
  return copy_of(balances_, [&](State const& state) { return state.find_returned(order); });
}

std::optional<domain::OpenPayout> BalancesView::payout(domain::PayoutId payout) const {
  return copy_of(balances_, [&](State const& state) { return state.find_payout(payout); });
}

std::vector<domain::PayoutId> BalancesView::payouts_of(domain::Day day) const {
  return balances_.read([&](State const& state) { return state.payouts_of(day); });
}

bool BalancesView::has_payout_files(domain::Day day) const {
  return balances_.read([&](State const& state) { return state.find_payout_file(day).has_value(); });
}

bool BalancesView::is_dated_by_export(domain::Day day) const {
  return balances_.read([&](State const& state) { return state.is_dated_by_export(day); });
}

domain::PayoutFilesUsed BalancesView::files_used(domain::Day created) const {
  return balances_.read([&](State const& state) { return state.files_used(created); });
}

std::string BalancesView::currency_name(domain::CurrencyId currency) const {
  return balances_.read([&](State const& state) -> std::string {
    for (auto const& game : state.games()) {
      if (auto const* spec = game.find_currency(currency)) return spec->name;
    }
    return {};
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
