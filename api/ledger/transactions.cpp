#include "api/ledger/transactions.h"

namespace florin::api {
namespace {

using domain::Commit;
using domain::Event;
using domain::Position;
using eventstore::ResultOr;
using Kind = TransactionKind;
using Name = std::optional<TransactionName>;

Kind kind_of(domain::Flavour flavour) { return flavour == domain::Flavour::transfer ? Kind::transfer : Kind::send; }

// The transaction that an event belongs to; nullopt for an event of none.
Name named_by(Event const& event, Position position, Position commit) {
  if (std::holds_alternative<domain::BalanceCredited>(event)) return Name({Kind::credit, commit});
  if (std::holds_alternative<domain::BalanceDebited>(event)) return Name({Kind::debit, commit});
  if (std::holds_alternative<domain::ItemPurchased>(event)) return Name({Kind::item_purchase, commit});
  if (std::holds_alternative<domain::ItemRefunded>(event)) return Name({Kind::item_refund, commit});
  if (auto const* e = std::get_if<domain::TransferInitiated>(&event))
    return Name({kind_of(e->flavour), e->transaction.position()});
  if (auto const* e = std::get_if<domain::TransferClaimed>(&event))
    return Name({kind_of(e->flavour), e->transaction.position()});
  if (auto const* e = std::get_if<domain::TransferReleased>(&event))
    return Name({kind_of(e->flavour), e->transaction.position()});
  if (auto const* e = std::get_if<domain::CurrencyOrdered>(&event))
    return Name({Kind::currency_purchase, e->order.position()});
  if (auto const* e = std::get_if<domain::CurrencyPurchased>(&event))
    return Name({Kind::currency_purchase, e->order.position()});
  if (auto const* e = std::get_if<domain::RefundRequested>(&event))
    return Name({Kind::currency_refund, e->refund.position()});
  if (auto const* e = std::get_if<domain::RefundSettled>(&event))
    return Name({Kind::currency_refund, e->refund.position()});
  if (std::holds_alternative<domain::DisputeOpened>(event)) return Name({Kind::chargeback, position});
  if (std::holds_alternative<domain::DisputeClosed>(event)) return Name({Kind::chargeback, position});
  if (std::holds_alternative<domain::DisputeMoved>(event)) return Name({Kind::chargeback, position});
  if (auto const* e = std::get_if<domain::PayoutRequested>(&event))
    return Name({Kind::withdrawal, e->payout.position()});
  if (auto const* e = std::get_if<domain::PayoutAdvanced>(&event))
    return Name({Kind::withdrawal, e->payout.position()});
  return std::nullopt;
}

}  // namespace

char const* transaction_kind_name(TransactionKind kind) {
  switch (kind) {
    case Kind::credit: return "credit";
    case Kind::debit: return "debit";
    case Kind::item_purchase: return "item_purchase";
    case Kind::item_refund: return "item_refund";
    case Kind::transfer: return "transfer";
    case Kind::send: return "send";
    case Kind::currency_purchase: return "currency_purchase";
    case Kind::currency_refund: return "currency_refund";
    case Kind::chargeback: return "chargeback";
    case Kind::withdrawal: return "withdrawal";
  }
  return "";
}

Name transaction_of(Commit const& commit, std::size_t index) {
  if (index >= commit.events.size()) return std::nullopt;
  auto const& event = commit.events[index];
  if (!std::holds_alternative<domain::StartingBalanceGranted>(event)) {
    return named_by(event, next(commit.first, index), commit.first);
  }
  for (std::size_t i = 0; i < commit.events.size(); ++i) {
    if (auto const name = named_by(commit.events[i], next(commit.first, i), commit.first)) return name;
  }
  return std::nullopt;
}

ResultOr<std::optional<LocatedEvent>> find_transaction(Ledger const& ledger, Position name) {
  using Found = std::optional<LocatedEvent>;
  auto commit = ledger.commits.holding(name);
  if (!commit) return fail(commit.error());
  if (!commit.value()) return Found();
  // Where the name is a commit's, whatever the commit is about first: an older history named a claim so.
  Name wanted;
  auto const at = static_cast<std::size_t>(name.value() - commit.value()->first.value());
  if (at != 0) wanted = transaction_of(*commit.value(), at);
  for (std::size_t i = 0; at == 0 && i < commit.value()->events.size(); ++i) {
    auto const here = transaction_of(*commit.value(), i);
    if (here && (!wanted || here->transaction == name)) wanted = here;
    if (wanted && wanted->transaction == name) break;
  }
  if (!wanted || (at != 0 && wanted->transaction != name)) return Found();
  if (wanted->transaction < commit.value()->first || wanted->transaction > commit.value()->last()) {
    commit = ledger.commits.holding(wanted->transaction);
    if (!commit) return fail(commit.error());
    if (!commit.value()) return Found();
  }
  for (std::size_t i = 0; i < commit.value()->events.size(); ++i) {
    bool const granted = std::holds_alternative<domain::StartingBalanceGranted>(commit.value()->events[i]);
    if (!granted && transaction_of(*commit.value(), i) == wanted) return Found({std::move(*commit.value()), i});
  }
  return Found();
}

}  // namespace florin::api
