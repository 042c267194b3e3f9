#include "api/ledger/card_orders.h"

#include <algorithm>

#include "projections/payments.h"

namespace florin::api {
namespace {

using domain::OrderId;
using eventstore::ResultOr;

// One event of the order into what is known of it.
struct Fold {
  CardOrder& order;
  domain::Timestamp at;

  void operator()(domain::CurrencyOrdered const& e) const {
    order.ordered = e;
    order.ordered_at = at;
  }
  void operator()(domain::PaymentOpened const& e) const { order.reference = e.reference; }
  void operator()(domain::PaymentChallenged const&) const { order.challenged = true; }
  void operator()(domain::CurrencyPurchased const& e) const {
    order.purchased = e;
    order.purchased_at = at;
  }
  void operator()(domain::PaymentFailed const& e) const { order.failed = e; }
  void operator()(domain::RefundRequested const& e) const { order.refunds.push_back({e, at, std::nullopt}); }
  void operator()(domain::RefundSettled const& e) const {
    for (auto& refund : order.refunds) {
      if (refund.asked.refund == e.refund) refund.end = e.end;
    }
  }
  void operator()(domain::DisputeOpened const& e) const {
    dispute(e.reference).movements.push_back({-e.usd, e.fee, domain::DisputeStatus::open, at});
  }
  void operator()(domain::DisputeClosed const& e) const {
    auto const status = e.won ? domain::DisputeStatus::won : domain::DisputeStatus::lost;
    dispute(e.reference).movements.push_back({e.won ? e.usd : domain::Usd{}, e.fee, status, at});
  }
  void operator()(domain::DisputeMoved const& e) const {
    dispute(e.reference).movements.push_back({e.usd, e.fee, e.status, at});
  }
  // No step of an order is anything else.
  void operator()(domain::CheckoutOpened const&) const {}
  void operator()(domain::GameEvent auto const&) const {}
  void operator()(domain::KeyEvent auto const&) const {}
  void operator()(domain::PersonEvent auto const&) const {}
  void operator()(domain::WalletEvent auto const&) const {}
  void operator()(domain::ItemEvent auto const&) const {}
  void operator()(domain::TransferEvent auto const&) const {}
  void operator()(domain::PhoneShareEvent auto const&) const {}
  void operator()(domain::TextEvent auto const&) const {}
  void operator()(domain::PayoutEvent auto const&) const {}

 private:
  [[nodiscard]] CardDispute& dispute(std::string const& reference) const {
    for (auto& known : order.disputes) {
      if (known.reference == reference) return known;
    }
    return order.disputes.emplace_back(CardDispute{reference, {}});
  }
};

// The order of a step; zero: the event is of none.
OrderId order_of(domain::Event const& event) {
  return std::visit(domain::Overloaded{
                        [](domain::GameEvent auto const&) { return OrderId{}; },
                        [](domain::KeyEvent auto const&) { return OrderId{}; },
                        [](domain::PersonEvent auto const&) { return OrderId{}; },
                        [](domain::WalletEvent auto const&) { return OrderId{}; },
                        [](domain::ItemEvent auto const&) { return OrderId{}; },
                        [](domain::TransferEvent auto const&) { return OrderId{}; },
                        [](domain::PhoneShareEvent auto const&) { return OrderId{}; },
                        [](domain::TextEvent auto const&) { return OrderId{}; },
                        [](domain::CheckoutOpened const&) { return OrderId{}; },
                        [](domain::CardOrderEvent auto const& e) { return e.order; },
                        [](domain::RefundEvent auto const& e) { return e.order; },
                        [](domain::PayoutEvent auto const&) { return OrderId{}; },
                    },
                    event);
}

}  // namespace

domain::Usd CardOrder::refunded() const {
  domain::Usd sum;
  for (auto const& refund : refunds) {
    if (!refund.end || *refund.end == domain::RefundEnd::succeeded) sum += refund.asked.usd;
  }
  return sum;
}

domain::Usd CardDispute::claimed() const {
  domain::Usd most;
  domain::Usd now;
  for (auto const& movement : movements) most = std::max(most, now -= movement.usd);
  return most;
}

domain::Usd CardDispute::withheld() const {
  domain::Usd now;
  for (auto const& movement : movements) now -= movement.usd;
  return now;
}

domain::Usd CardDispute::fee() const {
  domain::Usd sum;
  for (auto const& movement : movements) sum += movement.fee;
  return sum;
}

char const* CardOrder::status() const {
  if (failed) return "failed";
  if (!purchased) return challenged ? "requires_action" : "created";
  bool lost = false;
  for (auto const& dispute : disputes) {
    if (dispute.status() == domain::DisputeStatus::open) return "disputed";
    lost = lost || dispute.status() == domain::DisputeStatus::lost;
  }
  if (lost) return "lost";
  auto const back = refunded();
  if (back == domain::Usd{}) return "paid";
  return back < purchased->usd ? "partly_refunded" : "refunded";
}

ResultOr<std::optional<domain::CurrencyOrdered>> find_card_order(Ledger const& ledger, domain::GameId game,
                                                                 OrderId order) {
  auto const ordered = FLORIN_TRY(ledger.commits.fact<domain::CurrencyOrdered>(order.position()));
  std::optional<domain::CurrencyOrdered> found;
  if (!ordered) return found;
  auto const& event = **ordered;
  if (!game || ledger.state.by_id(game, event.player)) found = event;
  return found;
}

ResultOr<std::optional<CardOrder>> load_card_order(Ledger const& ledger, ViewReader& view, domain::GameId game,
                                                   OrderId order) {
  using Found = std::optional<CardOrder>;
  auto const ordered = FLORIN_TRY(find_card_order(ledger, game, order));
  if (!ordered) return Found();
  auto const steps = FLORIN_TRY(projections::read_steps(view, order.position()));
  CardOrder found;
  found.ordered = *ordered;
  if (found.ordered.session) {
    auto const checkout = FLORIN_TRY(ledger.commits.fact<domain::CheckoutOpened>(found.ordered.session.position()));
    if (checkout) found.checkout = **checkout;
  }
  for (auto const& step : steps) {
    auto const commit = FLORIN_TRY(ledger.commits.at(step.commit));
    auto const* event = commit ? event_at(*commit, step.event) : nullptr;
    if (event == nullptr || order_of(*event) != order) return projections::distrust_steps(view, order.position());
    std::visit(Fold{found, commit->at}, *event);
    if (std::holds_alternative<domain::CurrencyPurchased>(*event)) found.purchased_in = step.commit;
    for (auto const& posting : domain::postings(*event)) found.postings.push_back(posting);
  }
  return Found(std::move(found));
}

ResultOr<PaidOrder> find_paid_order(Ledger const& ledger, ViewReader& view, domain::GameId game, OrderId order) {
  PaidOrder found;
  auto const loaded = FLORIN_TRY(load_card_order(ledger, view, game, order));
  found.is_known = loaded.has_value();
  if (!found.is_known || !loaded->purchased) return found;
  found.purchased = FLORIN_TRY(ledger.commits.fact<domain::CurrencyPurchased>(loaded->purchased_in));
  return found;
}

ResultOr<std::optional<OrderId>> find_by_reference(ViewReader& view, std::string_view reference) {
  return projections::read_order_of(view, reference);
}

domain::Usd refundable_usd(Ledger const& ledger, domain::GameId game, CardOrder const& order) {
  if (!order.purchased) return {};
  bool const can_charge = ledger.cards.can_charge();
  return ledger.state.read([&](domain::State const& state) {
    auto const most = domain::refundable_usd(state, game, *order.purchased, can_charge);
    return most ? most.value() : domain::Usd{};
  });
}

Awaitable<Readable<FollowedPayment>> follow_payment(Reader reader, OrderId order, int patience_seconds,
                                                    bool last_look) {
  using State = FollowedPayment::State;
  auto const& ledger = reader.ledger;
  FollowedPayment outcome;
  if (ledger.cards.is_configured()) {
    auto update = co_await ledger.cards.watch(reader.inbox, order, patience_seconds, last_look);
    outcome.position = ledger.state.position();
    if (!update || update->state == sagas::PaymentUpdate::State::pending) co_return outcome;
    if (update->state == sagas::PaymentUpdate::State::action_required) {
      outcome.state = State::action_required;
      outcome.update = std::move(*update);
      co_return outcome;
    }
    outcome.purchased = update->purchased;
    outcome.failed = update->failed;
  } else {
    outcome.position = ledger.state.position();
  }
  if (!outcome.purchased && !outcome.failed) {
    // The order ended before anybody waited for it, or no saga runs: answer from the view, once it has reached the
    // ledger's position.
    domain::GameId const of_any;
    auto loaded = co_await reader.view(View::payments, outcome.position,
                                       [&](ViewReader& view) { return load_card_order(ledger, view, of_any, order); });
    if (!loaded) co_return fail(std::move(loaded).error());
    if (loaded.value()) {
      outcome.purchased = loaded.value()->purchased;
      outcome.failed = loaded.value()->failed;
    }
  }
  if (outcome.purchased) outcome.state = State::paid;
  if (outcome.failed) outcome.state = State::failed;
  co_return outcome;
}

}  // namespace florin::api
