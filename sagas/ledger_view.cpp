#include "sagas/ledger_view.h"

namespace florin::sagas {

using domain::State;

namespace {

// What `find` finds in the state, copied out of it.
template <class Find>
auto copy_of(eventstore::DurableState const& durable, Find const& find) {
  return durable.read([&](State const& state) {
    auto const* found = find(state);
    return found != nullptr ? std::optional(*found) : std::nullopt;
  });
}

}  // namespace

std::optional<domain::OpenTransfer> LedgerView::transfer(domain::TransferId transaction) const {
  return copy_of(durable_, [&](State const& state) { return state.find_transfer(transaction); });
}

std::optional<domain::OpenShare> LedgerView::share(domain::ApprovalId approval) const {
  return copy_of(durable_, [&](State const& state) { return state.shares().find(approval); });
}

std::optional<domain::OpenOrder> LedgerView::order(domain::OrderId order) const {
  return copy_of(durable_, [&](State const& state) { return state.find_order(order); });
}

std::optional<domain::Returned> LedgerView::returned(domain::OrderId order) const {
  return copy_of(durable_, [&](State const& state) { return state.find_returned(order); });
}

std::optional<domain::OpenPayout> LedgerView::payout(domain::PayoutId payout) const {
  return copy_of(durable_, [&](State const& state) { return state.find_payout(payout); });
}

std::vector<domain::PayoutId> LedgerView::payouts_of(domain::Day day) const {
  return durable_.read([&](State const& state) { return state.payouts_of(day); });
}

bool LedgerView::has_payout_files(domain::Day day) const {
  return durable_.read([&](State const& state) { return state.find_payout_file(day).has_value(); });
}

bool LedgerView::is_dated_by_export(domain::Day day) const {
  return durable_.read([&](State const& state) { return state.is_dated_by_export(day); });
}

domain::PayoutFilesUsed LedgerView::files_used(domain::Day created) const {
  return durable_.read([&](State const& state) { return state.files_used(created); });
}

std::string LedgerView::currency_name(domain::CurrencyId currency) const {
  return durable_.read([&](State const& state) -> std::string {
    for (auto const& game : state.games()) {
      if (auto const* spec = game.find_currency(currency)) return spec->name;
    }
    return {};
  });
}

std::optional<LedgerView::Phone> LedgerView::phone(domain::PhoneId phone) const {
  auto known = durable_.phone(phone);
  if (!known) return std::nullopt;
  return Phone{known->identity, std::move(known->number),
               durable_.email_of(known->identity).value_or(domain::PersonalText{})};
}

LedgerView::Names LedgerView::names(domain::PlayerId sender, domain::CurrencyId currency, domain::GameId target) const {
  return durable_.read([&](State const& state) {
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

}  // namespace florin::sagas
