// Payouts as replies show them: of the game that asked, and of the operators.
#pragma once

#include "api/ledger/payouts.h"
#include "api/routes/routes.h"

namespace florin::api {

// One page of them, newest first: of a game (zero: of all), in this status.
[[nodiscard]] Awaitable<Response> list_payouts(Call call, domain::GameId game,
                                               std::optional<domain::PayoutStatus> status);

// One element of a list of payouts.
void write_payout(JsonWriter& json, Ledger const& ledger, PayoutDetails const& payout);

[[nodiscard]] std::optional<domain::PayoutStatus> parse_payout_status(std::string_view text);

}  // namespace florin::api
