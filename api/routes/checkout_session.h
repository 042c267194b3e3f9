// A hosted checkout as the log tells it: what was opened, and what came of it. Shared by the game's routes and the
// page.
#pragma once

#include <optional>
#include <string>

#include "api/routes/payments.h"

namespace florin::api {

struct CheckoutSession {
  domain::Position session;
  domain::CheckoutOpened opened;
  std::vector<domain::Position> attempts;  // its orders, oldest first; each but the last came to nothing
  [[nodiscard]] std::string id() const { return domain::format_session_id(session); }
};

// Cards that may be tried in one session: enough for a person, too few for whoever tests stolen numbers.
inline constexpr std::size_t kCheckoutTriesMax = 5;

struct SessionResult {
  std::optional<CheckoutSession> session;  // none: there is no session of this name (zero for the game: of any)
  std::optional<Response> refused;         // 503
};
// Everything durable by now is in it: a POST that was answered is seen by the GET after it.
[[nodiscard]] Awaitable<SessionResult> load_session(Services& services, Request const& request, domain::GameId game,
                                                    domain::Position session);

// The page of a session: "https://pay.example.com/checkout?session=…".
[[nodiscard]] std::string checkout_url(Environment& environment, domain::Position session);

}  // namespace florin::api
