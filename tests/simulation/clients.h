// The game servers of a simulation: what each asked for, and what it knows of it.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "domain/commands.h"
#include "domain/events.h"
#include "eventstore/engine/submission.h"

namespace florin::simulation {

// What a client knows of a request that it made.
enum class Knows : std::uint8_t { acknowledged, unknown, refused };

struct Asked {
  domain::Command command;
  domain::Request request;
  Knows knows = Knows::unknown;
  domain::Position first;  // acknowledged
};

// One thread.
class Clients {
 public:
  explicit Clients(std::uint64_t seed) : random_(seed) {}

  // Requests are named by the numbers that these return.
  std::size_t ask(domain::Command command, domain::GameId game);
  // What was refused used up nothing: it may be done this time.
  void ask_again(std::size_t number);
  [[nodiscard]] Asked const& operator[](std::size_t number) const { return asked_[number]; }
  [[nodiscard]] std::size_t count() const { return asked_.size(); }

  // Throws a Violation when the answer contradicts what the client knows. `visible`: how far readers see.
  void learn(std::size_t number, eventstore::Outcome const& outcome, domain::Position visible);

  // Where the requests are that the log holds. Throws a Violation when it holds one twice.
  using Found = std::map<std::string, domain::Position>;
  static void find(Found& found, domain::Commit const& commit);
  // Throws a Violation when that is not what the clients know.
  void compare(Found const& found) const;

 private:
  std::mt19937_64 random_;
  std::vector<Asked> asked_;
  std::map<std::string, std::size_t> by_id_;
};

}  // namespace florin::simulation
