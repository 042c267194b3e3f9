#include "domain/claim_candidates.h"

#include "domain/decider.h"

namespace florin::domain {

std::optional<RejectionCode> claim_obstacle(OpenTransfer const& transfer, PlayerId player, Wallet const& wallet) {
  if (player == transfer.sender) return RejectionCode::same_player;
  if (!credited(wallet, transfer.net())) return RejectionCode::balance_limit;
  return std::nullopt;
}

std::vector<PlayerId> players_on_phone(State const& state, OpenTransfer const& transfer) {
  std::vector<PlayerId> players;
  for (auto const identity : state.phones().people(state.phones()[transfer.receiver_phone].phone)) {
    if (auto const player = state.find_player(transfer.target, identity)) players.push_back(*player);
  }
  return players;
}

std::vector<PlayerId> claim_candidates(State const& state, OpenTransfer const& transfer, CurrencyId currency) {
  auto players = players_on_phone(state, transfer);
  std::erase_if(players, [&](PlayerId player) {
    return claim_obstacle(transfer, player, state.wallet(player, currency)).has_value();
  });
  return players;
}

}  // namespace florin::domain
