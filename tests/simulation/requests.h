// How games, players, operators and phones ask over HTTP for what Traffic chooses.
#pragma once

#include <optional>
#include <string>

#include "domain/commands.h"
#include "sagas/gateways/sandbox_phone.h"
#include "tests/simulation/front_door.h"

namespace florin::simulation {

// What the asker knows. Codes are those of the texts that were sent: they are derived, so the vault tells the same.
struct Desk {
  domain::State const& state;
  api::Ledger const& ledger;
  sagas::SandboxPhone& phone;
};

struct AsRequest {
  HttpRequest request;
  std::string id;                   // under which the log has it; empty: none
  bool wrong_code = false;          // it holds a PIN or a password that is none of the matter's
  bool may_change_nothing = false;  // a success, too, may have written nothing
};
// nullopt: no route asks for it, or it is a timer's. `id`: for those that take a client_request_id.
[[nodiscard]] std::optional<AsRequest> as_request(domain::Command const& command, std::string const& id,
                                                  Desk const& desk);

}  // namespace florin::simulation
