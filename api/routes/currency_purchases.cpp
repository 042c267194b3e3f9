// CONTRACT, Currency purchase: purchase-currency, confirm-payment, order-details, refund.
#include "api/routes/body_fields.h"
#include "api/routes/card_order_replies.h"
#include "api/routes/players.h"
#include "api/routes/routes.h"

namespace florin::api {
namespace {

using domain::OrderId;
using State = FollowedPayment::State;

// It is kept with the order, so what a card says of itself is turned away: "pm_…" and the processor's other names are
// letters, an underscore, and letters and digits.
std::string_view read_method(JsonBody& body) {
  auto const method = body.required_string("payment_method_id", 255);
  if (body.error() != nullptr) return method;
  auto const prefix = method.find('_');
  auto const is_name = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  auto const is_word = [&](char c) { return is_name(c) || (c >= '0' && c <= '9') || c == '_'; };
  // Twelve digits in a row are a card's number, whatever stands around them.
  std::size_t digits = 0;
  std::size_t longest = 0;
  for (char const c : method) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    longest = std::max(longest, digits);
  }
  bool const good = longest < 12 && prefix != 0 && prefix != std::string_view::npos &&
                    std::all_of(method.begin(), method.begin() + static_cast<std::ptrdiff_t>(prefix), is_name) &&
                    std::all_of(method.begin(), method.end(), is_word);
  if (!good) {
    body.fail("payment_method_id",
              "payment_method_id is the processor's name for a card, such as \"pm_card_visa\"; never a card's number.");
  }
  return method;
}

// What a purchase came to, as a success: paid, waiting for the cardholder, or on its way.
void write_outcome(std::string& out, Ledger const& ledger, domain::Game const& game,
                   domain::CurrencyOrdered const& ordered, FollowedPayment const& outcome) {
  JsonWriter json(out);
  json.begin_object();
  switch (outcome.state) {
    case State::paid: json.string("status", "success"); break;
    case State::action_required: json.string("status", "requires_action"); break;
    case State::pending: json.string("status", "processing"); break;
    case State::failed: json.string("status", "failed"); break;
  }
  json.boolean("credited", outcome.state == State::paid);
  json.string("transaction_id", domain::format_transaction_id(ordered.order.position()));
  json.string("order_id", domain::format_order_id(ordered.order));
  if (outcome.state == State::action_required) {
    json.string("message", "The cardholder's bank wants to hear from them; nothing is charged yet.");
    json.string("payment_intent_id", outcome.update.reference);
    json.string("client_secret", outcome.update.client_secret);
    json.begin_object("next_action");
    json.string("redirect_url", outcome.update.redirect_url);
    json.end_object();
  }
  if (outcome.state == State::pending) {
    json.string("message", "The processor has not said yet whether the card was charged; ask confirm-payment again.");
  }
  if (outcome.failed) {
    json.string("failure", domain::failure_name(outcome.failed->failure));
    json.string("decline_code", outcome.failed->code);
  }
  if (outcome.purchased) {
    auto const& paid = *outcome.purchased;
    json.string("payment_intent_id", paid.reference);
    json.amount("new_balance", paid.available_after);
    json.begin_object("purchase_details");
    json.amount("usd_charged", paid.usd);
    json.amount("currency_received", domain::units_of(paid.usd));
    json.string("currency_name", currency_name_at(ledger, game.id, paid.currency, ordered.order.position()));
    json.amount("new_balance", paid.available_after);
    json.end_object();
  }
  json.end_object();
}

char const* original_status(State state) {
  switch (state) {
    case State::paid: return "success";
    case State::action_required: return "requires_action";
    case State::pending: return "processing";
    case State::failed: return "failed";
  }
  return "";
}

Response outcome_response(Ledger const& ledger, domain::Game const& game, domain::CurrencyOrdered const& ordered,
                          FollowedPayment const& outcome) {
  Response response;
  response.status = outcome.state == State::pending ? 202 : 200;
  response.position = outcome.position.value();
  write_outcome(response.body, ledger, game, ordered, outcome);
  return response;
}

Awaitable<Response> purchase(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const request_id = read_request_id(body);
  auto const usd = required_amount(body, "usd_amount", kLeast<domain::Usd>, domain::kMaxPurchaseUsd);
  auto const method = read_method(body);
  auto const currency = optional_id(body, "currency_id");
  auto player = read_player(request, ledger, game, body);
  if (!player) co_return std::move(player).error();
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto const& who = player.value();
  if (auto refused =
          call.limit(domain::LimitKind::currency_purchases_per_player_minute, limit_subject(who.email.index))) {
    co_return std::move(*refused);
  }
  if (!ledger.cards.is_configured()) co_return payments_unavailable(request);

  domain::OrderCurrency command;
  command.game = game.id;
  command.player = who.ref;
  command.currency = domain::CurrencyId(static_cast<std::uint64_t>(currency.value_or(0)));
  command.usd = usd;
  command.method = method;
  command.can_charge = ledger.cards.can_charge();
  auto const payload = payload_of(command, who.email);
  auto const placed = co_await call.execute(std::move(command), request_id, payload);
  auto const* done = std::get_if<Committed>(&placed);
  auto const* repeated = std::get_if<Repeated>(&placed);
  if (done == nullptr && repeated == nullptr) {
    co_return write_response(request, placed, [](std::string&, domain::Commit const&) {});
  }
  auto const& commit = done != nullptr ? *done->commit : *repeated->original;
  auto const ordered = event_of<domain::CurrencyOrdered>(commit);
  auto const followed = co_await follow_payment(call.reader(), ordered.order);
  if (!followed) co_return unread_response(request, followed.error());
  auto const& outcome = followed.value();
  if (repeated != nullptr) {
    std::string original;
    write_outcome(original, ledger, game, ordered, outcome);
    auto response =
        error_response(request, 409, "DUPLICATE_REQUEST",
                       "This client_request_id was already used for the same request; its result is under original.",
                       {{"transaction_id", json_text(domain::format_transaction_id(ordered.order.position()))},
                        {"order_id", json_text(domain::format_order_id(ordered.order))},
                        {"original_status", json_text(original_status(outcome.state))},
                        {"original", std::move(original)}});
    response.position = outcome.position.value();
    co_return response;
  }
  if (outcome.state != State::failed) co_return outcome_response(ledger, game, ordered, outcome);
  auto response = payment_failed_response(request, *outcome.failed);
  response.position = outcome.position.value();
  co_return response;
}

// The order that a confirmation is about.
Awaitable<Result<domain::OrderId, Response>> order_of_confirmation(Call const& call, JsonBody& body) {
  auto const& request = call.request;
  auto const intent = body.optional_string("payment_intent_id", 255);
  auto const transaction = body.optional_string("transaction_id", 64);
  if (auto const* wrong = body.error()) co_return fail(body_error_response(request, *wrong));
  if (intent.has_value() == transaction.has_value()) {
    co_return fail(invalid_field(request, "payment_intent_id", "Send either payment_intent_id or transaction_id."));
  }
  if (transaction) {
    auto const order = domain::parse_transaction_id(*transaction);
    if (!order) co_return fail(payment_order_not_found(request));
    co_return domain::OrderId(*order);
  }
  auto const durable = call.services.ledger.state.position();
  auto const found = co_await call.reader().view(View::payments, durable,
                                                 [&](ViewReader& view) { return find_by_reference(view, *intent); });
  if (!found) co_return fail(unread_response(request, found.error()));
  if (!found.value()) co_return fail(payment_order_not_found(request));
  co_return *found.value();
}

Awaitable<Response> confirm(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  if (!ledger.cards.is_configured()) co_return payments_unavailable(request);
  auto named = co_await order_of_confirmation(call, body);
  if (!named) co_return std::move(named).error();
  auto const order = named.value();
  auto const ordered = co_await call.reader().disk([&] { return find_card_order(ledger, game.id, order); });
  if (!ordered) co_return unread_response(request, ordered.error());
  if (!ordered.value()) co_return payment_order_not_found(request);
  auto const followed = co_await follow_payment(call.reader(), order);
  if (!followed) co_return unread_response(request, followed.error());
  co_return outcome_response(ledger, game, *ordered.value(), followed.value());
}

Awaitable<Response> order_details(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto const& game = *caller;
  auto const text = request.query_value("order_id");
  if (!text) {
    co_return invalid_field(request, "order_id", "Name the order: ?order_id=ord_…");
  }
  auto const order = domain::parse_order_id(*text);
  if (!order) co_return payment_order_not_found(request);
  auto wanted = read_min_position(request, services);
  if (!wanted) co_return std::move(wanted).error();
  auto response = co_await call.view(View::payments, wanted.value(), [&](ViewReader& view) -> Response {
    auto const loaded = load_card_order(ledger, view, game.id, *order);
    if (!loaded) return view_unavailable(request, loaded.error());
    if (!loaded.value()) return payment_order_not_found(request);
    Response shown;
    auto json = begin_success(shown.body);
    write_payment_order(json, ledger, game, *loaded.value());
    json.end_object();
    return shown;
  });
  co_return response;
}

Awaitable<Response> refund(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const request_id = read_request_id(body);
  auto const order_text = body.required_string("order_id", 64);
  body.refuse_null("usd_amount");  // left out, it is the whole of what is left
  auto const usd = optional_amount(body, "usd_amount", kLeast<domain::Usd>, domain::kMaxPurchaseUsd);
  auto const reason = body.required_string("reason", 500);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto const order = domain::parse_order_id(order_text);
  if (!order) co_return payment_order_not_found(request);
  if (!ledger.cards.is_configured()) co_return payments_unavailable(request);

  // That it was paid is a fact once it is one; the view must know it, so it catches up with what is durable.
  auto const loaded = co_await call.reader().view(View::payments, ledger.state.position(), [&](ViewReader& view) {
    return find_paid_order(ledger, view, game.id, *order);
  });
  if (!loaded) co_return unread_response(request, loaded.error());
  auto const& [known, purchased] = loaded.value();
  if (!known) co_return payment_order_not_found(request);
  if (!purchased) co_return rejection_response(request, domain::RejectionCode::order_not_paid);

  domain::RefundPurchase command{game.id, *purchased, usd, std::string(reason), ledger.cards.can_charge()};
  auto const payload = payload_of(command);
  auto const outcome = co_await call.execute(std::move(command), request_id, payload);
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const& event = event_of<domain::RefundRequested>(commit);
    auto json = begin_success(out);
    json.string("message", "Refund requested; the card gets its money in some days.");
    json.string("transaction_id", domain::format_transaction_id(commit.first));
    json.string("order_id", domain::format_order_id(event.order));
    json.string("refund_id", domain::format_refund_id(event.refund));
    json.string("refund_status", "pending");
    json.amount("usd_refunded", event.usd);
    json.amount("new_balance", event.available_after);
    json.string("currency_name", currency_name_at(ledger, game.id, event.currency, commit.first));
    json.begin_object("balance_info");
    json.amount("previous_balance", event.available_after + domain::units_of(event.usd));
    json.amount("new_balance", event.available_after);
    json.amount("amount_debited", domain::units_of(event.usd));
    json.end_object();
    json.end_object();
  });
}

}  // namespace

std::span<Route const> currency_purchase_routes() {
  using domain::LimitKind;
  static constexpr Route kRows[] = {
      row(Method::post, "/api/currency-purchases/purchase-currency", "purchaseCurrency", Who::game, purchase,
          {.body = Body::json, .limits = {{{LimitKind::currency_purchases_per_player_minute, Subject::handler}}}}),
      row(Method::post, "/api/currency-purchases/confirm-payment", "confirmPayment", Who::game, confirm,
          {.body = Body::json}),
      row(Method::get, "/api/currency-purchases/order-details", "getCurrencyOrder", Who::game, order_details,
          {.query = {"order_id"}, .min_position = true}),
      row(Method::post, "/api/currency-purchases/refund", "refundCurrency", Who::game, refund, {.body = Body::json}),
  };
  return kRows;
}

}  // namespace florin::api
