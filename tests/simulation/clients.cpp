#include "tests/simulation/clients.h"

#include "tests/simulation/promises.h"

namespace florin::simulation {

using eventstore::Outcome;

std::size_t Clients::ask(domain::Command command, domain::GameId game) {
  domain::Request request;
  request.game = game;
  request.id = "request-" + std::to_string(asked_.size());
  for (auto& byte : request.fingerprint) byte = static_cast<std::uint8_t>(random_());
  by_id_[request.id] = asked_.size();
  asked_.push_back({std::move(command), std::move(request), Knows::unknown, {}});
  return asked_.size() - 1;
}

void Clients::ask_again(std::size_t number) {
  if (asked_[number].knows == Knows::refused) asked_[number].knows = Knows::unknown;
}

void Clients::learn(std::size_t number, Outcome const& outcome, domain::Position visible) {
  auto& asked = asked_[number];
  auto const& id = asked.request.id;
  if (auto const* committed = std::get_if<eventstore::Committed>(&outcome)) {
    require(asked.knows != Knows::acknowledged, Promise::done_once, id);
    asked.knows = Knows::acknowledged;
    asked.first = committed->commit->first;
    require(committed->commit->last() <= visible, Promise::reply_is_visible, id);
  } else if (auto const* repeated = std::get_if<eventstore::Repeated>(&outcome)) {
    require(asked.knows != Knows::acknowledged || asked.first == repeated->original->first, Promise::done_once, id,
            "has two originals");
    asked.knows = Knows::acknowledged;
    asked.first = repeated->original->first;
  } else if (std::holds_alternative<domain::Rejection>(outcome)) {
    require(asked.knows != Knows::acknowledged, Promise::acknowledged_is_kept, id, "was refused");
    asked.knows = Knows::refused;
  } else {
    require(!std::holds_alternative<eventstore::Reused>(outcome), Promise::payloads_are_told_apart, id,
            "is another's payload");
  }
}

void Clients::find(Found& found, domain::Commit const& commit) {
  auto const& id = commit.request.id;
  require(id.empty() || found.emplace(id, commit.first).second, Promise::done_once, id, "is in the log twice");
}

void Clients::compare(Found const& found) const {
  for (auto const& asked : asked_) {
    auto const& id = asked.request.id;
    auto const there = found.find(id);
    if (asked.knows == Knows::acknowledged) {
      require(there != found.end(), Promise::acknowledged_is_kept, id, "is lost");
      require(there->second == asked.first, Promise::acknowledged_is_kept, id, "is elsewhere");
    }
    require(asked.knows != Knows::refused || there == found.end(), Promise::refused_is_absent, id);
  }
  for (auto const& [id, first] : found) require(by_id_.contains(id), Promise::nothing_is_invented, id);
}

}  // namespace florin::simulation
