// What routes that read answer, against the fold of the log.
#pragma once

#include <optional>
#include <string>

#include "domain/ledger.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/front_door.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/past_commits.h"

namespace florin::simulation {

// One thread.
struct Reads {
  FrontDoor& front;
  Clients& clients;  // whose keys are used
  Machine& machine;

  // Some balances, newest movements and purchases of random players, as their games read them. `folded` is of the whole
  // log.
  // Throws a Violation when a route shows something else. No fault may be planned.
  void compare(domain::State const& folded, PastCommits const& past, std::size_t persons) const;

 private:
  [[nodiscard]] std::optional<api::Response> ask(HttpRequest const& request) const;
  void compare_balances(domain::State const& folded, domain::Game const& game, std::string const& email) const;
  void compare_purchase(domain::State const& folded, domain::Position purchase) const;
  void compare_history(domain::State const& folded, domain::Game const& game, std::string const& email) const;
};

}  // namespace florin::simulation
