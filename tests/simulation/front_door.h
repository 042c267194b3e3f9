// The HTTP routes of one simulated process, called without sockets: the row of an operation runs with its checks, its
// handler, the ledger service below it and the workers' jobs, in one thread and in steps.
//
//   begin ─▶ the handler runs until it waits ─▶ Process::submissions ─▶ the engine decides, appends, publishes, answers
//                                          go_on ─▶ the handler runs on ─▶ take_reply
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/message.h"
#include "api/ledger/ledger.h"
#include "api/limits.h"
#include "tests/simulation/process.h"

namespace florin::simulation {

// A request as somebody makes it. Whoever sends it adds the key of `game`.
struct HttpRequest {
  std::string_view operation;       // of the route table
  domain::GameId game;              // zero: it is an operator's, or a provider's
  std::vector<std::string> path{};  // the values of the row's {names}, as they stand in the path
  std::string query{};
  std::string body{};
  std::string other_body{};  // another payload under the same client_request_id; empty: it has none
  std::string signature{};   // of a provider's form
};

// One thread. Destroyed before the parts of the process; who waits then is told nothing.
class FrontDoor {
 public:
  // The process is open, and like the others outlives it. Handlers submit to Process::submissions. `begun` counts the
  // exchanges of all lives, so that nobody takes a reply of this life for one of the life before.
  FrontDoor(Process& process, api::Limits& limits, std::size_t& begun);
  ~FrontDoor();

  // Begins an exchange; the number names it. Views of the request need not outlive the call.
  [[nodiscard]] std::size_t begin(HttpRequest const& request, std::string const& game_key, std::string const& body);
  // Handlers run on whose answers came, or whose deadline has passed in the runtime's time. Throws a Violation when
  // one throws.
  void go_on();
  // Once it has one.
  [[nodiscard]] std::optional<api::Response> take_reply(std::size_t number);

  [[nodiscard]] api::Ledger const& ledger() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::simulation
