#include "api/ledger/movements.h"

#include <utility>

#include "api/ledger/transactions.h"

namespace florin::api {
namespace {

using domain::Event;
using domain::PlayerId;
using domain::Position;
using eventstore::ResultOr;

// Who initiated, who gets it and in which game: of a transfer's or a send's first event.
ResultOr<domain::TransferInitiated> initiation(Ledger const& ledger, domain::TransferId transaction) {
  auto const initiated = FLORIN_TRY(ledger.commits.fact<domain::TransferInitiated>(transaction.position()));
  if (initiated) return **initiated;
  return eventstore::fault(eventstore::Fault::Kind::corrupt,
                           "position " + std::to_string(transaction.value()) + ": no transfer begins there");
}

domain::IdentityId identity_of(Ledger const& ledger, PlayerId player) {
  return ledger.state.read(
      [&](domain::State const& state) { return state.identity_of(player).value_or(domain::IdentityId{}); });
}

Counterparty sender_of(Ledger const& ledger, domain::GameId game, PlayerId sender) {
  auto const source = game_of(ledger, sender);
  if (source != game) return {source, {}, {}};
  return {game, identity_of(ledger, sender), sender};
}

bool is_received(projections::MovementKind kind) {
  using enum projections::MovementKind;
  return kind == transfer_received || kind == send_received;
}

// Out of the log, at the movement's own position: the view keeps amounts only.
ResultOr<MovementLine> load_line(Ledger const& ledger, domain::GameId game, projections::Movement const& movement) {
  auto const commit = FLORIN_TRY(ledger.commits.at(movement.transaction));
  auto const* event = commit ? event_at(*commit, movement.position) : nullptr;
  if (event == nullptr) {
    return eventstore::fault(eventstore::Fault::Kind::corrupt,
                             "history: the log has no event at position " + std::to_string(movement.position.value()));
  }
  auto details = FLORIN_TRY(details_of(ledger, game, *event, is_received(movement.kind)));
  auto const index = static_cast<std::size_t>(movement.position.value() - movement.transaction.value());
  auto const name = transaction_of(*commit, index);
  return MovementLine{movement, name ? name->transaction : movement.transaction, std::move(details)};
}

}  // namespace

domain::GameId game_of(Ledger const& ledger, PlayerId player) {
  return ledger.state.read([&](domain::State const& state) {
    auto const* game = state.game_of(player);
    return game != nullptr ? game->id : domain::GameId{};
  });
}

Counterparty receiver_of(Ledger const& ledger, domain::GameId game, domain::TransferInitiated const& initiated,
                         PlayerId claimed_by) {
  if (initiated.target != game) return {initiated.target, initiated.receiver, {}};
  if (claimed_by) return {game, identity_of(ledger, claimed_by), claimed_by};
  auto const player = ledger.state.read(
      [&](domain::State const& state) { return state.find_player(game, initiated.receiver).value_or(PlayerId{}); });
  return {game, initiated.receiver, player};
}

ResultOr<MovementDetails> details_of(Ledger const& ledger, domain::GameId game, Event const& event, bool receives) {
  MovementDetails out;
  if (auto const* e = std::get_if<domain::BalanceCredited>(&event)) out.reason = e->reason;
  if (auto const* e = std::get_if<domain::BalanceDebited>(&event)) out.reason = e->reason;
  if (auto const* e = std::get_if<domain::ItemPurchased>(&event)) {
    out.item = e->item;
    out.quantity = e->quantity;
    out.fee = e->platform_fee;
  }
  if (auto const* e = std::get_if<domain::ItemRefunded>(&event)) {
    out.reason = e->reason;
    out.fee = e->platform_fee;
    auto const bought = FLORIN_TRY(ledger.commits.fact<domain::ItemPurchased>(e->order.position()));
    if (bought) {
      out.item = (*bought)->item;
      out.quantity = (*bought)->quantity;
    }
  }
  if (auto const* e = std::get_if<domain::TransferInitiated>(&event)) {
    out.fee = e->fees.total();
    out.counterparty = receives ? sender_of(ledger, game, e->sender) : receiver_of(ledger, game, *e, {});
  }
  if (auto const* e = std::get_if<domain::TransferClaimed>(&event)) {
    out.fee = e->fees.total();
    if (receives) {
      out.counterparty = sender_of(ledger, game, e->sender);
    } else {
      auto const initiated = FLORIN_TRY(initiation(ledger, e->transaction));
      out.counterparty = receiver_of(ledger, game, initiated, e->receiver);
    }
  }
  if (auto const* e = std::get_if<domain::TransferReleased>(&event)) {
    out.reason = domain::reason_name(e->reason);
    auto const initiated = FLORIN_TRY(initiation(ledger, e->transaction));
    out.counterparty = receiver_of(ledger, game, initiated, {});
  }
  if (auto const* e = std::get_if<domain::RefundRequested>(&event)) out.reason = e->reason;
  if (auto const* e = std::get_if<domain::RefundSettled>(&event)) out.reason = domain::refund_end_name(e->end);
  auto const dispute = [](domain::DisputeStatus status) {
    return std::string("dispute ") + domain::dispute_status_name(status);
  };
  if (std::holds_alternative<domain::DisputeOpened>(event)) out.reason = dispute(domain::DisputeStatus::open);
  if (auto const* e = std::get_if<domain::DisputeClosed>(&event)) {
    out.reason = dispute(e->won ? domain::DisputeStatus::won : domain::DisputeStatus::lost);
  }
  if (auto const* e = std::get_if<domain::DisputeMoved>(&event)) out.reason = dispute(e->status);
  return out;
}

ResultOr<ListPage<MovementLine>> load_movements(Ledger const& ledger, ViewReader& view, domain::GameId game,
                                                PlayerId player, domain::CurrencyId currency, std::size_t limit,
                                                std::optional<std::uint64_t> cursor) {
  auto const rows = FLORIN_TRY(projections::read_history(view, player, currency, limit, cursor));
  ListPage<MovementLine> page;
  page.next = rows.next;
  for (auto const& movement : rows.movements) {
    auto line = FLORIN_TRY(load_line(ledger, game, movement));
    page.items.push_back(std::move(line));
  }
  return page;
}

}  // namespace florin::api
