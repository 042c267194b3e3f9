// The game servers, operators and phones of a simulation: what each asked for, and what it knows of it.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "domain/commands.h"
#include "domain/events.h"
#include "eventstore/engine/submission.h"
#include "tests/simulation/requests.h"

namespace florin::simulation {

// What a client knows of a request that it made.
enum class Knows : std::uint8_t { acknowledged, unknown, refused };

struct Asked {
  std::optional<AsRequest> http;  // none: the command has no route, and goes to the engine with `request`
  domain::Command command;
  domain::Request request;
  Knows knows = Knows::unknown;
  domain::Position last;  // acknowledged: of its commit
  std::string reply;      // the first one over HTTP that says so
  int unanswered = 0;     // how often it was sent and nothing was heard that says what became of it
};

// One thread.
class Clients {
 public:
  explicit Clients(std::uint64_t seed) : random_(seed) {}

  // The id of the next request.
  [[nodiscard]] std::string next_id() const { return "request-" + std::to_string(asked_.size()); }
  // Requests are named by the numbers that these return.
  std::size_t ask(domain::Command command, domain::GameId game, std::optional<AsRequest> http);
  // What was refused used up nothing: it may be done this time.
  void ask_again(std::size_t number);
  void sent(std::size_t number) { ++asked_[number].unanswered; }
  [[nodiscard]] Asked const& operator[](std::size_t number) const { return asked_[number]; }
  [[nodiscard]] std::size_t count() const { return asked_.size(); }

  // These throw a Violation when the answer contradicts what the client knows. `visible`: how far readers see.
  void learn(std::size_t number, eventstore::Outcome const& outcome, domain::Position visible);
  void learn(std::size_t number, api::Response const& reply, domain::Position visible);
  // Later replies are not compared with the one of this request.
  void forget_reply(std::size_t number) { asked_[number].reply.clear(); }
  // The reply to another payload under the same id.
  void learn_of_other(std::size_t number, api::Response const& reply) const;
  // To a read with the key of this game.
  void learn_of_read(domain::GameId game, api::Response const& reply);

  // This person is forgotten: what replies show of them is empty from now on.
  void forget_person(std::string const& email);

  // The key that the game was told of last; nullptr: none that it knows works.
  [[nodiscard]] std::string const* key_of(domain::GameId game) const;

  // Where the requests' commits end that the log holds. Throws a Violation when it holds one twice.
  struct Found {
    std::map<std::string, domain::Position> by_id;
    domain::Position head;
  };
  static void find(Found& found, domain::Commit const& commit);
  // Throws a Violation when that is not what the clients know.
  void compare(Found const& found) const;

 private:
  void acknowledge(Asked& asked, domain::Position last, std::string_view reply);
  void learn_keys(Asked const& asked, api::Response const& reply);

  std::mt19937_64 random_;
  std::vector<Asked> asked_;
  std::map<std::string, std::size_t> by_id_;
  std::map<domain::GameId, std::string> keys_;
  domain::Position newest_;  // that any reply named
};

}  // namespace florin::simulation
