// One call of a command to the running server, with the credentials from the environment and the exit codes of the
// command line.
#pragma once

#include <string>
#include <string_view>

#include <simdjson.h>

#include "api/cli/command.h"
#include "domain/result.h"

namespace florin::api::cli {

enum class Credentials : std::uint8_t {
  admin,  // FLORIN_ADMIN_TOKEN
  game,   // the given key
};

struct ServerCall {
  Credentials credentials = Credentials::admin;
  std::string game_key;
  std::string_view method = "GET";
  std::string path;  // "/admin/games": the sandbox prefix is added here
  std::string body;
  std::string_view content_type = "application/json";  // of the body
};

// A parsed 2xx reply. The element points into the parser.
struct ServerReply {
  std::unique_ptr<simdjson::dom::parser> parser;
  simdjson::dom::element root;
  std::string body;
};

// The error is the exit code; the complaint has been made.
[[nodiscard]] Result<ServerReply, int> call_server(Invocation const& invocation, ServerCall const& call);

// The same for a reply that is no JSON: its body.
[[nodiscard]] Result<std::string, int> call_server_for_text(Invocation const& invocation, ServerCall const& call);

// With --json the body as it came, else rendered.
int print_reply(Invocation const& invocation, ServerReply const& reply);

}  // namespace florin::api::cli
