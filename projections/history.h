// Every movement of every player, newest first, with the running balance; kept for ever.
//
// Rows are appended only, numbered by the event's position and, where an event moves two wallets, whose it is; each
// points at the player's and the wallet's previous row, and a small heads table (one row a player) at the last. A page
// of 20 is 20 look-ups by row number however long the history is, and building is sequential writes plus one head a
// player a transaction. Rejected: an index on (player, position), whose random page writes made rebuilding several
// times slower.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "projections/projection.h"
#include "projections/runner.h"

namespace florin::projections {

enum class MovementKind : std::uint8_t {
  starting_balance = 1,
  credit = 2,
  debit = 3,
  item_purchase = 4,
  item_refund = 5,
  // Of a transfer between two games: set aside, given back, gone from what was set aside, arrived in the other game.
  transfer_reserved = 6,
  transfer_returned = 7,
  transfer_completed = 8,
  transfer_received = 9,
  // The same of a send.
  send_reserved = 10,
  send_returned = 11,
  send_completed = 12,
  send_received = 13,
  // Of currency for money: bought, given back, not given back after all, claimed back by the card's bank, won back.
  currency_purchase = 14,
  currency_refund = 15,
  currency_refund_returned = 16,
  chargeback = 17,
  chargeback_returned = 18,
};
[[nodiscard]] char const* movement_name(MovementKind kind);

struct Movement {
  domain::Position position;     // of the event
  domain::Position transaction;  // first position of its commit
  // Its transaction, or the one that it is about: a refund's purchase, a transfer's initiation. Zero for a starting
  // balance.
  domain::OrderId order;
  domain::Timestamp at;
  MovementKind kind = MovementKind::credit;
  domain::CurrencyId currency;
  domain::Money change;  // of the available balance; negative for a spend
  domain::Money available_after;
  domain::Money reserved_change;
  domain::Money reserved_after;
};

struct MovementPage {
  std::vector<Movement> movements;
  std::optional<std::uint64_t> next;  // the cursor; absent on the last page
};

[[nodiscard]] Projection const& history_projection();

// currency zero: all of the player's wallets. cursor: a former page's `next` (the row of the first movement of the page
// asked for); one that is not of this player, or of another currency than the one asked for, is
// Kind::missing. Pages never repeat or skip a movement, whatever happens between them: history only grows at its head.
[[nodiscard]] eventstore::ResultOr<MovementPage> read_history(ViewReader& view, domain::PlayerId player,
                                                              domain::CurrencyId currency, std::size_t limit,
                                                              std::optional<std::uint64_t> cursor);

}  // namespace florin::projections
