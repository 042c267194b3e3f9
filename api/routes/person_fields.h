// People in requests and replies: e-mails, phones and names, as they are written and as they are shown.
// On an io thread.
#pragma once

#include <string>
#include <string_view>

#include "api/http/errors.h"
#include "api/http/json.h"
#include "api/ledger/ledger.h"

namespace florin::api {

// Reads and checks client_request_id: 400 INVALID_REQUEST, 400 CLIENT_REQUEST_ID_RESERVED.
[[nodiscard]] std::string_view read_request_id(JsonBody& body);

// An e-mail from a path, a query or a body; 400 INVALID_EMAIL.
[[nodiscard]] Result<Email, Response> read_email(Request const& request, Ledger const& ledger, std::string_view raw,
                                                 std::string_view field);

// As replies show it: as it was first written, or as it is now where nobody is known by it.
[[nodiscard]] std::string first_spelling(Ledger const& ledger, Email const& email);
// The same to a game that has the player; to another one as it wrote the e-mail itself, because who has a mailbox, and
// how they write it, is nothing that a game learns of another game's player.
[[nodiscard]] std::string shown_email(Ledger const& ledger, domain::GameId game, Email const& email);

// player_email and player_name of a body.
struct PlayerFields {
  Email email;
  std::string name;
  domain::PlayerRef ref;
};
[[nodiscard]] Result<PlayerFields, Response> read_player(Request const& request, Ledger const& ledger,
                                                         domain::Game const& game, JsonBody& body);

// "+" and 10 to 15 digits (CONTRACT, Phones).
[[nodiscard]] bool is_phone(std::string_view text);
// A required e-mail of a body, for read_email to look at: an empty one is there, and no e-mail.
[[nodiscard]] std::string_view read_email_text(JsonBody& body, std::string_view field);
// A required phone of a body; 400 INVALID_PHONE.
[[nodiscard]] std::string_view read_phone(JsonBody& body, std::string_view field);

}  // namespace florin::api
