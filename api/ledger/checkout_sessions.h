// A hosted checkout as the log tells it: what was opened, and what came of it. Shared by the game's routes and the
// page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ledger/card_orders.h"

namespace florin::api {

struct CheckoutSession {
  domain::SessionId session;
  domain::CheckoutOpened opened;
  std::vector<domain::OrderId> attempts;  // its orders, oldest first; each but the last came to nothing
  [[nodiscard]] std::string id() const { return domain::format_session_id(session); }
};

// Cards that may be tried in one session: enough for a person, too few for whoever tests stolen numbers.
inline constexpr std::size_t kCheckoutTriesMax = 5;

// nullopt: there is no session of this name in this game (zero: in any). Everything durable by now is in it: a POST
// that was answered is seen by the GET after it.
[[nodiscard]] Awaitable<Readable<std::optional<CheckoutSession>>> load_session(Reader reader, domain::GameId game,
                                                                               domain::SessionId session);
// Its last order; nullopt: none was made.
[[nodiscard]] Awaitable<Readable<std::optional<CardOrder>>> load_last_order(Reader reader,
                                                                            CheckoutSession const& session);

// "open", "processing", "requires_action", "paid", "expired" or "failed" (no card will be taken any more).
[[nodiscard]] char const* session_status(CheckoutSession const& session, std::optional<CardOrder> const& last,
                                         domain::Timestamp now);

// The page of a session: "https://pay.example.com/checkout?session=…".
[[nodiscard]] std::string checkout_url(Ledger const& ledger, domain::SessionId session);

// The session's player, as the game named them; nullopt: they were erased since.
[[nodiscard]] std::optional<domain::PlayerRef> player_of(Ledger const& ledger, domain::CheckoutOpened const& opened);

// Orders with this card the session's next try: one request to the ledger, whoever sends it and how often. Of two who
// try at once with two cards one orders, and the other one sees what came of it.
[[nodiscard]] Awaitable<Performed> order_with(Reader reader, CheckoutSession const& session, domain::PlayerRef player,
                                              std::string method);

}  // namespace florin::api
