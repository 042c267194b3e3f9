// florin game create | list | show | rotate-key: through the running server (CONTRACT, Operators).
#include "api/cli/command.h"
#include "api/cli/json_view.h"
#include "api/cli/server_call.h"
#include "api/http/json.h"

namespace florin::api::cli {
namespace {

struct GameArguments {
  std::string name;
  std::string developer;
  std::string genre;
  std::string icon;
  std::string status = "testing";
  std::string universal;
  std::string outgoing;
  std::string incoming;
  std::vector<std::string> linked;
  std::string transfer_fee;
  std::string item_fee;
  std::vector<std::string> currencies;
  std::string id;
  bool immediate = false;
};

std::vector<std::string> split(std::string const& text, char separator) {
  std::vector<std::string> parts(1);
  for (char const c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

// NAME:SYMBOL[:STARTING[:MINIMUM[:MAXIMUM]]]; the server judges the values.
bool write_currency(JsonWriter& json, std::string const& text) {
  constexpr char const* kFields[] = {"currency_name", "currency_symbol", "starting_amount", "minimum_transfer",
                                     "maximum_transfer"};
  auto const parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > std::size(kFields)) return false;
  json.begin_object();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].empty()) json.string(kFields[i], parts[i]);
  }
  json.end_object();
  return true;
}

// Prints a reply that carries a new key.
int print_key(Invocation const& invocation, ServerReply const& reply) {
  auto const code = print_reply(invocation, reply);
  if (!invocation.json) remark("the sdk_key is shown this once only: keep it");
  return code;
}

int create(Invocation const& invocation, GameArguments const& arguments) {
  ServerCall call;
  call.method = "POST";
  call.path = "/admin/games";
  JsonWriter json(call.body);
  auto const optional = [&](std::string_view name, std::string const& value) {
    if (!value.empty()) json.string(name, value);
  };
  auto const optional_flag = [&](std::string_view name, std::string const& value) {
    if (!value.empty()) json.boolean(name, value == "yes");
  };
  json.begin_object();
  json.string("game_name", arguments.name);
  optional("developer_name", arguments.developer);
  optional("genre", arguments.genre);
  optional("game_icon", arguments.icon);
  json.string("status", arguments.status);
  optional("universal_transfers", arguments.universal);
  optional_flag("allows_outgoing_transfers", arguments.outgoing);
  optional_flag("allows_incoming_transfers", arguments.incoming);
  if (!arguments.linked.empty()) {
    json.begin_array("linked_game_ids");
    for (auto const& game : arguments.linked) json.string(game);
    json.end_array();
  }
  optional("transfer_fee_percentage", arguments.transfer_fee);
  optional("item_fee_percentage", arguments.item_fee);
  json.begin_array("currencies");
  for (auto const& currency : arguments.currencies) {
    if (!write_currency(json, currency)) {
      return complain(invocation, kUsage,
                      "--currency " + currency + ": write NAME:SYMBOL[:STARTING[:MINIMUM[:MAXIMUM]]]");
    }
  }
  json.end_array();
  json.end_object();
  auto const reply = call_server(invocation, call);
  return reply ? print_key(invocation, reply.value()) : reply.error();
}

int list(Invocation const& invocation) {
  ServerCall call;
  call.path = "/admin/games";
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
}

int not_a_game_id(Invocation const& invocation, std::string const& id) {
  return complain(invocation, kUsage, "'" + id + "' is not a game id: twelve digits");
}

int show(Invocation const& invocation, GameArguments const& arguments) {
  if (!domain::parse_game_id(arguments.id)) return not_a_game_id(invocation, arguments.id);
  ServerCall call;
  call.path = "/admin/games/" + arguments.id;
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
}

int rotate_key(Invocation const& invocation, GameArguments const& arguments) {
  if (!domain::parse_game_id(arguments.id)) return not_a_game_id(invocation, arguments.id);
  ServerCall call;
  call.method = "POST";
  call.path = "/admin/games/" + arguments.id + "/keys";
  JsonWriter json(call.body);
  json.begin_object();
  json.boolean("immediate", arguments.immediate);
  json.end_object();
  auto const reply = call_server(invocation, call);
  return reply ? print_key(invocation, reply.value()) : reply.error();
}

}  // namespace

void add_game_commands(CLI::App& app, Invocation& invocation) {
  auto const arguments = std::make_shared<GameArguments>();
  auto& group = *add_group(app, "game", "Create and list games, replace their keys", R"(Examples:
  florin game create --name "Knights" --currency Gold:GLD:100.00 --status live
  florin game list --sandbox)");

  auto* create_command = add_command(group, invocation, "create", "Create a game and print its SDK key (once)",
                                     R"(Examples:
  florin game create --name "Knights" --currency Gold:GLD:100.00 --status live
  florin game create --name "Demo" --currency Gems:GEM --currency Coins:CN:50 --item-fee 12.5 --sandbox --json)",
                                     [&invocation, arguments] { return create(invocation, *arguments); });
  auto const yes_no = one_of({"yes", "no"});
  add_server_options(*create_command, invocation);
  create_command->add_option("--name", arguments->name, "name of the game")->required();
  create_command
      ->add_option("--currency", arguments->currencies,
                   "NAME:SYMBOL[:STARTING[:MINIMUM[:MAXIMUM]]], repeatable; the first is the default one")
      ->required()
      ->allow_extra_args(false);
  create_command->add_option("--status", arguments->status, "live, testing or suspended")
      ->check(one_of({"live", "testing", "suspended"}))
      ->capture_default_str();
  create_command->add_option("--developer", arguments->developer, "the developer's name");
  create_command->add_option("--genre", arguments->genre, "the genre");
  create_command->add_option("--icon", arguments->icon, "URL of the icon");
  create_command->add_option("--universal-transfers", arguments->universal, "yes or no")->check(yes_no);
  create_command->add_option("--outgoing-transfers", arguments->outgoing, "yes or no")->check(yes_no);
  create_command->add_option("--incoming-transfers", arguments->incoming, "yes or no")->check(yes_no);
  create_command->add_option("--linked-game", arguments->linked, "id of a linked game, repeatable")
      ->allow_extra_args(false);
  create_command->add_option("--transfer-fee", arguments->transfer_fee, "percent, 0 to 10");
  create_command->add_option("--item-fee", arguments->item_fee, "percent, 0 to 100");

  auto* list_command = add_command(group, invocation, "list", "List the games", R"(Examples:
  florin game list
  florin game list --sandbox --json)",
                                   [&invocation] { return list(invocation); });
  add_server_options(*list_command, invocation);

  auto* show_command = add_command(group, invocation, "show", "Show one game", R"(Examples:
  florin game show 482910573621)",
                                   [&invocation, arguments] { return show(invocation, *arguments); });
  add_server_options(*show_command, invocation);
  show_command->add_option("id", arguments->id, "the game's id")->required();

  auto* rotate_command =
      add_command(group, invocation, "rotate-key", "Give a game a new SDK key and print it (once)", R"(Examples:
  florin game rotate-key 482910573621
  florin game rotate-key 482910573621 --immediate --sandbox)",
                  [&invocation, arguments] { return rotate_key(invocation, *arguments); });
  add_server_options(*rotate_command, invocation);
  rotate_command->add_option("id", arguments->id, "the game's id")->required();
  rotate_command->add_flag("--immediate", arguments->immediate,
                           "cut the old keys at once; without it they work for 7 more days");
}

}  // namespace florin::api::cli
