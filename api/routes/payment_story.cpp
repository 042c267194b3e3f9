#include "api/routes/payment_story.h"

#include "api/routes/players.h"
#include "domain/postings.h"
#include "eventstore/store/read_commit.h"
#include "projections/payments.h"

namespace florin::api {
namespace {

using domain::Position;
using eventstore::Faulty;

// One event of the order into its story.
struct Telling {
  PaymentStory& story;
  domain::Timestamp at;

  void operator()(domain::CurrencyOrdered const& e) const {
    story.ordered = e;
    story.ordered_at = at;
  }
  void operator()(domain::PaymentOpened const& e) const { story.reference = e.reference; }
  void operator()(domain::PaymentChallenged const&) const { story.challenged = true; }
  void operator()(domain::CurrencyPurchased const& e) const {
    story.purchased = e;
    story.purchased_at = at;
  }
  void operator()(domain::PaymentFailed const& e) const { story.failed = e; }
  void operator()(domain::RefundRequested const& e) const { story.refunds.push_back({e, at, std::nullopt}); }
  void operator()(domain::RefundSettled const& e) const {
    for (auto& refund : story.refunds) {
      if (refund.asked.refund == e.refund) refund.end = e.end;
    }
  }
  void operator()(domain::DisputeOpened const& e) const {
    dispute(e.reference).movements.push_back({-e.usd, e.fee, domain::DisputeStatus::open, at});
  }
  void operator()(domain::DisputeClosed const& e) const {
    auto const status = e.won ? domain::DisputeStatus::won : domain::DisputeStatus::lost;
    dispute(e.reference).movements.push_back({e.won ? e.usd : domain::Money{}, e.fee, status, at});
  }
  void operator()(domain::DisputeMoved const& e) const {
    dispute(e.reference).movements.push_back({e.usd, e.fee, e.status, at});
  }
  // No step of an order is anything else.
  void operator()(domain::CheckoutOpened const&) const {}
  void operator()(domain::GameEvent auto const&) const {}
  void operator()(domain::PersonEvent auto const&) const {}
  void operator()(domain::WalletEvent auto const&) const {}
  void operator()(domain::ItemEvent auto const&) const {}
  void operator()(domain::TransferEvent auto const&) const {}
  void operator()(domain::PhoneShareEvent auto const&) const {}
  void operator()(domain::TextEvent auto const&) const {}
  void operator()(domain::PayoutEvent auto const&) const {}

 private:
  [[nodiscard]] DisputeStory& dispute(std::string const& reference) const {
    for (auto& known : story.disputes) {
      if (known.reference == reference) return known;
    }
    return story.disputes.emplace_back(DisputeStory{reference, {}});
  }
};

// The order of a step; zero: the event is of none.
Position order_of(domain::Event const& event) {
  return std::visit(domain::Overloaded{
                        [](domain::GameEvent auto const&) { return Position{}; },
                        [](domain::PersonEvent auto const&) { return Position{}; },
                        [](domain::WalletEvent auto const&) { return Position{}; },
                        [](domain::ItemEvent auto const&) { return Position{}; },
                        [](domain::TransferEvent auto const&) { return Position{}; },
                        [](domain::PhoneShareEvent auto const&) { return Position{}; },
                        [](domain::TextEvent auto const&) { return Position{}; },
                        [](domain::CheckoutOpened const&) { return Position{}; },
                        [](domain::CardOrderEvent auto const& e) { return e.order; },
                        [](domain::RefundEvent auto const& e) { return e.order; },
                        [](domain::PayoutEvent auto const&) { return Position{}; },
                    },
                    event);
}

// The most that a refund would be granted now: of the moment, whatever the view has reached.
domain::Money refundable(Environment const& environment, domain::GameId game, PaymentStory const& story) {
  if (!story.purchased) return {};
  bool const can_charge = environment.can_charge();
  return environment.balances().read([&](domain::State const& state) {
    auto const most = domain::refundable_usd(state, game, *story.purchased, can_charge);
    return most ? most.value() : domain::Money{};
  });
}

}  // namespace

domain::Money PaymentStory::refunded() const {
  domain::Money sum;
  for (auto const& refund : refunds) {
    if (!refund.end || *refund.end == domain::RefundEnd::succeeded) sum += refund.asked.usd;
  }
  return sum;
}

domain::Money DisputeStory::claimed() const {
  domain::Money most;
  domain::Money now;
  for (auto const& movement : movements) most = std::max(most, now -= movement.usd);
  return most;
}

domain::Money DisputeStory::withheld() const {
  domain::Money now;
  for (auto const& movement : movements) now -= movement.usd;
  return now;
}

domain::Money DisputeStory::fee() const {
  domain::Money sum;
  for (auto const& movement : movements) sum += movement.fee;
  return sum;
}

char const* PaymentStory::status() const {
  if (failed) return "failed";
  if (!purchased) return challenged ? "requires_action" : "created";
  bool lost = false;
  for (auto const& dispute : disputes) {
    if (dispute.status() == domain::DisputeStatus::open) return "disputed";
    lost = lost || dispute.status() == domain::DisputeStatus::lost;
  }
  if (lost) return "lost";
  auto const back = refunded();
  if (back == domain::Money{}) return "paid";
  return back < purchased->usd ? "partly_refunded" : "refunded";
}

Faulty<std::optional<domain::CurrencyOrdered>> load_ordered(Environment& environment, domain::GameId game,
                                                            Position order) {
  auto commit = eventstore::read_commit(environment.log(), order);
  if (!commit) return fail(commit.error());
  std::optional<domain::CurrencyOrdered> found;
  if (!commit.value()) return found;
  for (auto const& event : commit.value()->events) {
    auto const* ordered = std::get_if<domain::CurrencyOrdered>(&event);
    if (ordered == nullptr) continue;
    if (game && !environment.balances().by_id(game, ordered->player)) continue;
    found = *ordered;
  }
  return found;
}

eventstore::Faulty<std::optional<domain::CheckoutOpened>> load_checkout(Environment& environment, Position session) {
  auto const commit = eventstore::read_commit(environment.log(), session);
  if (!commit) return fail(commit.error());
  std::optional<domain::CheckoutOpened> found;
  if (!commit.value()) return found;
  for (auto const& event : commit.value()->events) {
    if (auto const* opened = std::get_if<domain::CheckoutOpened>(&event)) found = *opened;
  }
  return found;
}

void write_metadata(JsonWriter& json, Environment& environment, domain::CheckoutOpened const& opened) {
  auto const text = reveal(environment, opened.identity, eventstore::Field::metadata, opened.metadata);
  if (text.empty()) {
    json.null("metadata");
  } else {
    json.raw("metadata", text);
  }
}

PaymentStoryResult load_story(Services& services, Request const& request, domain::GameId game, Position order) {
  auto& environment = services.environment;
  auto const ordered = load_ordered(environment, game, order);
  if (!ordered) return {std::nullopt, view_unavailable(request, ordered.error())};
  if (!ordered.value()) return {};
  auto view = environment.views().read("payments");
  if (!view) return {std::nullopt, view_unavailable(request, view.error())};
  auto const steps = projections::read_steps(view.value(), order);
  if (!steps) return {std::nullopt, view_unavailable(request, steps.error())};
  PaymentStory story;
  story.ordered = *ordered.value();
  story.reached = view.value().position();
  if (story.ordered.session) {
    auto checkout = load_checkout(environment, story.ordered.session);
    if (!checkout) return {std::nullopt, view_unavailable(request, checkout.error())};
    story.checkout = std::move(checkout).value();
  }
  for (auto const& step : steps.value()) {
    auto const commit = eventstore::read_commit(environment.log(), step.commit);
    if (!commit) return {std::nullopt, view_unavailable(request, commit.error())};
    auto const* event = commit.value() ? eventstore::event_at(*commit.value(), step.event) : nullptr;
    if (event == nullptr || order_of(*event) != order) {
      return {std::nullopt, view_unavailable(request, distrust_steps(view.value(), order).error)};
    }
    std::visit(Telling{story, commit.value()->at}, *event);
    if (std::holds_alternative<domain::CurrencyPurchased>(*event)) story.purchased_in = step.commit;
    for (auto const& posting : domain::postings(*event)) story.postings.push_back(posting);
  }
  return {std::move(story), std::nullopt};
}

void write_payment_order(JsonWriter& json, Environment& environment, domain::Game const& game,
                         PaymentStory const& story) {
  auto const& ordered = story.ordered;
  auto const player = environment.balances().by_id(game.id, ordered.player);
  auto const email =
      player ? reveal(environment, player->identity, eventstore::Field::email, player->email) : std::string();
  json.begin_object("order");
  json.string("order_id", domain::format_order_id(ordered.order));
  json.string("transaction_id", domain::format_transaction_id(ordered.order));
  json.string("order_status", story.status());
  json.time("created_at", story.ordered_at);
  if (story.checkout) {
    json.string("session_id", domain::format_session_id(story.checkout->session));
    write_metadata(json, environment, *story.checkout);
  } else {
    json.null("session_id");
    json.null("metadata");
  }
  write_player(json, environment, game, ordered.player, email, "");
  json.amount("usd_amount", ordered.usd);
  json.amount("currency_amount", domain::units_of(ordered.usd));
  json.integer("currency_id", ordered.currency.value());
  json.string("currency_name", currency_name(game, ordered.currency));
  json.end_object();

  json.begin_object("payment");
  json.text_or_null("payment_intent_id", story.reference);
  json.boolean("credited", story.purchased.has_value());
  json.amount("usd_charged", story.purchased ? story.purchased->usd : domain::Money{});
  json.amount("usd_refunded", story.refunded());
  json.amount("usd_refundable", refundable(environment, game.id, story));
  json.time_or_null("paid_at", story.purchased_at);
  if (story.failed) {
    json.string("failure", domain::failure_name(story.failed->failure));
    json.string("decline_code", story.failed->code);
  } else {
    json.null("failure");
    json.null("decline_code");
  }
  json.end_object();

  json.begin_array("refunds");
  for (auto const& refund : story.refunds) {
    json.begin_object();
    json.string("refund_id", domain::format_refund_id(refund.asked.refund));
    json.string("refund_status", refund.status());
    json.amount("usd_amount", refund.asked.usd);
    json.amount("currency_amount", domain::units_of(refund.asked.usd));
    json.string("reason", refund.asked.reason);
    json.time("created_at", refund.asked_at);
    json.end_object();
  }
  json.end_array();
  json.begin_array("disputes");
  for (auto const& dispute : story.disputes) {
    json.begin_object();
    json.string("dispute_id", dispute.reference);
    json.string("dispute_status", domain::dispute_status_name(dispute.status()));
    json.amount("usd_amount", dispute.claimed());
    json.amount("currency_amount", domain::units_of(dispute.claimed()));
    json.amount("usd_withheld", dispute.withheld());
    json.amount("usd_fee", dispute.fee());
    json.time("opened_at", dispute.movements.front().at);
    json.begin_array("movements");
    for (auto const& movement : dispute.movements) {
      json.begin_object();
      json.amount("usd_amount", movement.usd);
      json.amount("currency_amount", domain::units_of(movement.usd));
      json.amount("usd_fee", movement.fee);
      json.string("dispute_status", domain::dispute_status_name(movement.status));
      json.time("created_at", movement.at);
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.begin_array("postings");
  for (auto const& posting : story.postings) {
    json.begin_object();
    json.string("account", domain::account_name(posting.account));
    json.amount("amount", posting.amount);
    json.end_object();
  }
  json.end_array();
}

Response payment_order_not_found(Request const& request) {
  return error_response(request, 404, "ORDER_NOT_FOUND", "The game has no such order of currency. Check the order_id.");
}

Response payment_failed_response(Request const& request, domain::PaymentFailed const& failed) {
  std::vector<ErrorExtra> extras{{"transaction_id", json_text(domain::format_transaction_id(failed.order))},
                                 {"order_id", json_text(domain::format_order_id(failed.order))},
                                 {"decline_code", json_text(failed.code)}};
  switch (failed.failure) {
    case domain::PaymentFailure::declined:
      return error_response(request, 402, "CARD_DECLINED",
                            "The card was declined and nothing was charged. Ask the player for another card.", extras);
    case domain::PaymentFailure::challenge_failed:
    case domain::PaymentFailure::challenge_expired:
      return error_response(request, 402, "AUTHENTICATION_FAILED",
                            "The cardholder was not confirmed by their bank and nothing was charged. Order again.",
                            extras);
    case domain::PaymentFailure::refused:
      return error_response(request, 402, "PAYMENT_REFUSED",
                            "The processor does not take this payment and nothing was charged; decline_code says why.",
                            extras);
    case domain::PaymentFailure::abandoned:
      return error_response(request, 402, "PAYMENT_ABANDONED",
                            "The payment could not be made in time and nothing was charged. Order again.", extras);
  }
  return error_response(request, 402, "PAYMENT_REFUSED", "Nothing was charged.", extras);
}

}  // namespace florin::api
