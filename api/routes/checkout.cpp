// CONTRACT, Currency purchase: checkout sessions, as the game opens them and looks at them.
#include "api/ledger/checkout_sessions.h"
#include "api/routes/body_fields.h"
#include "api/routes/card_order_replies.h"
#include "api/routes/routes.h"
#include "api/web/card_number.h"
#include "api/web/checkout_page.h"

namespace florin::api {
namespace {

constexpr std::size_t kMetadataMax = 8'191;  // CONTRACT: < 8 KB
constexpr std::size_t kUrlMax = 2'048;

// The player's own way back. Nothing else may be linked from a page that asks for a card.
std::string read_link(JsonBody& body, std::string_view field) {
  auto const url = body.optional_string(field, kUrlMax);
  if (!url) return {};
  if (!link_allowed(*url)) {
    body.fail(field, std::string(field) + " must be an https URL (http only to localhost), in ASCII, without a user.");
  }
  return std::string(*url);
}

// It is kept, sealed; a card's number is not, however it got there.
std::string read_metadata(JsonBody& body) {
  auto text = body.optional_object_text("metadata", kMetadataMax).value_or(std::string());
  if (body.any_text("metadata", holds_card_number)) {
    body.fail("metadata", "metadata holds what looks like a card's number; none is ever kept here. Leave it out.");
  }
  return text;
}

void write_session(std::string& out, Ledger const& ledger, domain::CheckoutOpened const& opened) {
  auto json = begin_success(out);
  json.string("session_id", domain::format_session_id(opened.session));
  json.string("checkout_url", checkout_url(ledger, opened.session));
  json.time("expires_at", opened.expires_at);
  json.integer("expires_in_seconds", domain::kCheckoutMicros / domain::kMicrosPerSecond);
  json.end_object();
}

Awaitable<Response> open_session(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const request_id = body.has("client_request_id") ? read_request_id(body) : std::string_view();
  auto const usd = required_amount(body, "usd_amount", kLeast<domain::Usd>, domain::kMaxPurchaseUsd);
  auto const currency = optional_id(body, "currency_id");
  auto const rail = body.optional_string("rail", 32);
  if (rail && *rail != "card") body.fail("rail", "rail is \"card\": there is no other one.");
  domain::OpenCheckout command;
  command.success_url = read_link(body, "success_url");
  command.cancel_url = read_link(body, "cancel_url");
  command.metadata = read_metadata(body);
  auto player = read_player(request, ledger, game, body);
  if (!player) co_return std::move(player).error();
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto const& who = player.value();
  if (auto refused =
          call.limit(domain::LimitKind::currency_purchases_per_player_minute, limit_subject(who.email.index))) {
    co_return std::move(*refused);
  }
  if (!ledger.cards.is_configured() || !ledger.cards.can_charge()) co_return payments_unavailable(request);

  command.game = game.id;
  command.person = {who.email.index, who.email.written};
  command.currency = domain::CurrencyId(static_cast<std::uint64_t>(currency.value_or(0)));
  command.usd = usd;
  auto const payload = payload_of(command, who.email);
  auto const outcome = co_await call.execute(std::move(command), request_id, payload);
  co_return write_response(
      request, outcome,
      [&](std::string& out, domain::Commit const& commit) {
        write_session(out, ledger, event_of<domain::CheckoutOpened>(commit));
      },
      201);
}

Awaitable<Response> read_session(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto const& game = *caller;
  auto const named = domain::parse_session_id(path.values[0]);
  auto const not_found = [&] {
    return error_response(request, 404, "SESSION_NOT_FOUND",
                          "The game has opened no such checkout. Check the session_id.");
  };
  if (!named) co_return not_found();
  auto const reader = call.reader();
  auto const loaded = co_await load_session(reader, game.id, *named);
  if (!loaded) co_return unread_response(request, loaded.error());
  if (!loaded.value()) co_return not_found();
  auto const& session = *loaded.value();
  auto const order = co_await load_last_order(reader, session);
  if (!order) co_return unread_response(request, order.error());
  auto const& last = order.value();
  Response response;
  response.position = ledger.state.position().value();
  auto json = begin_success(response.body);
  json.string("session_id", session.id());
  json.string("session_status", session_status(session, last, ledger.clock.now()));
  json.amount("usd_amount", session.opened.usd);
  json.amount("currency_amount", domain::units_of(session.opened.usd));
  json.integer("currency_id", session.opened.currency.value());
  json.string("currency_name", currency_name(game, session.opened.currency));
  json.time("expires_at", session.opened.expires_at);
  json.integer("cards_tried", session.attempts.size());
  if (last) {
    json.string("order_id", domain::format_order_id(last->ordered.order));
    json.string("transaction_id", domain::format_transaction_id(last->ordered.order.position()));
  } else {
    json.null("order_id");
    json.null("transaction_id");
  }
  write_metadata(json, ledger, session.opened);
  json.end_object();
  co_return response;
}

}  // namespace

std::span<Route const> checkout_routes() {
  using domain::LimitKind;
  static constexpr Route kRows[] = {
      row(Method::post, "/api/checkout/sessions", "openCheckout", Who::game, open_session,
          {.body = Body::json, .limits = {{{LimitKind::currency_purchases_per_player_minute, Subject::handler}}}}),
      row(Method::get, "/api/checkout/sessions/{session_id}", "getCheckout", Who::game, read_session),
  };
  return kRows;
}

}  // namespace florin::api
