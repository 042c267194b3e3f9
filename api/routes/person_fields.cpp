#include "api/routes/person_fields.h"

#include <algorithm>

#include "api/routes/identifiers.h"
#include "api/routes/replies.h"
#include "domain/digits.h"

namespace florin::api {

std::string_view read_request_id(JsonBody& body) {
  auto const id = body.required_string("client_request_id", 255);
  if (check_request_id(id) == RequestIdProblem::reserved) {
    body.fail("client_request_id", "The prefix sub_ is reserved; use another client_request_id.",
              "CLIENT_REQUEST_ID_RESERVED");
  }
  return id;
}

Result<Email, Response> read_email(Request const& request, Ledger const& ledger, std::string_view raw,
                                   std::string_view field) {
  auto email = ledger.people.find(raw);
  if (email) return std::move(email).value();
  return fail(error_response(
      request, 400, "INVALID_EMAIL",
      std::string(field) + " is not an e-mail address like player@example.com: " + std::string(email.error()) + ".",
      {{"field", json_text(field)}}));
}

std::string first_spelling(Ledger const& ledger, Email const& email) {
  auto const identity = ledger.state.read([&](domain::State const& state) { return state.find_identity(email.index); });
  auto first = identity ? ledger.people.email_of(*identity) : std::string();
  return first.empty() ? email.written : first;
}

std::string shown_email(Ledger const& ledger, domain::GameId game, Email const& email) {
  bool const own = ledger.state.read([&](domain::State const& state) {
    auto const identity = state.find_identity(email.index);
    return identity && state.find_player(game, *identity);
  });
  return own ? first_spelling(ledger, email) : email.written;
}

Result<PlayerFields, Response> read_player(Request const& request, Ledger const& ledger, domain::Game const& game,
                                           JsonBody& body) {
  auto const raw_email = read_email_text(body, "player_email");
  auto const name = body.optional_string("player_name", 255);
  if (auto const* wrong = body.error()) return fail(body_error_response(request, *wrong));
  auto email = FLORIN_TRY(read_email(request, ledger, raw_email, "player_email"));
  PlayerFields player{std::move(email), std::string(name.value_or("")), {}};
  player.ref = ledger.people.player(game.id, player.email, player.name);
  return player;
}

bool is_phone(std::string_view text) {
  if (text.size() < 11 || text.size() > 16 || text.front() != '+') return false;
  return std::all_of(text.begin() + 1, text.end(), domain::is_digit);
}

std::string_view read_email_text(JsonBody& body, std::string_view field) {
  auto const email = body.optional_string(field, 320);
  if (!email) body.fail(field, std::string(field) + " is required.");
  return email.value_or(std::string_view());
}

std::string_view read_phone(JsonBody& body, std::string_view field) {
  auto const phone = body.optional_string(field, 64);
  if (!phone) {
    body.fail(field, std::string(field) + " is required.");
  } else if (!is_phone(*phone)) {
    body.fail(field, std::string(field) + " is not + and 10 to 15 digits, like +12025550123.", "INVALID_PHONE");
  }
  return phone.value_or(std::string_view());
}

}  // namespace florin::api
