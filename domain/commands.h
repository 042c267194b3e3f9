// What may be asked. A command is imperative and already well-formed (api/ parsed it); whether it is allowed is
// decide's business. Secrets never enter: only the hash of a new key does.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/events.h"

namespace florin::domain {

// A player as a game names one. The identity and the player are made on first use.
struct PlayerRef {
  BlindIndex email_index{};
  std::string email;  // trimmed, lower case; used only when the identity is new
  std::string name;   // may be empty
  std::uint64_t name_tag = 0;
  bool renamed = false;  // the caller gave a name that differs from the one on file
};

struct CreateGame {
  GameSettings settings;
  std::vector<CurrencySpec> currencies;  // ids are ignored
  Digest key_hash{};
};

struct UpdateGame {
  GameId game;
  GameChanges changes;
};

struct RotateSdkKey {
  GameId game;
  Digest key_hash{};
  bool immediate = false;
};

// currency zero means the game's default currency, here and below.
struct CreditBalance {
  GameId game;
  PlayerRef player;
  CurrencyId currency;
  Money amount;
  std::string reason;
};

struct DebitBalance {
  GameId game;
  PlayerRef player;
  CurrencyId currency;
  Money amount;
  std::string reason;
};

struct PurchaseItem {
  GameId game;
  PlayerRef player;
  CurrencyId currency;
  Item item;
  std::uint32_t quantity = 0;
  Money unit_price;
  Money total_price;
};

// The original is read from the log by the caller: a fact cannot have changed since.
struct RefundItem {
  GameId game;
  Position order;
  ItemPurchased original;
  std::string reason;
};

// CONTRACT, Item purchase.
inline constexpr std::uint32_t kMaxItemQuantity = 1000;
// "total_price must … be < 999999.99": this much is already too much.
inline constexpr Money kItemTotalLimit = Money::from_minor(99'999'999);

using Command =
    std::variant<CreateGame, UpdateGame, RotateSdkKey, CreditBalance, DebitBalance, PurchaseItem, RefundItem>;

}  // namespace florin::domain
