#include "domain/game.h"

namespace florin::domain {

CurrencySpec const* Game::find_currency(CurrencyId currency) const {
  for (auto const& candidate : currencies) {
    if (candidate.currency == currency) return &candidate;
  }
  return nullptr;
}

}  // namespace florin::domain
