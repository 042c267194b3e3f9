// What is said of a movement beyond its amounts, and the movements of a player as the view `history` has them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ledger/ledger.h"
#include "api/ledger/list_page.h"
#include "projections/history.h"

namespace florin::api {

using projections::movement_name;

struct Counterparty {
  domain::GameId game;
  domain::IdentityId identity;  // zero: the calling game is not told who it is
  domain::PlayerId player;      // of the calling game; zero: of another one, or not known
};
struct MovementDetails {
  std::optional<std::string> reason;
  std::optional<domain::Item> item;
  std::uint32_t quantity = 0;  // of the item
  std::optional<Counterparty> counterparty;
  std::optional<domain::Money> fee;  // in units, of the amount
};
// As `game` may know them: it hears of a person whom it named itself or who is its own player, and of others the game
// only, as the texts and the other replies say it. `receives`: the event is told of its receiver's wallet. Reads the
// disk: on a worker.
[[nodiscard]] eventstore::ResultOr<MovementDetails> details_of(Ledger const& ledger, domain::GameId game,
                                                               domain::Event const& event, bool receives);

// A movement with what its event says of it.
struct MovementLine {
  projections::Movement movement;
  domain::Position transaction;
  MovementDetails details;
};
// Of one currency, or of all (zero). Kind::missing for a cursor that no page gave. On a worker.
[[nodiscard]] eventstore::ResultOr<ListPage<MovementLine>> load_movements(Ledger const& ledger, ViewReader& view,
                                                                          domain::GameId game, domain::PlayerId player,
                                                                          domain::CurrencyId currency,
                                                                          std::size_t limit,
                                                                          std::optional<std::uint64_t> cursor);

// The receiver of a transfer, whom the sender's game named. Once somebody claimed, in a game of its own: that player.
[[nodiscard]] Counterparty receiver_of(Ledger const& ledger, domain::GameId game,
                                       domain::TransferInitiated const& initiated, domain::PlayerId claimed_by);

// Zero for a player that there is not.
[[nodiscard]] domain::GameId game_of(Ledger const& ledger, domain::PlayerId player);

}  // namespace florin::api
