// What games earn and cash out.
#include "domain/payout.h"

#include <algorithm>

#include "domain/decider.h"

namespace florin::domain {

char const* payout_status_name(PayoutStatus status) {
  switch (status) {
    case PayoutStatus::requested: return "requested";
    case PayoutStatus::approved: return "approved";
    case PayoutStatus::processing: return "processing";
    case PayoutStatus::completed: return "completed";
    case PayoutStatus::rejected: return "rejected";
    case PayoutStatus::failed: return "failed";
  }
  return "";
}

bool can_follow(PayoutStatus next, PayoutStatus now) {
  switch (next) {
    case PayoutStatus::requested: return false;
    case PayoutStatus::approved: return now == PayoutStatus::requested;
    case PayoutStatus::processing: return now == PayoutStatus::approved;
    case PayoutStatus::completed: return now == PayoutStatus::processing;
    case PayoutStatus::failed: return now == PayoutStatus::processing || now == PayoutStatus::completed;
    case PayoutStatus::rejected: return now == PayoutStatus::requested || now == PayoutStatus::approved;
  }
  return false;
}

// In USD, whole cents: what is left below a cent stays owed. `owed` of all its currencies together: what one of them
// is short of, the others pay.
Money payable_usd(State const& state, Game const& game) {
  Money owed;
  for (auto const& currency : game.currencies) owed += state.revenue(currency.currency).owed;
  return owed <= Money{} ? Money{} : Money::from_minor(owed.minor() / kUnitsPerDollar);
}

Decision Decider::operator()(RequestPayout const& command) const {
  auto const* game = state.find_game(command.game);
  if (game == nullptr) return refuse(Rejection::game_not_found);
  if (!may_call(game->settings.status)) return refuse(Rejection::game_not_active);
  if (command.usd <= Money{} || command.usd > kMaxPayoutUsd) return refuse(Rejection::invalid_amount);
  auto const payable = payable_usd(state, *game);
  if (command.usd > payable) {
    return fail(Refusal{.reason = Rejection::payout_exceeds_balance, .available = payable, .required = command.usd});
  }
  std::vector<PayoutShare> shares;
  auto left = units_of(command.usd);
  for (auto const& currency : game->currencies) {
    auto const part = std::min(left, state.revenue(currency.currency).owed);
    if (part <= Money{}) continue;
    shares.push_back({currency.currency, part});
    left -= part;
  }
  FLORIN_ASSERT(left == Money{});
  std::vector<Event> events;
  Registrar registrar(state, events);
  auto const contact = registrar.identity(command.contact.email_index, command.contact.email);
  events.emplace_back(PayoutRequested{context.next, command.game, command.usd, std::move(shares), contact,
                                      PersonalText{command.holder, false}, PersonalText{command.account, false},
                                      command.routing, std::string(last_four(command.account)), command.type});
  return events;
}

Decision Decider::operator()(AdvancePayout const& command) const {
  auto const* payout = state.find_payout(command.payout);
  if (payout == nullptr) return refuse(Rejection::payout_not_found);
  bool const was_completed = payout->status == PayoutStatus::completed;
  bool const too_late = was_completed && context.now >= payout->since + kPayoutReturnMicros;
  if (too_late || !can_follow(command.status, payout->status)) return refuse(Rejection::payout_not_next);
  return std::vector<Event>{PayoutAdvanced{payout->payout, payout->game, payout->usd, payout->shares, command.status,
                                           command.note, was_completed}};
}

Revenue& Fold::revenue(CurrencyId currency) const {
  FLORIN_ASSERT(currency && currency.value() <= state.currency_count());
  if (state.revenues_.size() < currency.value()) state.revenues_.resize(currency.value());
  return state.revenues_[currency.value() - 1];
}

void Fold::operator()(PayoutRequested const& e) const {
  OpenPayout const payout{e.payout, e.game, e.usd, e.shares, PayoutStatus::requested, at};
  FLORIN_ASSERT(state.find_game(e.game) != nullptr && state.payouts_.emplace(e.payout, payout).second);
  Money sum;
  for (auto const& share : e.shares) {
    auto& part = revenue(share.currency);
    part.owed -= moved(share.amount);
    part.in_flight += share.amount;
    sum += share.amount;
  }
  FLORIN_ASSERT(sum == units_of(moved(e.usd)));
}

void Fold::operator()(PayoutAdvanced const& e) const {
  auto const found = state.payouts_.find(e.payout);
  FLORIN_ASSERT(found != state.payouts_.end());
  auto& payout = found->second;
  FLORIN_ASSERT(payout.game == e.game && payout.usd == e.usd && payout.shares == e.shares);
  FLORIN_ASSERT(can_follow(e.status, payout.status));
  FLORIN_ASSERT(e.was_completed == (payout.status == PayoutStatus::completed));
  payout.status = e.status;
  payout.since = at;
  if (!is_end(e.status)) return;
  for (auto const& share : e.shares) {
    auto& part = revenue(share.currency);
    (e.was_completed ? part.paid : part.in_flight) -= share.amount;
    (e.status == PayoutStatus::completed ? part.paid : part.owed) += share.amount;
  }
  if (e.status != PayoutStatus::completed) {
    state.payouts_.erase(found);
    return;
  }
  std::erase_if(state.payouts_, [this](auto const& entry) {
    return entry.second.status == PayoutStatus::completed && at >= entry.second.since + kPayoutReturnMicros;
  });
}

OpenPayout const* State::find_payout(Position payout) const {
  auto const found = payouts_.find(payout);
  return found == payouts_.end() ? nullptr : &found->second;
}

Revenue State::revenue(CurrencyId currency) const {
  if (!currency || currency.value() > revenues_.size()) return {};
  return revenues_[currency.value() - 1];
}

bool State::restore_payout(OpenPayout const& payout) {
  auto const* game = find_game(payout.game);
  if (!payout.payout || game == nullptr) return false;
  if (payout.status == PayoutStatus::rejected || payout.status == PayoutStatus::failed) return false;
  Money sum;
  for (auto const& share : payout.shares) {
    if (game->find_currency(share.currency) == nullptr) return false;
    if (share.amount <= Money{} || share.amount > units_of(kMaxPayoutUsd)) return false;
    sum += share.amount;
  }
  if (payout.usd <= Money{} || payout.usd > kMaxPayoutUsd || sum != units_of(payout.usd)) return false;
  return payouts_.emplace(payout.payout, payout).second;
}

bool State::restore_revenue(CurrencyId currency, Revenue const& revenue) {
  if (!currency || currency.value() > currency_count_ || currency.value() != revenues_.size() + 1) return false;
  revenues_.push_back(revenue);
  return true;
}

}  // namespace florin::domain
