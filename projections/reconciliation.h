// The view behind stream-all: one row a player with the balances of its game's currencies, and the position at which
// they last changed. A stream reads in one SQLite read transaction: a consistent cut at one position, in constant
// memory, while writes go on.
//
// Rows are clustered by game, so a full stream is one sequential scan. For `since` there is a journal of the newest
// changes (one entry a player a transaction, pruned by position): a recent cursor walks the journal, an old one scans
// the game's rows and skips; whichever touches less. Rejected: an index on (game, changed), which costs a random
// delete in the index for every purchase.
#pragma once

#include <vector>

#include "projections/projection.h"
#include "projections/runner.h"

namespace florin::projections {

struct ReconciledBalance {
  domain::CurrencyId currency;
  domain::Money available;
  domain::Money reserved;
};

// One line of the stream. Personal data comes sealed, as the view stores it.
struct ReconciledPlayer {
  domain::PlayerId player;
  domain::IdentityId identity;
  domain::PersonalText email;
  domain::Position changed;
  std::vector<ReconciledBalance> balances;
};

[[nodiscard]] Projection const& reconciliation_projection();

// Steps through a game's players whose balance changed after `since` (zero: all), each once, in no promised order. A
// player who joined counts as changed, and has a zero balance in every currency that was never touched. A game that
// the view does not know has no players. One thread; the view's transaction stays open for its life and keeps the
// view's WAL from being emptied, so the owner bounds how long a stream may take.
class ReconciliationStream {
 public:
  [[nodiscard]] static eventstore::ResultOr<ReconciliationStream> open(ViewReader view, domain::GameId game,
                                                                       domain::Position since);
  ~ReconciliationStream();
  ReconciliationStream(ReconciliationStream&&) noexcept;

  // Fills `player` and returns true, or false at the end.
  [[nodiscard]] eventstore::ResultOr<bool> next(ReconciledPlayer& player);
  [[nodiscard]] domain::Position cut() const;  // the position of the cut: the cursor for the next stream

 private:
  struct Impl;
  explicit ReconciliationStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::projections
