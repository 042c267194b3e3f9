// Why a command was refused, in order of precedence. One exhaustive switch in api/ turns each into HTTP.
#pragma once

#include <cstdint>

#include "domain/money.h"

namespace florin::domain {

enum class Rejection : std::uint8_t {
  game_not_found,
  game_not_active,
  linked_game_not_found,
  invalid_game,          // no name, no currency, duplicate currency names, a rate or an amount out of range
  currency_not_found,    // not one of the calling game's
  player_not_found,      // a debit never creates a player
  order_not_found,       // nothing bought under this id in the calling game
  invalid_amount,        // zero, negative or above kMaxAmount; an order's total not below kItemTotalLimit
  invalid_quantity,      // outside 1–1000
  total_mismatch,        // total is not unit price × quantity
  already_refunded,      // an order is refunded once
  insufficient_balance,  // available < required; both are in the refusal
  balance_limit,         // the wallet would pass kMaxBalance
};

struct Refusal {
  Rejection reason = Rejection::game_not_found;
  Money available;  // with insufficient_balance
  Money required;   // with insufficient_balance
  friend bool operator==(Refusal const&, Refusal const&) = default;
};

}  // namespace florin::domain
