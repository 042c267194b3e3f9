#include "api/ledger/checkout_sessions.h"

#include <utility>

#include "projections/payments.h"

namespace florin::api {

Awaitable<Readable<std::optional<CheckoutSession>>> load_session(Reader reader, domain::GameId game,
                                                                 domain::SessionId session) {
  auto const& ledger = reader.ledger;
  auto loaded = co_await reader.view(View::payments, ledger.state.position(),
                                     [&](ViewReader& view) -> eventstore::ResultOr<std::optional<CheckoutSession>> {
                                       std::optional<CheckoutSession> found;
                                       auto const opened =
                                           ledger.commits.fact<domain::CheckoutOpened>(session.position());
                                       if (!opened) return fail(opened.error());
                                       if (!opened.value() || (game && (*opened.value())->game != game)) return found;
                                       auto attempts = FLORIN_TRY(projections::read_attempts(view, session));
                                       found = CheckoutSession{session, **opened.value(), std::move(attempts)};
                                       return found;
                                     });
  co_return loaded;
}

Awaitable<Readable<std::optional<CardOrder>>> load_last_order(Reader reader, CheckoutSession const& session) {
  std::optional<CardOrder> none;
  if (session.attempts.empty()) co_return none;
  // A view that was read for the session has its orders.
  auto const& ledger = reader.ledger;
  auto loaded = co_await reader.disk([&]() -> eventstore::ResultOr<std::optional<CardOrder>> {
    auto view = FLORIN_TRY(ledger.views.read(View::payments));
    return load_card_order(ledger, view, session.opened.game, session.attempts.back());
  });
  co_return loaded;
}

char const* session_status(CheckoutSession const& session, std::optional<CardOrder> const& last,
                           domain::Timestamp now) {
  if (last && last->purchased) return "paid";
  if (last && !last->failed) return last->challenged ? "requires_action" : "processing";
  if (session.attempts.size() >= kCheckoutTriesMax) return "failed";
  return now >= session.opened.expires_at ? "expired" : "open";
}

std::string checkout_url(Ledger const& ledger, domain::SessionId session) {
  return ledger.public_url + "/checkout?session=" + ledger.codes.checkout_token(session);
}

std::optional<domain::PlayerRef> player_of(Ledger const& ledger, domain::CheckoutOpened const& opened) {
  auto const text = ledger.people.email_of(opened.identity);
  if (text.empty()) return std::nullopt;
  auto const index = ledger.state.read(
      [&](domain::State const& state) { return state.identity_rows()[opened.identity.value() - 1].email_index; });
  return ledger.people.player(opened.game, {text, text, index}, {});
}

Awaitable<Performed> order_with(Reader reader, CheckoutSession const& session, domain::PlayerRef player,
                                std::string method) {
  auto const& opened = session.opened;
  auto const tries = session.attempts.size();
  domain::OrderCurrency command;
  command.game = opened.game;
  command.player = std::move(player);
  command.currency = opened.currency;
  command.usd = opened.usd;
  command.method = std::move(method);
  command.session = opened.session;
  command.can_charge = reader.ledger.cards.can_charge();
  // Not the card: it is the n-th try, whatever it is tried with.
  Payload const payload("checkout", opened.session, tries);
  auto const request_id = "sub_checkout_" + session.id() + "_" + std::to_string(tries + 1);
  auto outcome =
      co_await reader.ledger.commands.execute(reader.inbox, std::move(command), opened.game, request_id, payload);
  co_return outcome;
}

}  // namespace florin::api
