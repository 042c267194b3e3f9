// CONTRACT, Currency purchase: GET/POST /checkout, the hosted page, and where a cardholder's bank sends them back to.
//
// The ledger is the page's only memory: a POST orders and answers 303, and the GET after it shows what the log says of
// the session. So a reload, a second tab, a lost reply and a restart all end at the same page. The n-th try of a
// session is one request to the ledger, whoever sends it and how often: two tabs that pay at once make one order.
// While the ledger cannot be asked, nobody who may have paid is told that they have not.
#include "api/ledger/checkout_sessions.h"
#include "api/routes/card_order_replies.h"
#include "api/routes/routes.h"
#include "api/web/checkout_page.h"
#include "sagas/gateways/form.h"

namespace florin::api {
namespace {

using State = FollowedPayment::State;

// A page that waits longer than this says so and asks again.
constexpr int kPageWaitSeconds = 5;
// After which a page that could not be shown may be asked for again.
constexpr int kRetrySeconds = 5;

// One exchange with the page of one session.
struct Visit {
  Services& services;
  Request const& request;
  std::string token;
  bool returning = false;  // from a try of this browser's: what it came to is told as news
  domain::Timestamp came_at;
  CheckoutSession session;
  std::shared_ptr<eventstore::GameDirectory const> games;
  domain::Game const* game = nullptr;

  Visit(Services& the_services, Request const& the_request)
      : services(the_services), request(the_request), came_at(the_services.ledger.clock.now()) {}

  [[nodiscard]] Sale sale() const {
    auto const* currency = game->find_currency(session.opened.currency);
    Sale sale;
    sale.game = game->settings.name;
    sale.icon_url = game->settings.icon_url;
    sale.currency = currency->name;
    sale.symbol = currency->symbol;
    sale.units = domain::units_of(session.opened.usd);
    sale.usd = session.opened.usd;
    sale.sandbox = services.sandbox != nullptr;
    return sale;
  }
  [[nodiscard]] Reader reader() const { return reader_for(services, request); }
  [[nodiscard]] std::string action() const { return "?session=" + token; }
  [[nodiscard]] std::string next_look() const { return action() + "&return=1"; }
};

Response page_response(int status, Page page) {
  Response response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.body = std::move(page.html);
  response.headers = std::move(page.headers);
  return response;
}

int status_of(CheckoutEnd end) {
  switch (end) {
    case CheckoutEnd::used:
    case CheckoutEnd::paid_elsewhere:
    case CheckoutEnd::expired:
    case CheckoutEnd::tries_spent: return 410;
    case CheckoutEnd::unknown: return 404;
    case CheckoutEnd::closed: return 403;  // as the API says of a game that is not active: nobody knows until when
    case CheckoutEnd::unavailable: return 503;
  }
  return 503;
}

Response end_response(Services& services, CheckoutEnd end, std::string_view cancel_url = {},
                      std::string_view declined = {}, std::string_view look_url = {}) {
  bool const sandbox = services.sandbox != nullptr;
  auto response = page_response(status_of(end), end_page(end, cancel_url, sandbox, declined, look_url));
  if (end == CheckoutEnd::unavailable) response.retry_after_seconds = kRetrySeconds;
  return response;
}

// A card may have been charged, and the ledger cannot say whether.
Response unsure_response(Visit const& visit) {
  auto response = page_response(503, unsure_page(visit.next_look(), visit.services.sandbox != nullptr));
  response.retry_after_seconds = kRetrySeconds;
  return response;
}

Response pay_response(Visit const& visit, int status, std::vector<CardFault> faults, std::string_view declined = {}) {
  PayPage page;
  page.sale = visit.sale();
  auto const action = visit.action();
  page.action = action;
  page.cancel_url = visit.session.opened.cancel_url;
  page.faults = std::move(faults);
  page.declined = declined;
  return page_response(status, pay_page(page));
}

Response see_other(Visit const& visit, std::string_view what_is_known = {}) {
  Response response;
  response.status = 303;
  response.content_type = "text/plain; charset=us-ascii";
  response.headers = "Location: " + visit.next_look() + std::string(what_is_known) + "\r\n";
  return response;
}

// For the payer. The bank's own code is for the game.
struct Decline {
  std::string_view what;    // happened
  std::string_view advice;  // while another card is taken
  [[nodiscard]] std::string with_advice() const { return what.empty() ? "" : told() + " " + std::string(advice); }
  [[nodiscard]] std::string told() const { return what.empty() ? "" : std::string(what) + " Nothing was charged."; }
};

Decline decline_of(domain::PaymentFailed const& failed) {
  switch (failed.failure) {
    case domain::PaymentFailure::declined:
      if (failed.code == "insufficient_funds") {
        return {"The card does not have enough money on it.", "Try another card."};
      }
      if (failed.code == "expired_card") return {"The card has expired.", "Try another card."};
      return {"Your bank declined the card.", "Try another card, or ask your bank."};
    case domain::PaymentFailure::challenge_failed:
      return {"Your bank could not confirm that it was you.", "Try again, or use another card."};
    case domain::PaymentFailure::challenge_expired:
      return {"Your bank's question was not answered in time.", "Try again."};
    case domain::PaymentFailure::refused: return {"This card cannot be used here.", "Try another card."};
    case domain::PaymentFailure::abandoned: return {"The payment could not be made in time.", "Try again."};
  }
  return {"The payment came to nothing.", "Try again."};
}

// The session that the link names. The response: a page that says why there is none.
Awaitable<std::optional<Response>> open_visit(Visit& visit) {
  auto const& ledger = visit.services.ledger;
  auto const token = visit.request.query_value("session").value_or(std::string());
  auto const session = ledger.codes.parse_checkout_token(token);
  if (!session) co_return end_response(visit.services, CheckoutEnd::unknown);
  domain::GameId const of_any;
  auto loaded = co_await load_session(visit.reader(), of_any, *session);
  visit.token = ledger.codes.checkout_token(*session);
  visit.returning = visit.request.query_value("return").has_value();
  if (!loaded) {
    // A form that is sent may be one that was sent before.
    bool const tried = visit.returning || visit.request.method == Method::post;
    co_return tried ? unsure_response(visit) : end_response(visit.services, CheckoutEnd::unavailable);
  }
  if (!loaded.value()) co_return end_response(visit.services, CheckoutEnd::unknown);
  visit.session = std::move(*loaded.value());
  visit.games = ledger.state.games();
  visit.game = visit.games->find(visit.session.opened.game);
  if (visit.game == nullptr || visit.game->find_currency(visit.session.opened.currency) == nullptr) {
    co_return end_response(visit.services, CheckoutEnd::unknown);
  }
  co_return std::nullopt;
}

// Why no card is taken (any more); nullopt: one is. For a session without a payment, done or under way.
std::optional<Response> refuse_card(Visit const& visit, CardTries const& tries, Decline const& declined) {
  auto const& ledger = visit.services.ledger;
  auto const& opened = visit.session.opened;
  auto const ended = [&](CheckoutEnd end) {
    return end_response(visit.services, end, opened.cancel_url, declined.told());
  };
  if (visit.session.attempts.size() + tries.refused(opened.session) >= kCheckoutTriesMax) {
    return ended(CheckoutEnd::tries_spent);
  }
  if (ledger.clock.now() >= opened.expires_at) return ended(CheckoutEnd::expired);
  if (!domain::may_call(visit.game->settings.status)) return ended(CheckoutEnd::closed);
  if (!ledger.cards.is_configured()) return ended(CheckoutEnd::unavailable);
  return std::nullopt;
}

Response done_response(Visit const& visit, domain::OrderId order) {
  DonePage page;
  page.sale = visit.sale();
  page.success_url = visit.session.opened.success_url;
  auto const session = visit.session.id();
  auto const transaction = domain::format_transaction_id(order.position());
  auto const order_id = domain::format_order_id(order);
  page.session_id = session;
  page.transaction_id = transaction;
  page.order_id = order_id;
  return page_response(200, done_page(page));
}

// The browser that paid may still be on its way back; who comes by later learns that the link is used up.
bool is_news(Visit const& visit) { return visit.came_at < visit.session.opened.expires_at + domain::kChallengeMicros; }

Awaitable<Response> show(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& tries = services.card_tries;
  Visit visit(services, request);
  auto none = co_await open_visit(visit);
  if (none) co_return std::move(*none);
  Decline declined;
  if (!visit.session.attempts.empty()) {
    auto const last = visit.session.attempts.back();
    // On the way from the form to the bank the cardholder has answered nothing yet: what the order's own look found is
    // the news, and the page waits for no other.
    bool const asked = request.query_value("asked").has_value();
    auto const followed = co_await follow_payment(visit.reader(), last, kPageWaitSeconds, asked);
    if (!followed) co_return unsure_response(visit);
    auto const& outcome = followed.value();
    switch (outcome.state) {
      case State::paid:
        if (visit.returning && is_news(visit)) co_return done_response(visit, last);
        co_return end_response(services, CheckoutEnd::used);
      case State::action_required:
        co_return page_response(
            200, challenge_hop_page(visit.sale(), outcome.update.redirect_url, visit.session.opened.cancel_url));
      case State::pending:
        // Without a processor it stays open until one is configured again.
        if (!services.ledger.cards.is_configured()) co_return unsure_response(visit);
        co_return page_response(200, pending_page(visit.sale(), visit.next_look()));
      case State::failed: declined = decline_of(*outcome.failed); break;
    }
  }
  if (auto refused = refuse_card(visit, tries, declined)) co_return std::move(*refused);
  co_return pay_response(visit, 200, {}, declined.with_advice());
}

// Whether it was paid before this form came: by another window, or by the same form when it was sent first.
Awaitable<bool> paid_before(Visit const& visit) {
  auto const loaded = co_await load_last_order(visit.reader(), visit.session);
  bool const paid = loaded && loaded.value() && loaded.value()->purchased;
  co_return paid&& loaded.value()->purchased_at < visit.came_at;
}

// What became of the session's last card, when another one comes. The response: the other one is not taken.
Awaitable<std::optional<Response>> refuse_second(Visit const& visit, Decline& declined) {
  if (visit.session.attempts.empty()) co_return std::nullopt;
  auto const followed = co_await follow_payment(visit.reader(), visit.session.attempts.back(), kPageWaitSeconds);
  if (!followed) co_return unsure_response(visit);
  auto const& outcome = followed.value();
  if (outcome.state == State::failed) {
    declined = decline_of(*outcome.failed);
    co_return std::nullopt;
  }
  bool const late = outcome.state == State::paid && co_await paid_before(visit);
  if (!late) co_return see_other(visit);
  co_return end_response(visit.services, CheckoutEnd::paid_elsewhere, {}, {},
                         is_news(visit) ? visit.next_look() : std::string());
}

// Stripe's codes for a card that is no card.
CardFault fault_of(std::string_view code) {
  if (code.find("exp") != std::string_view::npos) return {"exp", "The card's bank does not know this date. Check it."};
  if (code.find("cvc") != std::string_view::npos) return {"cvc", "The card's bank does not know this code. Check it."};
  if (code == "test_mode_live_card") {
    return {"card_number", "This is a test: use a test card such as 4242 4242 4242 4242, never a real one."};
  }
  return {"card_number", "The card's bank does not know this number. Check it and type it again."};
}

// Orders with this card. The response: why not, as a page.
Awaitable<Response> order(Visit& visit, domain::PlayerRef player, std::string method) {
  auto const& opened = visit.session.opened;
  auto const placed = co_await order_with(visit.reader(), visit.session, std::move(player), std::move(method));
  auto const* done = std::get_if<Committed>(&placed);
  auto const* repeated = std::get_if<Repeated>(&placed);
  auto const ended = [&](CheckoutEnd end) { return end_response(visit.services, end, opened.cancel_url); };
  // It may be durable a moment later: the page looks, and whoever sends the form again asks for the same.
  auto const* unavailable = std::get_if<Unavailable>(&placed);
  if (unavailable != nullptr && *unavailable == Unavailable::outcome_unknown) co_return see_other(visit);
  if (done == nullptr && repeated == nullptr) {
    auto const* rejection = std::get_if<domain::Rejection>(&placed);
    bool const passing = rejection == nullptr || rejection->code == domain::RejectionCode::payments_unavailable;
    co_return ended(passing ? CheckoutEnd::unavailable : CheckoutEnd::closed);
  }
  auto const& commit = done != nullptr ? *done->commit : *repeated->original;
  // Whatever comes of it, or is not known yet, the next look tells.
  auto const followed = co_await follow_payment(visit.reader(), event_of<domain::CurrencyOrdered>(commit).order);
  co_return see_other(visit, followed && followed.value().state == State::action_required ? "&asked=1" : "");
}

// Takes its place until the processor has spoken, or nobody waits any more.
struct TryUnderWay {
  CardTries& tries;
  domain::SessionId session;
  bool const& was_refused;
  TryUnderWay(CardTries& the_tries, domain::SessionId the_session, bool const& refused)
      : tries(the_tries), session(the_session), was_refused(refused) {}
  TryUnderWay(TryUnderWay const&) = delete;
  TryUnderWay& operator=(TryUnderWay const&) = delete;
  ~TryUnderWay() { was_refused ? tries.refuse(session) : tries.take_back(session); }
};

Awaitable<Response> pay(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& tries = services.card_tries;
  WipedAtEnd const typed(request.body);
  Visit visit(services, request);
  auto none = co_await open_visit(visit);
  if (none) co_return std::move(*none);
  auto const& ledger = services.ledger;
  auto const cancel_url = visit.session.opened.cancel_url;
  Decline declined;
  if (auto refused = co_await refuse_second(visit, declined)) co_return std::move(*refused);
  if (auto refused = refuse_card(visit, tries, declined)) co_return std::move(*refused);
  if (!ledger.cards.can_charge()) {
    co_return end_response(services, CheckoutEnd::unavailable, cancel_url, declined.told());
  }
  if (!is_form(request.content_type)) {
    co_return pay_response(visit, 415, {},
                           "The form did not arrive as this page sends it. Type it again and press Pay.");
  }
  auto card = parse_card(request.body, ledger.clock.now());
  if (!card) co_return pay_response(visit, 422, card.error());
  auto player = player_of(ledger, visit.session.opened);
  if (!player) co_return end_response(services, CheckoutEnd::closed, cancel_url);
  auto const too_many =
      refuse_over_limit(request, services, *visit.game, domain::LimitKind::currency_purchases_per_player_minute,
                        limit_subject(player->email_index));
  if (too_many) {
    auto response = pay_response(visit, 429, {}, "Too many tries. Nothing was charged. Wait a minute and try again.");
    response.retry_after_seconds = too_many->retry_after_seconds;
    co_return response;
  }
  auto const session = visit.session.opened.session;
  if (!tries.begin(session, kCheckoutTriesMax - visit.session.attempts.size())) co_return see_other(visit);
  std::optional<sagas::MethodAnswer> method;
  bool was_refused = false;
  {
    TryUnderWay const under_way(tries, session, was_refused);
    Completion<sagas::MethodAnswer> tokenized(*request.inbox);
    auto const answer = std::make_shared<Completer<sagas::MethodAnswer>>(tokenized.completer());
    ledger.cards.tokenize(std::move(card.value()),
                          [answer](sagas::MethodAnswer const& said) { answer->complete(said); });
    wipe(card.value());  // NOLINT(bugprone-use-after-move): short texts are copied
    method = co_await tokenized.wait(kPaymentWaitSeconds);
    was_refused = method && method->outcome == sagas::PaymentOutcome::refused;
  }
  if (!method || method->outcome == sagas::PaymentOutcome::unknown) {
    co_return end_response(services, CheckoutEnd::unavailable, cancel_url);
  }
  if (was_refused) {
    if (auto refused = refuse_card(visit, tries, {})) co_return std::move(*refused);
    co_return pay_response(visit, 422, {fault_of(method->code)});
  }
  auto response = co_await order(visit, std::move(*player), method->method);
  co_return response;
}

// After the bank's question about an order that the game made itself: the game asks confirm-payment.
Awaitable<Response> came_back(Call call) {
  co_return page_response(200, returned_page(call.services.sandbox != nullptr));
}

// ---- the sandbox's bank

Awaitable<Response> ask_challenge(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& processor = services.sandbox->processor;
  auto const payment = request.query_value("payment").value_or(std::string());
  auto const secret = request.query_value("secret").value_or(std::string());
  std::optional<sagas::SandboxChallenge> challenge;
  if (!co_await services.workers.run(*request.inbox, [&] { challenge = processor.challenge(payment, secret); })) {
    co_return end_response(services, CheckoutEnd::unavailable);
  }
  if (!challenge) co_return end_response(services, CheckoutEnd::unknown);
  if (challenge->status != domain::PaymentStatus::requires_action) {
    co_return page_response(200, bank_end_page("This question was answered, or its time is over.", {}));
  }
  auto const action = "?" + std::string(request.query);
  co_return page_response(200, bank_page(challenge->description, challenge->usd, action));
}

Awaitable<Response> answer_challenge(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& processor = services.sandbox->processor;
  auto const payment = request.query_value("payment").value_or(std::string());
  auto const secret = request.query_value("secret").value_or(std::string());
  auto const form = sagas::decode_form(request.body);
  auto const* given = form ? sagas::only_value(form.value(), "answer") : nullptr;
  if (given == nullptr || (*given != "complete" && *given != "fail")) {
    co_return page_response(400, bank_end_page("Answer with one of the two buttons.", {}));
  }
  std::optional<std::string> onward;
  if (!co_await services.workers.run(
          *request.inbox, [&] { onward = processor.complete_challenge(payment, secret, *given == "complete"); })) {
    co_return end_response(services, CheckoutEnd::unavailable);
  }
  if (!onward) co_return end_response(services, CheckoutEnd::unknown);
  co_return page_response(200, bank_end_page("The bank has your answer.", *onward));
}
}  // namespace

std::span<Route const> hosted_checkout_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/checkout", "showCheckout", Who::link, show, {.query = {"session", "return", "asked"}}),
      row(Method::post, "/checkout", "payCheckout", Who::link, pay,
          {.body = Body::form, .body_limit = sagas::kFormBytesMax, .query = {"session", "return"}}),
      row(Method::get, "/checkout/return", "returnFromBank", Who::anybody, came_back),
  };
  return kRows;
}

std::span<Route const> sandbox_bank_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/processor/challenge", "showChallenge", Who::link, ask_challenge,
          {.query = {"payment", "secret"}}),
      row(Method::post, "/processor/challenge", "answerChallenge", Who::link, answer_challenge,
          {.body = Body::form, .body_limit = sagas::kFormBytesMax, .query = {"payment", "secret"}}),
  };
  return kRows;
}

}  // namespace florin::api
