// The JSON of players and balances, shared by reads, writes and the stream.
#pragma once

#include <optional>

#include "api/routes/route.h"

namespace florin::api {

// The body of both single-player reads (CONTRACT, Balance body).
void write_balance_body(std::string& body, Ledger const& ledger, domain::Game const& game,
                        eventstore::PlayerBalances const& player, std::string_view email);

// "player":{player_id, player_email, player_name} of write replies. `given_name` may be empty: then the name on file,
// or what it was when the commit that begins at `moment` had been decided.
void write_player(JsonWriter& json, Ledger const& ledger, domain::Game const& game, domain::PlayerId player,
                  std::string_view email, std::string_view given_name,
                  std::optional<domain::Position> moment = std::nullopt);

// One element of "balances".
void write_balance(JsonWriter& json, domain::CurrencySpec const& currency, eventstore::CurrencyBalance const& balance);

// Sum of the game's currencies, in units.
[[nodiscard]] domain::Money total_of(std::span<eventstore::CurrencyBalance const> balances);

}  // namespace florin::api
