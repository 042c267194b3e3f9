// The rules for a game's currencies: what decides and what checks a log ask the same.
#pragma once

#include <vector>

#include "domain/game.h"

namespace florin::domain {

// One rule for a currency, whether its game is made with it, gets it or changes it.
[[nodiscard]] bool valid_currency(CurrencySpec const& currency);
// All that a game is made with: at least one, at most kCurrenciesPerGameMax, each valid, no name twice.
[[nodiscard]] bool valid_currencies(std::vector<CurrencySpec> const& currencies);
// Another currency of the game has this name.
[[nodiscard]] bool is_name_taken(Game const& game, CurrencySpec const& currency);

}  // namespace florin::domain
