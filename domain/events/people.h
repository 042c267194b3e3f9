// Events about people: who they are, which games they play, their phones, and who of them is a minor. They move no
// money.
#pragma once

#include <cstdint>
#include <variant>

#include "domain/events/family.h"
#include "domain/events/personal_text.h"
#include "domain/ids.h"

namespace florin::domain {

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

// A person was named with a phone. Nothing is proved by it.
struct PhoneRecorded {
  PhoneId phone;
  IdentityId identity;
  BlindIndex phone_index{};
  PersonalText number;  // E.164; sealed under the identity's key
  friend bool operator==(PhoneRecorded const&, PhoneRecorded const&) = default;
};

// A code that was texted there came back: the phone is on file under this person.
struct PhoneVerified {
  PhoneId phone;
  friend bool operator==(PhoneVerified const&, PhoneVerified const&) = default;
};

// An operator says that this person is a minor. guardian is one of the minor's recorded phones; zero: nobody can be
// asked.
struct MinorFlagged {
  IdentityId identity;
  PhoneId guardian;
  friend bool operator==(MinorFlagged const&, MinorFlagged const&) = default;
};

struct MinorCleared {
  IdentityId identity;
  friend bool operator==(MinorCleared const&, MinorCleared const&) = default;
};

using PersonEvents = std::variant<IdentityRegistered, PlayerJoined, PlayerRenamed, PhoneRecorded, PhoneVerified,
                                  MinorFlagged, MinorCleared>;
template <class E>
concept PersonEvent = IsIn<E, PersonEvents>;

}  // namespace florin::domain
