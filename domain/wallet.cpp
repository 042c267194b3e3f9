// Players and their wallets: credit, debit, item purchase and refund.
#include "domain/decider.h"

namespace florin::domain {
namespace {

Failure<Rejection> refuse_insufficient(Money available, Money required) {
  return fail(Rejection{.code = RejectionCode::insufficient_balance, .available = available, .required = required});
}

// The parts of a sale, which its postings rest on.
Money split(Money total, Money platform_fee, Money developer_revenue) {
  FLORIN_ASSERT(platform_fee >= Money{} && developer_revenue >= Money{} && platform_fee + developer_revenue == total);
  return moved(total);
}

}  // namespace

std::optional<Money> credited(Wallet const& wallet, Money amount) {
  auto const after = Money::checked_add(wallet.available, amount);
  if (!after || *after > kMaxBalance - wallet.reserved) return std::nullopt;
  return after;
}

Decision Decider::operator()(CreditBalance const& command) const {
  auto const calling = FLORIN_TRY(calling_game(command.game, command.currency));
  if (!valid_amount(command.amount)) return refuse(RejectionCode::invalid_amount);
  std::vector<Event> events;
  NewIds new_ids(state, events);
  PlayerDraft player(state, *calling.game, command.player, events, new_ids);
  auto const id = player.enter();
  auto const after = credited(player.wallet(calling.currency), command.amount);
  if (!after) return refuse(RejectionCode::balance_limit);
  events.emplace_back(BalanceCredited{id, calling.currency, command.amount, *after, command.reason});
  return events;
}

Decision Decider::operator()(DebitBalance const& command) const {
  auto const calling = FLORIN_TRY(calling_game(command.game, command.currency));
  std::vector<Event> events;
  NewIds new_ids(state, events);
  PlayerDraft player(state, *calling.game, command.player, events, new_ids);
  if (!player.known()) return refuse(RejectionCode::player_not_found);
  if (!valid_amount(command.amount)) return refuse(RejectionCode::invalid_amount);
  auto const id = player.enter();
  auto const available = player.wallet(calling.currency).available;
  if (available < command.amount) {
    return refuse_insufficient(available, command.amount);
  }
  events.emplace_back(BalanceDebited{id, calling.currency, command.amount, available - command.amount, command.reason});
  return events;
}

Decision Decider::operator()(PurchaseItem const& command) const {
  auto const calling = FLORIN_TRY(calling_game(command.game, command.currency));
  if (!valid_amount(command.unit_price) || !valid_amount(command.total_price) ||
      command.total_price >= kItemTotalLimit) {
    return refuse(RejectionCode::invalid_amount);
  }
  if (command.quantity < 1 || command.quantity > kMaxItemQuantity) return refuse(RejectionCode::invalid_quantity);
  auto const total = Money::checked_multiply(command.unit_price, command.quantity);
  if (total != command.total_price) return refuse(RejectionCode::total_mismatch);

  std::vector<Event> events;
  NewIds new_ids(state, events);
  PlayerDraft player(state, *calling.game, command.player, events, new_ids);
  auto const id = player.enter();
  auto const available = player.wallet(calling.currency).available;
  if (available < *total) return refuse_insufficient(available, *total);
  auto const fee = share_half_up(*total, calling.game->settings.item_fee);
  events.emplace_back(ItemPurchased{id, calling.currency, command.item, command.quantity, command.unit_price, *total,
                                    fee, *total - fee, available - *total});
  return events;
}

Decision Decider::operator()(RefundItem const& command) const {
  auto const& original = *command.original;
  OrderId const order(command.original.commit());
  auto const* game = state.find_game(command.game);
  if (game == nullptr) return refuse(RejectionCode::game_not_found);
  if (!may_call(game->settings.status)) return refuse(RejectionCode::game_not_active);
  if (game->find_currency(original.currency) == nullptr) return refuse(RejectionCode::order_not_found);
  if (state.is_refunded(order)) return refuse(RejectionCode::already_refunded);
  auto const after = credited(state.wallet(original.player, original.currency), original.total);
  if (!after) return refuse(RejectionCode::balance_limit);
  return std::vector<Event>{ItemRefunded{order, original.player, original.currency, original.total,
                                         original.platform_fee, original.developer_revenue, *after, command.reason}};
}

void Fold::operator()(StartingBalanceGranted const& e) const {
  move(e.player, e.currency, moved(e.amount), e.available_after);
}

void Fold::operator()(BalanceCredited const& e) const {
  move(e.player, e.currency, moved(e.amount), e.available_after);
}

void Fold::operator()(BalanceDebited const& e) const {
  move(e.player, e.currency, -moved(e.amount), e.available_after);
}

void Fold::operator()(ItemPurchased const& e) const {
  move(e.player, e.currency, -split(e.total, e.platform_fee, e.developer_revenue), e.available_after);
  revenue(e.currency).owed += e.developer_revenue;
}

void Fold::operator()(ItemRefunded const& e) const {
  FLORIN_ASSERT(!state.is_refunded(e.order));
  auto const total = split(e.total, e.platform_fee, e.developer_revenue);
  state.refunded_orders_.insert(e.order.value());
  move(e.player, e.currency, total, e.available_after);
  revenue(e.currency).owed -= e.developer_revenue;
}

}  // namespace florin::domain
