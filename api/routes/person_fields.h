// People in requests and replies: e-mails, phones and names, as they are written and as they are shown.
// On an io thread.
#pragma once

#include <string>
#include <string_view>

#include "api/environment.h"
#include "api/http/errors.h"
#include "api/http/json.h"
#include "api/mailboxes.h"
#include "domain/commands.h"

namespace florin::api {

// Reads and checks client_request_id: 400 INVALID_REQUEST, 400 CLIENT_REQUEST_ID_RESERVED.
[[nodiscard]] std::string_view read_request_id(JsonBody& body);

// An e-mail from a path, a query or a body: `written`, `key` for fingerprints, and the index; 400 INVALID_EMAIL.
using Email = Mailboxes::Found;
[[nodiscard]] Result<Email, Response> read_email(Request const& request, Environment& environment, std::string_view raw,
                                                 std::string_view field);

// As replies show it: as it was first written, or as it is now where nobody is known by it.
[[nodiscard]] std::string first_spelling(Environment& environment, Email const& email);
// The same to a game that has the player; to another one as it wrote the e-mail itself, because who has a mailbox, and
// how they write it, is nothing that a game learns of another game's player.
[[nodiscard]] std::string shown_email(Environment& environment, domain::GameId game, Email const& email);

// player_email and player_name of a body.
struct PlayerFields {
  Email email;
  std::string name;
  domain::PlayerRef ref;
};
[[nodiscard]] Result<PlayerFields, Response> read_player(Request const& request, Environment& environment,
                                                         domain::Game const& game, JsonBody& body);

// "+" and 10 to 15 digits (CONTRACT, Phones).
[[nodiscard]] bool is_phone(std::string_view text);
// A required e-mail of a body, for read_email to look at: an empty one is there, and no e-mail.
[[nodiscard]] std::string_view read_email_text(JsonBody& body, std::string_view field);
// A required phone of a body; 400 INVALID_PHONE.
[[nodiscard]] std::string_view read_phone(JsonBody& body, std::string_view field);
// A player as the game names one, with what the balances know of the name.
[[nodiscard]] domain::PlayerRef player_ref(Environment& environment, domain::GameId game, Email const& email,
                                           std::string_view name);

// Personal text for a reply; "" when there is none or its person was erased.
[[nodiscard]] std::string reveal(Environment& environment, domain::IdentityId identity, eventstore::Field field,
                                 domain::PersonalText const& text);

}  // namespace florin::api
