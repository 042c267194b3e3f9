// florin player balance: as the game's server would ask (CONTRACT, Balances).
#include "api/cli/command.h"
#include "api/cli/http_client.h"
#include "api/cli/server_call.h"

namespace florin::api::cli {
namespace {

struct PlayerArguments {
  std::string email;
  std::string key;
};

int balance(Invocation const& invocation, PlayerArguments const& arguments) {
  ServerCall call;
  call.credentials = Credentials::game;
  call.game_key = arguments.key;
  call.path = "/api/player-balances/player/by-email/" + percent_encode(arguments.email);
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
}

}  // namespace

void add_player_commands(CLI::App& app, Invocation& invocation) {
  auto const arguments = std::make_shared<PlayerArguments>();
  auto& group = *add_group(app, "player", "Look at players", R"(Examples:
  florin player balance ada@example.com --key ivsdk_...)");
  auto* command = add_command(group, invocation, "balance", "Show a player's balances in the key's game", R"(Examples:
  florin player balance ada@example.com --key ivsdk_...
  FLORIN_GAME_KEY=ivsdk_... florin player balance ada@example.com --sandbox --json)",
                              [&invocation, arguments] { return balance(invocation, *arguments); });
  add_server_options(*command, invocation);
  command->add_option("email", arguments->email, "the player's e-mail")->required();
  command->add_option("--key", arguments->key, "the game's SDK key")->envname("FLORIN_GAME_KEY")->required();
}

}  // namespace florin::api::cli
