// florin player balance: as the game's server would ask (CONTRACT, Balances). florin player minor: the operator's flag.
#include "api/cli/command.h"
#include "api/cli/http_client.h"
#include "api/cli/server_call.h"
#include "api/http/json.h"
#include "domain/percent.h"

namespace florin::api::cli {
namespace {

struct PlayerArguments {
  std::string email;
  std::string key;
  std::string guardian;
  bool clear = false;
};

int balance(Invocation const& invocation, PlayerArguments const& arguments) {
  ServerCall call;
  call.credentials = Credentials::game;
  call.game_key = arguments.key;
  call.path = "/api/player-balances/player/by-email/" + domain::percent_encode(arguments.email);
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
}

int minor(Invocation const& invocation, PlayerArguments const& arguments) {
  ServerCall call;
  call.method = arguments.clear ? "DELETE" : "PUT";
  call.path = "/admin/identities/by-email/" + domain::percent_encode(arguments.email) + "/minor";
  if (!arguments.guardian.empty()) {
    JsonWriter json(call.body);
    json.begin_object();
    json.string("guardian_phone", arguments.guardian);
    json.end_object();
  }
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
}

}  // namespace

void add_player_commands(CLI::App& app, Invocation& invocation) {
  auto const arguments = std::make_shared<PlayerArguments>();
  auto& group = *add_group(app, "player", "Look at players, flag minors", R"(Examples:
  florin player balance ada@example.com --key ivsdk_...
  florin player minor ada@example.com --guardian +12025550123)");
  auto* command = add_command(group, invocation, "balance", "Show a player's balances in the key's game", R"(Examples:
  florin player balance ada@example.com --key ivsdk_...
  FLORIN_GAME_KEY=ivsdk_... florin player balance ada@example.com --sandbox --json)",
                              [&invocation, arguments] { return balance(invocation, *arguments); });
  add_server_options(*command, invocation);
  command->add_option("email", arguments->email, "the player's e-mail")->required();
  add_variable_option(*command, invocation, "--key", "FLORIN_GAME_KEY", arguments->key, "the game's SDK key",
                      Need::required);

  auto* minor_command = add_command(group, invocation, "minor", "Say that a person is a minor, or no longer one",
                                    R"(Examples:
  florin player minor ada@example.com --guardian +12025550123
  florin player minor ada@example.com --clear --sandbox)",
                                    [&invocation, arguments] { return minor(invocation, *arguments); });
  add_server_options(*minor_command, invocation);
  minor_command->add_option("email", arguments->email, "the person's e-mail")->required();
  auto* guardian = minor_command->add_option("--guardian", arguments->guardian,
                                             "the phone that is asked before the minor sends or moves currency");
  minor_command->add_flag("--clear", arguments->clear, "no longer a minor")->excludes(guardian);
}

}  // namespace florin::api::cli
