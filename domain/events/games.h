// Events about games: their settings, currencies and keys. They move no money.
#pragma once

#include <variant>
#include <vector>

#include "domain/events/family.h"
#include "domain/game.h"
#include "domain/ids.h"
#include "domain/time.h"

namespace florin::domain {

struct GameCreated {
  GameId game;
  GameSettings settings;
  std::vector<CurrencySpec> currencies;
  Digest key_hash{};
  friend bool operator==(GameCreated const&, GameCreated const&) = default;
};

struct GameUpdated {
  GameId game;
  GameSettings settings;
  friend bool operator==(GameUpdated const&, GameUpdated const&) = default;
};

// A game gets another currency: the next CurrencyId. Players who are there get nothing of it.
struct CurrencyAdded {
  GameId game;
  CurrencySpec currency;
  friend bool operator==(CurrencyAdded const&, CurrencyAdded const&) = default;
};

// The whole specification as it is from now on.
struct CurrencyChanged {
  GameId game;
  CurrencySpec currency;
  friend bool operator==(CurrencyChanged const&, CurrencyChanged const&) = default;
};

struct SdkKeyRotated {
  GameId game;
  Digest key_hash{};
  Timestamp previous_valid_until;  // zero: cut at once
  friend bool operator==(SdkKeyRotated const&, SdkKeyRotated const&) = default;
};

using GameEvents = std::variant<GameCreated, GameUpdated, CurrencyAdded, CurrencyChanged, SdkKeyRotated>;
template <class E>
concept GameEvent = IsIn<E, GameEvents>;

}  // namespace florin::domain
