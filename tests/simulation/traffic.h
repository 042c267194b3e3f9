// Random commands that games, players and operators would give: mostly sensible, some refused. Chosen by the state that
// its caller knows of, so that they name transfers, shares and questions that are open.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "api/ledger/people.h"
#include "domain/commands.h"
#include "domain/ledger.h"
#include "eventstore/store/facts.h"
#include "tests/simulation/past_commits.h"

namespace florin::simulation {

// One thread. Persons have numbers from 0; each has a phone of their own.
class Traffic {
 public:
  Traffic(std::uint64_t seed, std::size_t persons) : random_(seed), persons_(persons) {}

  struct Server {
    domain::State const& state;
    PastCommits const& past;
    eventstore::FactReader const& facts;
    api::People const& people;  // who knows under which index a person is found
  };
  // nullopt: nothing this time.
  [[nodiscard]] std::optional<domain::Command> next(Server const& server);
  // The game that would ask for it: requests are unique in a game.
  [[nodiscard]] domain::GameId asker(domain::State const& state);

 private:
  [[nodiscard]] domain::PersonRef somebody(std::size_t number) const;
  [[nodiscard]] domain::PlayerRef person(std::size_t number) const;
  [[nodiscard]] domain::PhoneRef phone(std::size_t number) const;
  [[nodiscard]] std::optional<std::size_t> number_of(domain::State const& state, domain::IdentityId identity) const;
  [[nodiscard]] std::optional<domain::Command> open_matter(domain::State const& state);
  [[nodiscard]] std::optional<domain::Command> real_money(Server const& server);
  [[nodiscard]] domain::Command catalogue(domain::State const& state, domain::Game const& game);
  [[nodiscard]] domain::Command create_game();
  [[nodiscard]] domain::Command initiation(domain::State const& state);
  [[nodiscard]] std::optional<domain::Command> claim(domain::State const& state, domain::TransferId transaction);
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

  std::mt19937_64 random_;
  std::size_t const persons_;
  api::People const* people_ = nullptr;  // of the call to next()
  std::uint64_t made_ = 0;               // games, keys, names so far
};

}  // namespace florin::simulation
