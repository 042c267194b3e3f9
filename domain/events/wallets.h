// Movements of one wallet: what a game gives to a player and takes from them. Each moves exactly one wallet's available
// balance, and folds treat the whole family so: an event that moves two wallets or reserves belongs to another family.
#pragma once

#include <string>
#include <variant>

#include "domain/events/family.h"
#include "domain/ids.h"
#include "domain/money.h"

namespace florin::domain {

// Each movement names the wallet's available balance after it, so a history or a repeated reply needs no fold.
struct StartingBalanceGranted {
  PlayerId player;
  CurrencyId currency;
  Money amount;
  Money available_after;
  friend bool operator==(StartingBalanceGranted const&, StartingBalanceGranted const&) = default;
};

struct BalanceCredited {
  PlayerId player;
  CurrencyId currency;
  Money amount;
  Money available_after;
  std::string reason;
  friend bool operator==(BalanceCredited const&, BalanceCredited const&) = default;
};

struct BalanceDebited {
  PlayerId player;
  CurrencyId currency;
  Money amount;
  Money available_after;
  std::string reason;
  friend bool operator==(BalanceDebited const&, BalanceDebited const&) = default;
};

using WalletEvents = std::variant<StartingBalanceGranted, BalanceCredited, BalanceDebited>;
template <class E>
concept WalletEvent = IsIn<E, WalletEvents>;

}  // namespace florin::domain
