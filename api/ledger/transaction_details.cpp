#include "api/ledger/transaction_details.h"

#include <set>

#include "api/ledger/card_orders.h"
#include "api/ledger/payouts.h"
#include "api/ledger/transfers.h"
#include "projections/payments.h"

namespace florin::api {
namespace {

using domain::Event;
using domain::Position;
using domain::Usd;
using eventstore::ResultOr;
using Kind = TransactionKind;
using Found = std::optional<TransactionDetails>;

Usd magnitude(Usd amount) { return amount < Usd{} ? -amount : amount; }

// Of the event that opened a transaction.
TransactionFacts facts_of(Event const& event, Position transaction) {
  using domain::units_of;
  if (auto const* e = std::get_if<domain::BalanceCredited>(&event))
    return {e->player, e->currency, {}, e->amount, {}, {}};
  if (auto const* e = std::get_if<domain::BalanceDebited>(&event))
    return {e->player, e->currency, {}, e->amount, {}, {}};
  if (auto const* e = std::get_if<domain::ItemPurchased>(&event))
    return {e->player, e->currency, domain::OrderId(transaction), e->total, {}, {}};
  if (auto const* e = std::get_if<domain::ItemRefunded>(&event))
    return {e->player, e->currency, e->order, e->total, {}, {}};
  if (auto const* e = std::get_if<domain::TransferInitiated>(&event))
    return {e->sender, e->currency, {}, e->amount, {}, {}};
  if (auto const* e = std::get_if<domain::CurrencyOrdered>(&event)) {
    return {e->player, e->currency, e->order, units_of(e->usd), e->usd, {}};
  }
  if (auto const* e = std::get_if<domain::RefundRequested>(&event)) {
    return {e->player, e->currency, e->order, units_of(e->usd), e->usd, {}};
  }
  if (auto const* e = std::get_if<domain::DisputeOpened>(&event)) {
    return {e->player, e->currency, e->order, units_of(e->usd), e->usd, e->fee};
  }
  if (auto const* e = std::get_if<domain::DisputeClosed>(&event)) {
    auto const usd = e->won ? e->usd : Usd{};
    return {e->player, e->currency, e->order, units_of(usd), usd, e->fee};
  }
  if (auto const* e = std::get_if<domain::DisputeMoved>(&event)) {
    return {e->player, e->currency, e->order, units_of(magnitude(e->usd)), magnitude(e->usd), e->fee};
  }
  if (auto const* e = std::get_if<domain::PayoutRequested>(&event)) {
    return {{}, {}, {}, units_of(e->usd), e->usd, {}};
  }
  return {};
}

// What is asked for, when `game` has a part in it.
ResultOr<Found> find(Ledger const& ledger, domain::GameId game, Position position) {
  if (position > ledger.state.position()) return Found();
  auto origin = FLORIN_TRY(find_transaction(ledger, position));
  if (!origin) return Found();
  TransactionDetails found;
  found.origin = std::move(*origin);
  found.name = *transaction_of(found.origin.commit, found.origin.index);
  auto const& event = found.origin.event();
  found.facts = facts_of(event, found.name.transaction);
  bool part = false;
  if (auto const* payout = std::get_if<domain::PayoutRequested>(&event)) {
    part = payout->game == game;
  } else if (game_of(ledger, found.facts.player) == game) {
    found.player = found.facts.player;
    part = true;
  } else {
    auto const* initiated = std::get_if<domain::TransferInitiated>(&event);
    part = initiated != nullptr && initiated->target == game;
  }
  return part ? Found(std::move(found)) : std::nullopt;
}

// The commits in which the transaction has later steps.
using CommitSet = std::set<Position>;

ResultOr<CommitSet> commits_about(ViewReader& view, Position about) {
  auto const steps = FLORIN_TRY(projections::read_steps(view, about));
  CommitSet commits;
  for (auto const& step : steps) commits.insert(step.commit);
  return commits;
}

ResultOr<Unit> add_postings(Ledger const& ledger, domain::Game const& game, CommitSet commits,
                            TransactionDetails& found) {
  commits.insert(found.origin.commit.first);
  for (auto const first : commits) {
    auto const commit = FLORIN_TRY(ledger.commits.at(first));
    if (!commit) continue;
    for (std::size_t i = 0; i < commit->events.size(); ++i) {
      auto const& event = commit->events[i];
      if (transaction_of(*commit, i) != found.name) continue;
      if (auto const* paid = std::get_if<domain::CurrencyPurchased>(&event)) found.facts.usd_fee = paid->fee;
      for (auto const& posting : domain::postings(event)) {
        if (game.find_currency(posting.currency) != nullptr) found.postings.emplace_back(commit->at, posting);
      }
    }
  }
  return Unit{};
}

bool is_transfer(Kind kind) { return kind == Kind::transfer || kind == Kind::send; }

// Of these kinds the view `payments` knows the steps.
bool is_payment(Kind kind) {
  return kind == Kind::currency_purchase || kind == Kind::currency_refund || kind == Kind::withdrawal;
}

// The view is there for is_payment(), the transfer for is_transfer(). On a worker.
ResultOr<Found> complete(Ledger const& ledger, domain::Game const& game, TransactionDetails found, ViewReader* view,
                         std::optional<TransferDetails> const& transfer) {
  auto const transaction = found.name.transaction;
  CommitSet later;
  found.status = "completed";
  bool receives = false;
  switch (found.name.kind) {
    case Kind::credit:
    case Kind::debit:
    case Kind::item_refund:
    case Kind::chargeback: break;
    case Kind::item_purchase: {
      bool const back = ledger.state.read(
          [&](domain::State const& state) { return state.is_refunded(domain::OrderId(transaction)); });
      if (back) found.status = "refunded";
      break;
    }
    case Kind::transfer:
    case Kind::send: {
      if (!transfer) return Found();
      found.status = status_for(game.id == transfer->source, *transfer);
      auto const& record = transfer->record;
      if (record && record->end) later.insert(record->ended_in);
      receives = game.id != transfer->source;
      if (receives && record && record->end == domain::TransferEnd::completed) found.player = record->receiver;
      break;
    }
    case Kind::currency_purchase:
    case Kind::currency_refund: {
      auto const order = FLORIN_TRY(load_card_order(ledger, *view, game.id, found.facts.order));
      if (!order) return Found();
      if (found.name.kind == Kind::currency_purchase) found.status = order->status();
      for (auto const& refund : order->refunds) {
        if (found.name.kind == Kind::currency_refund && refund.asked.refund.position() == transaction) {
          found.status = refund.status();
        }
      }
      break;
    }
    case Kind::withdrawal: {
      WrittenFiles files(ledger);
      auto const payout = FLORIN_TRY(load_payout(ledger, *view, files, domain::PayoutId(transaction)));
      if (payout) found.status = domain::payout_status_name(payout->status);
      break;
    }
  }
  if (is_payment(found.name.kind)) {
    later = FLORIN_TRY(
        commits_about(*view, found.name.kind == Kind::withdrawal ? transaction : found.facts.order.position()));
  }
  found.movement = FLORIN_TRY(details_of(ledger, game.id, found.origin.event(), receives));
  if (transfer && !receives && transfer->record && transfer->record->receiver) {
    found.movement.counterparty = receiver_of(ledger, game.id, transfer->initiated, transfer->record->receiver);
  }
  FLORIN_TRY(add_postings(ledger, game, std::move(later), found));
  return Found(std::move(found));
}

}  // namespace

Awaitable<Readable<Found>> load_transaction(Reader reader, domain::Game const& game, Position name) {
  auto const& ledger = reader.ledger;
  auto const reached = ledger.state.position();
  auto looked = co_await reader.disk([&] { return find(ledger, game.id, name); });
  if (!looked || !looked.value()) co_return looked;
  auto& found = *looked.value();
  found.reached = reached;
  std::optional<TransferDetails> transfer;
  if (is_payment(found.name.kind)) {
    auto whole = co_await reader.view(View::payments, reached, [&](ViewReader& view) {
      return complete(ledger, game, std::move(found), &view, transfer);
    });
    co_return whole;
  }
  if (is_transfer(found.name.kind)) {
    auto loaded = co_await load_transfer(reader, game.id, std::nullopt, domain::TransferId(found.name.transaction));
    if (!loaded) co_return fail(std::move(loaded).error());
    transfer = std::move(loaded).value();
  }
  auto whole = co_await reader.disk([&] { return complete(ledger, game, std::move(found), nullptr, transfer); });
  co_return whole;
}

}  // namespace florin::api
