// Which players may take what a transfer brings. The decision to claim and the list that a claimant chooses from
// (CONTRACT, Claim reply: needs_account_selection) ask the same rule, so that whoever is listed can be chosen.
#pragma once

#include <optional>
#include <vector>

#include "domain/ledger.h"

namespace florin::domain {

// Why `player` of the receiving game, whose wallet this is, cannot take the transfer's net amount: same_player or
// balance_limit; nullopt when they can.
[[nodiscard]] std::optional<RejectionCode> claim_obstacle(OpenTransfer const& transfer, PlayerId player,
                                                          Wallet const& wallet);

// The receiving game's players who are on file with the transfer's phone, the phone's owner first.
[[nodiscard]] std::vector<PlayerId> players_on_phone(State const& state, OpenTransfer const& transfer);

// Those of them who can take it.
[[nodiscard]] std::vector<PlayerId> claim_candidates(State const& state, OpenTransfer const& transfer,
                                                     CurrencyId currency);

}  // namespace florin::domain
