// florin audit verify | at: proofs and past states, from the folder alone.
#include <algorithm>
#include <limits>

#include "api/cli/command.h"
#include "api/cli/people.h"
#include "api/cli/progress.h"
#include "api/cli/store.h"
#include "api/cli/trial_balance.h"
#include "api/email.h"
#include "api/event_text.h"
#include "api/http/json.h"
#include "domain/time_input.h"
#include "eventstore/engine/bound_keys.h"
#include "eventstore/engine/moment.h"
#include "eventstore/engine/recovery.h"

namespace florin::api::cli {
namespace {

// A completed one is only remembered, in case that the bank gives it back.
std::uint64_t open_payouts(domain::State const& state) {
  std::uint64_t open = 0;
  for (auto const& [position, payout] : state.payouts()) open += domain::is_end(payout.status) ? 0u : 1u;
  return open;
}

using domain::Position;
using eventstore::Fault;
using eventstore::ResultOr;

struct VerifyArguments {
  std::string public_key;  // C2SP vkey text, or a file that holds it; empty: the audited folder's own
  std::string checkpoint;  // a note kept elsewhere; empty: the audited folder's own
};

struct AuditArguments {
  std::string moment;
  std::string player;
  std::string game;
};

std::string hex(domain::Digest const& digest) {
  return domain::to_hex({reinterpret_cast<char const*>(digest.data()), digest.size()});
}

// What the log is held against.
struct Evidence {
  eventstore::CheckpointVerifier key;
  bool key_given = false;  // else it was found in the folder that it is to vouch for
  eventstore::Checkpoint checkpoint;
};

ResultOr<eventstore::CheckpointVerifier> read_key(std::filesystem::path const& folder, std::string const& given) {
  if (given.empty()) return eventstore::CheckpointVerifier::read_key(folder / "checkpoint.pub");
  if (auto key = eventstore::CheckpointVerifier::parse(given)) return *std::move(key);
  auto key = eventstore::CheckpointVerifier::read_key(given);
  if (key || key.error().kind == Fault::Kind::io) return key;
  return eventstore::fault(Fault::Kind::missing, "neither a key nor a file that holds one");
}

// Whether the vault beside a log is the one that it was written with.
enum class Keys : std::uint8_t { not_here, not_bound, right };

char const* keys_text(Keys keys) {
  switch (keys) {
    case Keys::not_here: return "not checked: vault is not here";
    case Keys::not_bound: return "not checked: the log names none yet";
    case Keys::right: return "those of the log";
  }
  return "";
}

// What was audited, and by what: said before what was found.
struct Audited {
  std::string environment;
  std::string folder;
  std::string empty;  // empty_text() of a log without commits
  bool macs = false;  // the folder holds the keys of the rows' MACs
  Keys keys = Keys::not_here;
};

std::string verified_text(Audited const& audited, eventstore::Verified const& found,
                          std::optional<Evidence> const& evidence) {
  std::vector<std::vector<std::string>> rows{
      {"environment", audited.environment},
      {"folder", audited.folder},
      {"commits", grouped(found.commits)},
      {"events", grouped(found.events)},
      {"head", "position " + std::to_string(found.head.position.value())},
      {"link", hex(found.head.link)},
      {"root", hex(found.root)},
  };
  if (!evidence) {
    rows.push_back({"checkpoint", "none yet: the log is empty"});
  } else {
    auto const& checkpoint = evidence->checkpoint;
    rows.push_back({"checkpoint", "matches: signed after " + counted(checkpoint.size, "commit") + ", at position " +
                                      std::to_string(checkpoint.head.position.value())});
    rows.push_back({"key", evidence->key.key_id() + (evidence->key_given
                                                         ? ", as given"
                                                         : ", taken from the audited folder: compare it with yours, "
                                                           "or give --public-key")});
  }
  rows.push_back({"MACs", audited.macs ? "right" : "not checked: vault/rows.keys is not here"});
  rows.push_back({"keys", keys_text(audited.keys)});
  return table(rows, {false, false}) +
         "ok: " + (audited.empty.empty() ? "the log is whole and nothing in it was changed" : audited.empty) + '\n';
}

std::string verified_json(Audited const& audited, eventstore::Verified const& found,
                          std::optional<Evidence> const& evidence) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.string("status", "ok");
  json.string("environment", audited.environment);
  json.string("folder", audited.folder);
  json.boolean("empty", !audited.empty.empty());
  if (!audited.empty.empty()) json.string("message", audited.empty);
  json.integer("commits", found.commits);
  json.integer("events", found.events);
  json.integer("position", found.head.position.value());
  json.string("link", hex(found.head.link));
  json.string("root", hex(found.root));
  json.boolean("macs_checked", audited.macs);
  json.boolean("keys_checked", audited.keys == Keys::right);
  if (!evidence) {
    json.null("checkpoint");
  } else {
    json.begin_object("checkpoint");
    json.integer("commits", evidence->checkpoint.size);
    json.integer("position", evidence->checkpoint.head.position.value());
    json.string("root", hex(evidence->checkpoint.root));
    json.string("key_id", evidence->key.key_id());
    json.string("key_from", evidence->key_given ? "given" : "audited_folder");
    json.end_object();
  }
  json.end_object();
  return out + '\n';
}

ResultOr<Keys> check_keys(Store const& store, eventstore::Verified const& found) {
  auto const vault = open_vault(store.layout);
  bool const is_missing = !vault && vault.error().kind == Fault::Kind::missing;
  if (is_missing || !store.has_row_keys) return Keys::not_here;
  if (!vault) return fail(vault.error());
  FLORIN_TRY(eventstore::check_keys(found.keys, *vault.value(), *store.log->keys()));
  return found.keys ? Keys::right : Keys::not_bound;
}

int verify(Invocation const& invocation, VerifyArguments const& arguments) {
  auto store = open_store(invocation);
  if (!store) return complain(invocation, store.error());
  auto const place = place_of(invocation, store.value()) + ": ";
  auto const fault = [&](Fault const& found) { return complain(invocation, {found.kind, place + found.what}); };
  auto& log = *store.value().log;
  // The checkpoint first: a live server may write commits and a newer one while this runs.
  auto const& folder = store.value().layout.folder;
  auto const key = read_key(folder, arguments.public_key);
  auto const fault_of_option = [&](char const* option, Fault const& found) {
    return complain(invocation, {found.kind, option + (": " + found.what)});
  };
  if (!key && !arguments.public_key.empty()) return fault_of_option("--public-key", key.error());
  auto const note = arguments.checkpoint.empty() ? folder / "checkpoint" : std::filesystem::path(arguments.checkpoint);
  auto const checkpoint = key ? key.value().read_note(note) : ResultOr<eventstore::Checkpoint>(fail(key.error()));
  if (!checkpoint && key && !arguments.checkpoint.empty()) return fault_of_option("--checkpoint", checkpoint.error());
  auto const head = log.head();
  if (!head) return fault(head.error());
  bool const empty = head.value().position == Position{};
  bool const missing = !checkpoint && checkpoint.error().kind == Fault::Kind::missing;
  if (!checkpoint && !(missing && empty)) {
    auto const why = missing ? "the signed checkpoint is missing, so nothing proves how far the log once went: "
                             : "the signed checkpoint: ";
    return complain(invocation, missing ? kCheckFailed : exit_code_of(checkpoint.error().kind),
                    place + why + checkpoint.error().what);
  }
  std::optional<Evidence> evidence;
  if (checkpoint) evidence = Evidence{key.value(), !arguments.public_key.empty(), checkpoint.value()};
  auto const* claim = evidence ? &evidence->checkpoint : nullptr;
  Progress progress("verify", head.value().position.value(), Progress::choose(invocation.json));
  auto const found = eventstore::verify(log, claim, [&](Position at) { progress.update(at.value()); });
  progress.finish();
  if (!found) return fault(found.error());
  auto const keys = check_keys(store.value(), found.value());
  if (!keys) return fault(keys.error());
  Audited const audited{environment_name(invocation), folder.string(),
                        found.value().commits == 0 ? empty_text(invocation) : "", store.value().has_row_keys,
                        keys.value()};
  return print(invocation, invocation.json ? verified_json(audited, found.value(), evidence)
                                           : verified_text(audited, found.value(), evidence))
             ? kOk
             : kUnreachable;
}

struct Past {
  eventstore::Moment moment;
  eventstore::Recovered recovered;
  TrialBalance books;
};

ResultOr<Unit> fold(eventstore::Log& log, bool json, Past& past) {
  if (past.moment.last == Position{}) return Unit{};
  Progress progress("fold", past.moment.last.value(), Progress::choose(json));
  auto state = eventstore::state_at(log, past.moment.last, [&](domain::Commit const& commit) {
    past.books.add(commit);
    progress.update(commit.last().value());
  });
  if (!state) return fail(state.error());
  past.recovered = std::move(state).value();
  return Unit{};
}

struct PlayerThen {
  bool asked = false;
  std::string absent;       // who was not there then, in a sentence
  domain::PlayerId player;  // zero: not yet there
  std::vector<std::pair<domain::CurrencySpec, domain::Wallet>> wallets;
};

// `last`: where the log stood then. Everybody's e-mail is opened only where neither key finds anybody.
ResultOr<std::optional<domain::IdentityId>> find_person(eventstore::Log& log, eventstore::Vault const& vault,
                                                        domain::State const& state, Position last,
                                                        std::string_view text) {
  auto const find = [&](std::string_view key) { return state.find_identity(vault.email_index(key)); };
  if (auto const key = former_key(text)) {
    if (auto const known = find(*key)) return known;
  }
  auto const mailbox = read_mailbox(text);
  if (!mailbox) {
    return eventstore::fault(Fault::Kind::missing,
                             "--player is not an e-mail address: " + std::string(mailbox.error()));
  }
  if (auto const known = find(mailbox.value().key)) return known;
  auto const former = FLORIN_TRY(read_former_people(log, vault, last));
  Mailboxes const mailboxes(vault, former, [](domain::BlindIndex const&) { return false; });
  auto const email = mailboxes.find(text);
  return email ? state.find_identity(email.value().index) : std::nullopt;
}

ResultOr<PlayerThen> player_then(eventstore::Log& log, Layout const& layout, AuditArguments const& arguments,
                                 domain::State const& state, Position last) {
  PlayerThen then;
  if (arguments.player.empty()) return then;
  then.asked = true;
  auto const vault = FLORIN_TRY(open_vault(layout));
  auto const* game = state.find_game(*domain::parse_game_id(arguments.game));
  auto const identity = FLORIN_TRY(find_person(log, *vault, state, last, arguments.player));
  then.absent =
      game == nullptr ? "there was no game " + arguments.game + " then" : "the player was not in that game then";
  if (game == nullptr || !identity) return then;
  then.player = state.find_player(game->id, *identity).value_or(domain::PlayerId{});
  if (!then.player) return then;
  for (auto const& currency : game->currencies) {
    then.wallets.emplace_back(currency, state.wallet(then.player, currency.currency));
  }
  return then;
}

std::string past_text(Audited const& audited, Past const& past, PlayerThen const& player) {
  auto const& state = past.recovered.state;
  auto out = table({{"environment", audited.environment},
                    {"folder", audited.folder},
                    {"position", std::to_string(past.moment.last.value())},
                    {"at", past.moment.last ? domain::to_iso8601_micros(past.moment.at) : "before the first commit"},
                    {"link", hex(past.recovered.head.link)},
                    {"games", grouped(state.games().size())},
                    {"identities", grouped(state.identity_count())},
                    {"players", grouped(state.player_count())},
                    {"wallets", grouped(state.wallet_count())},
                    {"open transfers", grouped(state.transfers().size())},
                    {"open payments", grouped(state.orders().size())},
                    {"open payouts", grouped(open_payouts(state))}},
                   {false, false});
  std::vector<std::vector<std::string>> rows{{"currency", "name", "account", "amount"}};
  for (auto const& game : state.games()) {
    for (auto const& currency : game.currencies) {
      auto const id = std::to_string(currency.currency.value());
      for (auto const account : TrialBalance::kAccounts) {
        rows.push_back({id, terminal_quoted(currency.name), domain::account_name(account),
                        past.books.total(currency.currency, account).text()});
      }
      rows.push_back({id, terminal_quoted(currency.name), "sum", past.books.sum(currency.currency).text()});
    }
  }
  out += "\ntrial balance\n" + table(rows, {true, false, false, true});
  if (!player.asked) return out;
  if (!player.player) return out + '\n' + player.absent + '\n';
  std::vector<std::vector<std::string>> wallets{{"currency", "name", "available", "reserved", "total"}};
  for (auto const& [currency, wallet] : player.wallets) {
    wallets.push_back({std::to_string(currency.currency.value()), terminal_quoted(currency.name),
                       domain::to_string(wallet.available), domain::to_string(wallet.reserved),
                       domain::to_string(wallet.total())});
  }
  return out + "\nplayer " + std::to_string(player.player.value()) + '\n' +
         table(wallets, {true, false, true, true, true});
}

std::string past_json(Audited const& audited, Past const& past, PlayerThen const& player) {
  auto const& state = past.recovered.state;
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.string("environment", audited.environment);
  json.string("folder", audited.folder);
  json.integer("position", past.moment.last.value());
  json.text_or_null("at", past.moment.last ? domain::to_iso8601_micros(past.moment.at) : "");
  json.string("link", hex(past.recovered.head.link));
  json.integer("games", std::uint64_t{state.games().size()});
  json.integer("identities", state.identity_count());
  json.integer("players", state.player_count());
  json.integer("wallets", state.wallet_count());
  json.integer("open_transfers", std::uint64_t{state.transfers().size()});
  json.integer("open_payments", std::uint64_t{state.orders().size()});
  json.integer("open_payouts", open_payouts(state));
  json.begin_array("trial_balance");
  for (auto const& game : state.games()) {
    for (auto const& currency : game.currencies) {
      json.begin_object();
      json.string("game_id", std::to_string(game.id.value()));
      json.integer("currency_id", currency.currency.value());
      json.string("currency_name", currency.name);
      for (auto const account : TrialBalance::kAccounts) {
        json.string(domain::account_name(account), past.books.total(currency.currency, account).text());
      }
      json.string("sum", past.books.sum(currency.currency).text());
      json.end_object();
    }
  }
  json.end_array();
  if (player.asked && player.player) {
    json.begin_object("player");
    json.integer("player_id", player.player.value());
    json.objects("balances", player.wallets, [&](auto const& one) {
      auto const& [currency, wallet] = one;
      json.integer("currency_id", currency.currency.value());
      json.string("currency_name", currency.name);
      json.amount("available_balance", wallet.available);
      json.amount("reserved_balance", wallet.reserved);
      json.amount("total_balance", wallet.total());
    });
    json.end_object();
  } else if (player.asked) {
    json.null("player");
    json.string("message", player.absent);
  }
  json.end_object();
  return out + '\n';
}

int at(Invocation const& invocation, AuditArguments const& arguments) {
  auto const time = domain::parse_time_input(arguments.moment);
  auto const position = arguments.moment == "0" ? std::optional<std::uint64_t>(0)  // before the first
                                                : domain::parse_number(arguments.moment);
  if (!time && !position) {
    return complain(invocation, kUsage,
                    "'" + arguments.moment + "' is neither a position nor a time like 2026-11-20T12:00:00Z or " +
                        "2026-11-20T14:00:00.5+02:00");
  }
  if (!arguments.player.empty() && !domain::parse_game_id(arguments.game)) {
    return complain(invocation, kUsage, "--player needs --game with the game's twelve digits");
  }
  if (arguments.player.empty() && !arguments.game.empty()) {
    return complain(invocation, kUsage, "--game needs --player: it says in which game to look for the player");
  }
  auto store = open_store(invocation);
  if (!store) return complain(invocation, store.error());
  auto const place = place_of(invocation, store.value()) + ": ";
  auto const fault = [&](Fault const& found) { return complain(invocation, {found.kind, place + found.what}); };
  auto& log = *store.value().log;
  auto const head = log.head();
  if (!head) return fault(head.error());
  if (!head.value().position) remark(place + empty_text(invocation));
  // A time without a fraction is the whole of that second.
  auto const moment = time ? moment_of(log, head.value().position, time->last)
                           : moment_of(log, head.value().position, Position(*position));
  if (!moment) return fault(moment.error());
  Past past{moment.value(), {}, {}};
  if (auto const folded = fold(log, invocation.json, past); !folded) return fault(folded.error());
  Audited const audited{environment_name(invocation), store.value().layout.folder.string(), ""};
  auto const player = player_then(log, store.value().layout, arguments, past.recovered.state, past.moment.last);
  if (!player) return complain(invocation, player.error());
  (void)print(invocation,
              invocation.json ? past_json(audited, past, player.value()) : past_text(audited, past, player.value()));
  auto const wrong = past.books.disagreements(past.recovered.state);
  for (auto const& line : wrong) (void)complain(invocation, kCheckFailed, line);
  return wrong.empty() ? kOk : kCheckFailed;
}

}  // namespace

void add_audit_commands(CLI::App& app, Invocation& invocation) {
  auto const arguments = std::make_shared<AuditArguments>();
  auto const evidence = std::make_shared<VerifyArguments>();
  auto& group = *add_group(app, "audit", "Prove that nothing was changed; look at any past moment", R"(Examples:
  florin audit verify --data /var/lib/florin
  florin audit at 2026-11-20T12:00:00Z --data /var/lib/florin)");

  auto* verify_command = add_command(group, invocation, "verify",
                                     "Check every byte of the log against its proofs (exit 1: first bad position)",
                                     R"(Examples:
  florin audit verify --data /var/lib/florin
  florin audit verify --data /var/lib/florin --public-key /media/auditor/florin.pub
  florin audit verify --data /var/lib/florin --public-key /media/auditor/florin.pub --checkpoint /media/auditor/march
  florin audit verify --data /var/lib/florin --sandbox --json)",
                                     [&invocation, evidence] { return verify(invocation, *evidence); });
  add_data_options(*verify_command, invocation);
  verify_command->add_option("--public-key", evidence->public_key,
                             "the key that you trust: a verifier key or a file that holds one (default: the folder's "
                             "checkpoint.pub, which whoever changed the log could have exchanged)");
  verify_command->add_option("--checkpoint", evidence->checkpoint,
                             "a signed checkpoint kept elsewhere, instead of the folder's: the log must still begin "
                             "with what it states");

  auto* at_command =
      add_command(group, invocation, "at", "Fold the log up to a moment: trial balance, counts, a player",
                  R"(Examples:
  florin audit at 1000 --data /var/lib/florin
  florin audit at 2026-11-20T12:00:00Z --data /var/lib/florin --json
  florin audit at 1000 --data /var/lib/florin --player ada@example.com --game 482910573621)",
                  [&invocation, arguments] { return at(invocation, *arguments); });
  add_data_options(*at_command, invocation);
  at_command
      ->add_option("moment", arguments->moment,
                   "a position, or a time like 2026-11-20T12:00:00Z: all of that second; 12:00:00.5 is that moment")
      ->required();
  at_command->add_option("--player", arguments->player, "also this player's balances then, by e-mail");
  at_command->add_option("--game", arguments->game, "the game of --player");
  add_mailboxes_command(group, invocation);
}

}  // namespace florin::api::cli
