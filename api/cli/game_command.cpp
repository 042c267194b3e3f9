// florin game create | update | list | show | rotate-key | currency add, update: through the running server (CONTRACT,
// Operators).
#include <set>

#include "api/cli/command.h"
#include "api/cli/json_view.h"
#include "api/cli/server_call.h"
#include "api/http/json.h"
#include "domain/ids.h"

namespace florin::api::cli {
namespace {

struct GameArguments {
  std::string name;
  std::string developer;
  std::string genre;
  std::string icon;
  std::string status = "testing";
  std::string new_status;  // of an update
  std::string universal;
  std::string outgoing;
  std::string incoming;
  std::vector<std::string> linked;
  std::string transfer_fee;
  std::string item_fee;
  std::vector<std::string> currencies;
  std::vector<std::string> limits;
  std::string id;
  bool immediate = false;
};

// Of one currency, to add or to change.
struct CurrencyArguments {
  std::string game;
  std::string id;
  std::string name;
  std::string symbol;
  std::string starting;
  std::string minimum;
  std::string maximum;
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

// NAME=NUMBER each; the server knows the names. What is wrong with them, or empty.
std::string write_limits(JsonWriter& json, std::vector<std::string> const& limits) {
  constexpr std::uint64_t kMost = 10'000'000;  // as the server has it
  std::set<std::string_view> names;
  for (std::string_view const text : limits) {
    auto const where = "--limit " + std::string(text) + ": ";
    auto const equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return where + "write NAME=NUMBER, such as sends_per_player_hour=50";
    }
    auto const number = domain::parse_number(text.substr(equals + 1));
    if (!number || *number > kMost) return where + "the number is a whole one from 1 to " + grouped(kMost);
    auto const name = text.substr(0, equals);
    if (!names.insert(name).second) return where + std::string(name) + " is given twice";
    json.integer(name, *number);
  }
  return {};
}

// Whether an option was given, were it with an empty text: an empty text is what clears a field.
bool is_given(Invocation const& invocation, char const* option) { return invocation.command->count(option) > 0; }

int not_a_game_id(Invocation const& invocation, std::string const& id) {
  return complain(invocation, kUsage, "'" + id + "' is not a game id: twelve digits");
}

// Only what was named is sent: the rest stays as it is.
int update(Invocation const& invocation, GameArguments const& arguments) {
  if (!domain::parse_game_id(arguments.id)) return not_a_game_id(invocation, arguments.id);
  ServerCall call;
  call.method = "PATCH";
  call.path = "/admin/games/" + arguments.id;
  JsonWriter json(call.body);
  bool any = false;
  auto const optional = [&](char const* option, std::string_view name, std::string const& value) {
    if (!is_given(invocation, option)) return;
    json.string(name, value);
    any = true;
  };
  auto const optional_flag = [&](std::string_view name, std::string const& value) {
    if (value.empty()) return;
    json.boolean(name, value == "yes");
    any = true;
  };
  json.begin_object();
  optional("--name", "game_name", arguments.name);
  optional("--developer", "developer_name", arguments.developer);
  optional("--genre", "genre", arguments.genre);
  optional("--icon", "game_icon", arguments.icon);
  optional("--status", "status", arguments.new_status);
  optional("--universal-transfers", "universal_transfers", arguments.universal);
  optional_flag("allows_outgoing_transfers", arguments.outgoing);
  optional_flag("allows_incoming_transfers", arguments.incoming);
  if (!arguments.linked.empty()) {
    json.begin_array("linked_game_ids");
    for (auto const& game : arguments.linked) {
      if (game != "none") {
        json.string(game);
      } else if (arguments.linked.size() > 1) {
        return complain(invocation, kUsage, "--linked-game none stands alone: it means no game at all");
      }
    }
    json.end_array();
    any = true;
  }
  optional("--transfer-fee", "transfer_fee_percentage", arguments.transfer_fee);
  optional("--item-fee", "item_fee_percentage", arguments.item_fee);
  if (!arguments.limits.empty()) {
    json.begin_object("limits");
    if (auto const wrong = write_limits(json, arguments.limits); !wrong.empty()) {
      return complain(invocation, kUsage, wrong);
    }
    json.end_object();
    any = true;
  }
  json.end_object();
  if (!any) return complain(invocation, kUsage, "name what is to change, such as --status live; see --help");
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
}

int change_currency(Invocation const& invocation, CurrencyArguments const& arguments, bool add) {
  if (!domain::parse_game_id(arguments.game)) return not_a_game_id(invocation, arguments.game);
  if (!add && !domain::parse_number(arguments.id)) {
    return complain(invocation, kUsage, "'" + arguments.id + "' is not a currency id: a number, as game show has it");
  }
  ServerCall call;
  call.method = add ? "POST" : "PATCH";
  call.path = "/admin/games/" + arguments.game + "/currencies" + (add ? std::string() : "/" + arguments.id);
  JsonWriter json(call.body);
  bool any = false;
  json.begin_object();
  struct Field {
    char const* option;
    char const* name;
    std::string const& value;
  };
  for (Field const& field :
       {Field{"--name", "currency_name", arguments.name}, Field{"--symbol", "currency_symbol", arguments.symbol},
        Field{"--starting", "starting_amount", arguments.starting},
        Field{"--minimum", "minimum_transfer", arguments.minimum},
        Field{"--maximum", "maximum_transfer", arguments.maximum}}) {
    if (!is_given(invocation, field.option)) continue;
    json.string(field.name, field.value);
    any = true;
  }
  json.end_object();
  if (!any) return complain(invocation, kUsage, "name what is to change, such as --name; see --help");
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
}

int list(Invocation const& invocation) {
  ServerCall call;
  call.path = "/admin/games";
  auto const reply = call_server(invocation, call);
  return reply ? print_reply(invocation, reply.value()) : reply.error();
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
  auto& group = *add_group(app, "game", "Create, change and list games, replace their keys", R"(Examples:
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

  auto* update_command = add_command(group, invocation, "update", "Change a game's settings", R"(Examples:
  florin game update 482910573621 --status live
  florin game update 482910573621 --genre ""                 # clears it
  florin game update 482910573621 --transfer-fee 2.5 --limit sends_per_player_hour=50 --sandbox)",
                                     [&invocation, arguments] { return update(invocation, *arguments); });
  add_server_options(*update_command, invocation);
  update_command->add_option("id", arguments->id, "the game's id")->required();
  update_command->add_option("--name", arguments->name, "name of the game");
  update_command->add_option("--status", arguments->new_status, "live, testing or suspended")
      ->check(one_of({"live", "testing", "suspended"}));
  update_command->add_option("--developer", arguments->developer, "the developer's name");
  update_command->add_option("--genre", arguments->genre, "the genre");
  update_command->add_option("--icon", arguments->icon, "URL of the icon");
  update_command->add_option("--universal-transfers", arguments->universal, "yes or no")->check(yes_no);
  update_command->add_option("--outgoing-transfers", arguments->outgoing, "yes or no")->check(yes_no);
  update_command->add_option("--incoming-transfers", arguments->incoming, "yes or no")->check(yes_no);
  update_command
      ->add_option("--linked-game", arguments->linked, "id of a linked game, repeatable: the whole list; none: no game")
      ->allow_extra_args(false);
  update_command->add_option("--transfer-fee", arguments->transfer_fee, "percent, 0 to 10");
  update_command->add_option("--item-fee", arguments->item_fee, "percent, 0 to 100");
  update_command->add_option("--limit", arguments->limits, "NAME=NUMBER, repeatable; the other limits stay")
      ->allow_extra_args(false);

  auto const currency = std::make_shared<CurrencyArguments>();
  auto& currency_group = *add_group(group, "currency", "Add and change a game's currencies", R"(Examples:
  florin game currency add 482910573621 --name Gems --symbol GEM --starting 5.00
  florin game currency update 482910573621 2 --name Diamonds --maximum none)");
  auto* add_currency_command =
      add_command(currency_group, invocation, "add", "Give a game another currency", R"(Examples:
  florin game currency add 482910573621 --name Gems --symbol GEM --starting 5.00)",
                  [&invocation, currency] { return change_currency(invocation, *currency, true); });
  auto* update_currency_command =
      add_command(currency_group, invocation, "update", "Change a currency; what is not named stays", R"(Examples:
  florin game currency update 482910573621 2 --name Diamonds
  florin game currency update 482910573621 2 --minimum 1.00 --maximum none --sandbox)",
                  [&invocation, currency] { return change_currency(invocation, *currency, false); });
  for (auto* command : {add_currency_command, update_currency_command}) {
    bool const adds = command == add_currency_command;
    add_server_options(*command, invocation);
    command->add_option("game", currency->game, "the game's id")->required();
    if (!adds) command->add_option("currency", currency->id, "the currency's id")->required();
    command->add_option("--name", currency->name, "its name, another than the game's other currencies have")
        ->required(adds);
    command->add_option("--symbol", currency->symbol, "its symbol")->required(adds);
    command->add_option("--starting", currency->starting, "what a player who joins from now on receives");
    command->add_option("--minimum", currency->minimum, "the least amount of a transfer");
    command->add_option("--maximum", currency->maximum,
                        adds ? "the largest amount of a transfer" : "the largest amount of a transfer, or none");
  }

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
