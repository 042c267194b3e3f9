// The language of facts. An event is past tense, complete in itself, and never changes once written; the log
// holds nothing else. A new event does not compile until every fold (State::apply, postings, the codec, each
// projection) has an opinion on it: there is no default branch anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "domain/game.h"
#include "domain/ids.h"
#include "domain/money.h"
#include "domain/time.h"

namespace florin::domain {

// Text about a person. In clear between decide and the seal, sealed (AES-256-GCM) in every stored or decoded
// event; only the vault turns one into the other.
struct PersonalText {
  std::string bytes;
  bool sealed = false;
  friend bool operator==(PersonalText const&, PersonalText const&) = default;
};

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

struct SdkKeyRotated {
  GameId game;
  Digest key_hash{};
  Timestamp previous_valid_until;  // zero: cut at once
  friend bool operator==(SdkKeyRotated const&, SdkKeyRotated const&) = default;
};

// A person, known by e-mail, the same in every game.
struct IdentityRegistered {
  IdentityId identity;
  BlindIndex email_index{};
  PersonalText email;  // trimmed, lower case
  friend bool operator==(IdentityRegistered const&, IdentityRegistered const&) = default;
};

// A person starts to play one game.
struct PlayerJoined {
  PlayerId player;
  GameId game;
  IdentityId identity;
  PersonalText name;           // empty and unsealed when the game gave none
  std::uint64_t name_tag = 0;  // keyed hash of the name: tells a changed name without opening it
  friend bool operator==(PlayerJoined const&, PlayerJoined const&) = default;
};

struct PlayerRenamed {
  PlayerId player;
  IdentityId identity;  // whose key seals the name
  PersonalText name;
  std::uint64_t name_tag = 0;
  friend bool operator==(PlayerRenamed const&, PlayerRenamed const&) = default;
};

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

struct Item {
  std::string id;
  std::string name;
  std::string category;
  std::string description;
  friend bool operator==(Item const&, Item const&) = default;
};

struct ItemPurchased {
  PlayerId player;
  CurrencyId currency;
  Item item;
  std::uint32_t quantity = 0;
  Money unit_price;
  Money total;
  Money platform_fee;
  Money developer_revenue;  // total - platform_fee
  Money available_after;
  friend bool operator==(ItemPurchased const&, ItemPurchased const&) = default;
};

// The whole order goes back: the player gets the total, the game and the network return their shares.
struct ItemRefunded {
  Position order;  // first position of the purchase's commit
  PlayerId player;
  CurrencyId currency;
  Money total;
  Money platform_fee;
  Money developer_revenue;
  Money available_after;
  std::string reason;
  friend bool operator==(ItemRefunded const&, ItemRefunded const&) = default;
};

// Order is the codec's union order; only ever append.
using Event = std::variant<GameCreated, GameUpdated, SdkKeyRotated, IdentityRegistered, PlayerJoined, PlayerRenamed,
                           StartingBalanceGranted, BalanceCredited, BalanceDebited, ItemPurchased, ItemRefunded>;

// "ItemPurchased": for logs, auditors and error messages.
[[nodiscard]] char const* event_name(Event const& event);

// Who asked: the caller's game and request id, and a keyed hash of what was asked. Permanent idempotency is
// decided from these three. game is zero for an operator's command; id is empty when the caller gave none.
using Fingerprint = std::array<std::uint8_t, 16>;
struct Request {
  GameId game;
  std::string id;
  Fingerprint fingerprint{};
  friend bool operator==(Request const&, Request const&) = default;
};

// The events of one command: atomic, consecutive positions starting at `first`.
struct Commit {
  Position first;
  Timestamp at;
  Request request;
  std::vector<Event> events;

  [[nodiscard]] Position last() const { return next(first, events.size() - 1); }
  friend bool operator==(Commit const&, Commit const&) = default;
};

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

}  // namespace florin::domain
