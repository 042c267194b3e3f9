// The view behind stream-all: one row a player with the balances of its game's currencies, and the position at which
// they last changed. A stream reads in one SQLite read transaction: a consistent cut at one position, in constant
// memory, while writes go on.
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

// Steps through a game's players whose balance changed after `since` (zero: all). One thread; the view's transaction
// stays open for its life, so the owner bounds how long a stream may take.
class ReconciliationStream {
 public:
  [[nodiscard]] static eventstore::Faulty<ReconciliationStream> open(ViewReader view, domain::GameId game,
                                                                     domain::Position since);
  ~ReconciliationStream();
  ReconciliationStream(ReconciliationStream&&) noexcept;

  // Fills `player` and returns true, or false at the end.
  [[nodiscard]] eventstore::Faulty<bool> next(ReconciledPlayer& player);
  [[nodiscard]] domain::Position cut() const;  // the position of the cut: the cursor for the next stream

 private:
  struct Impl;
  explicit ReconciliationStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::projections
