// CONTRACT, Currency purchase: checkout sessions, as the game opens them and looks at them.
#include "api/routes/checkout_session.h"
#include "api/routes/players.h"
#include "api/routes/routes.h"
#include "api/web/card_number.h"
#include "api/web/checkout_page.h"
#include "eventstore/store/codes.h"
#include "projections/payments.h"

namespace florin::api {
namespace {

using domain::Position;

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

void write_session(std::string& out, Environment& environment, domain::CheckoutOpened const& opened) {
  auto json = begin_success(out);
  json.string("session_id", domain::format_session_id(opened.session));
  json.string("checkout_url", checkout_url(environment, opened.session));
  json.time("expires_at", opened.expires_at);
  json.integer("expires_in_seconds", domain::kCheckoutMicros / domain::kMicrosPerSecond);
  json.end_object();
}

Awaitable<Response> open_session(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& environment = services.environment;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const request_id = body.has("client_request_id") ? read_request_id(body) : std::string_view();
  auto const usd = body.required_amount("usd_amount", domain::Money::from_minor(1), domain::kMaxPurchaseUsd);
  auto const currency = body.optional_id("currency_id");
  auto const rail = body.optional_string("rail", 32);
  if (rail && *rail != "card") body.fail("rail", "rail is \"card\": there is no other one.");
  domain::OpenCheckout command;
  command.success_url = read_link(body, "success_url");
  command.cancel_url = read_link(body, "cancel_url");
  command.metadata = read_metadata(body);
  auto player = read_player(request, environment, game, body);
  if (!player) co_return std::move(player).error();
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto const& who = player.value();
  if (auto refused = refuse_over_limit(request, services, game, domain::LimitKind::currency_purchases_per_player_minute,
                                       limit_subject(who.email.index))) {
    co_return std::move(*refused);
  }
  if (environment.payments() == nullptr || !environment.can_charge()) co_return payments_unavailable(request);

  command.game = game.id;
  command.person = {who.email.index, who.email.written};
  command.currency = domain::CurrencyId(static_cast<std::uint64_t>(currency.value_or(0)));
  command.usd = usd;
  Payload payload("checkout-session");
  payload.add(who.email.key).add(static_cast<std::uint64_t>(usd.minor())).add(command.currency.value());
  payload.add(command.success_url).add(command.cancel_url).add(command.metadata);
  auto const outcome = co_await perform(*request.inbox, environment, std::move(command), game.id, request_id, payload);
  co_return write_response(
      request, outcome,
      [&](std::string& out, domain::Commit const& commit) {
        write_session(out, environment, event_of<domain::CheckoutOpened>(commit));
      },
      201);
}

// "open", "processing", "requires_action", "paid", "expired" or "failed" (no card will be taken any more).
char const* session_status(CheckoutSession const& session, PaymentStory const* last, domain::Timestamp now) {
  if (last != nullptr && last->purchased) return "paid";
  if (last != nullptr && !last->failed) return last->challenged ? "requires_action" : "processing";
  if (session.attempts.size() >= kCheckoutTriesMax) return "failed";
  return now >= session.opened.expires_at ? "expired" : "open";
}

Awaitable<Response> read_session(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& environment = services.environment;
  auto const& game = *caller;
  auto const named = domain::parse_session_id(path.values[0]);
  auto const not_found = [&] {
    return error_response(request, 404, "SESSION_NOT_FOUND",
                          "The game has opened no such checkout. Check the session_id.");
  };
  if (!named) co_return not_found();
  auto loaded = co_await load_session(services, request, game.id, *named);
  if (loaded.refused) co_return std::move(*loaded.refused);
  if (!loaded.session) co_return not_found();
  auto const& session = *loaded.session;
  PaymentStoryResult story;
  if (!session.attempts.empty()) {
    auto const last = session.attempts.back();
    if (!co_await on_worker(services, request, [&] { story = load_story(services, request, game.id, last); })) {
      co_return server_busy(request);
    }
    if (story.refused) co_return std::move(*story.refused);
  }
  auto const* last = story.story ? &*story.story : nullptr;
  Response response;
  response.position = environment.balances().position().value();
  auto json = begin_success(response.body);
  json.string("session_id", session.id());
  json.string("session_status", session_status(session, last, environment.clock().now()));
  json.amount("usd_amount", session.opened.usd);
  json.amount("currency_amount", domain::units_of(session.opened.usd));
  json.integer("currency_id", session.opened.currency.value());
  json.string("currency_name", currency_name(game, session.opened.currency));
  json.time("expires_at", session.opened.expires_at);
  json.integer("cards_tried", session.attempts.size());
  if (last != nullptr) {
    json.string("order_id", domain::format_order_id(last->ordered.order));
    json.string("transaction_id", domain::format_transaction_id(last->ordered.order));
  } else {
    json.null("order_id");
    json.null("transaction_id");
  }
  write_metadata(json, environment, session.opened);
  json.end_object();
  co_return response;
}

}  // namespace

Awaitable<SessionResult> load_session(Services& services, Request const& request, domain::GameId game,
                                      Position session) {
  auto& environment = services.environment;
  SessionResult result;
  bool const reached =
      co_await reach_view(*request.inbox, services.environment, "payments", environment.balances().position());
  if (!reached) {
    result.refused = view_behind(request);
    co_return result;
  }
  bool const ran = co_await on_worker(services, request, [&] {
    auto const opened = load_checkout(environment, session);
    if (!opened) return void(result.refused = view_unavailable(request, opened.error()));
    if (!opened.value() || (game && opened.value()->game != game)) return;
    auto view = environment.views().read("payments");
    if (!view) return void(result.refused = view_unavailable(request, view.error()));
    auto attempts = projections::read_attempts(view.value(), session);
    if (!attempts) return void(result.refused = view_unavailable(request, attempts.error()));
    result.session = CheckoutSession{session, *opened.value(), std::move(attempts).value()};
  });
  if (!ran) result.refused = server_busy(request);
  co_return result;
}

std::string checkout_url(Environment& environment, Position session) {
  return environment.public_url() + "/checkout?session=" + environment.vault().codes().checkout_token(session);
}

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
