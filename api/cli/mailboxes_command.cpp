// florin audit mailboxes: whom an old log holds twice for one mailbox, and who has an address that is none by the rule.
// From the folder alone; it changes nothing, because whether two people become one is the operator's to decide.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "api/cli/command.h"
#include "api/cli/people.h"
#include "api/cli/progress.h"
#include "api/email.h"
#include "api/event_text.h"
#include "api/http/json.h"
#include "api/http/printable_text.h"

namespace florin::api::cli {
namespace {

using domain::BlindIndex;
using domain::IdentityId;
using domain::Position;
using eventstore::ResultOr;

struct Person {
  IdentityId identity;
  std::string email;  // as the log shows it; empty: erased
  std::vector<std::pair<domain::PlayerId, domain::GameId>> players;
};

struct Listing {
  std::uint64_t people = 0;
  std::uint64_t former = 0;
  std::vector<std::vector<Person>> mailboxes;  // of two people and more; the first one is found by every spelling
  std::vector<Person> no_email;
};

ResultOr<Listing> list(eventstore::Log& log, eventstore::Vault const& vault, Position last, bool json) {
  Progress progress("read", last.value(), Progress::choose(json));
  auto const former = FLORIN_TRY(read_former_people(log, vault, last));
  Listing listing;
  listing.former = former.size();
  std::map<BlindIndex, std::set<IdentityId>> by_key;
  std::map<IdentityId, Person> wanted;
  for (auto const& person : former) {
    wanted[person.identity] = {person.identity, {}, {}};
    if (person.key) by_key[*person.key].insert(person.identity);
  }
  std::map<BlindIndex, IdentityId> of_the_rule;
  auto const read = for_each_event(log, last, [&](domain::Event const& event, Position at) {
    if (auto const* registered = std::get_if<domain::IdentityRegistered>(&event)) {
      ++listing.people;
      if (by_key.contains(registered->email_index)) {
        of_the_rule[registered->email_index] = registered->identity;
        wanted[registered->identity] = {registered->identity, {}, {}};
      }
      if (auto const found = wanted.find(registered->identity); found != wanted.end()) {
        auto const email = vault.open(registered->identity, eventstore::Field::email, registered->email);
        found->second.email = email ? email.value() : std::string();
      }
    } else if (auto const* joined = std::get_if<domain::PlayerJoined>(&event)) {
      if (auto const found = wanted.find(joined->identity); found != wanted.end()) {
        found->second.players.emplace_back(joined->player, joined->game);
      }
    }
    progress.update(at.value());
  });
  if (!read) return fail(read.error());
  for (auto const& [key, people] : by_key) {
    std::vector<Person> mailbox;
    if (auto const first = of_the_rule.find(key); first != of_the_rule.end()) mailbox.push_back(wanted[first->second]);
    for (auto const identity : people) mailbox.push_back(wanted[identity]);
    if (mailbox.size() > 1) listing.mailboxes.push_back(std::move(mailbox));
  }
  std::sort(listing.mailboxes.begin(), listing.mailboxes.end(),
            [](auto const& a, auto const& b) { return a.front().identity < b.front().identity; });
  for (auto const& person : former) {
    if (!person.key) listing.no_email.push_back(wanted[person.identity]);
  }
  return listing;
}

std::string players_text(Person const& person) {
  std::string out;
  for (auto const& [player, game] : person.players) {
    if (!out.empty()) out += ", ";
    out += std::to_string(player.value()) + " in " + std::to_string(game.value());
  }
  return out.empty() ? "-" : out;
}

std::string why_none(Person const& person) {
  auto const mailbox = read_mailbox(person.email);
  return mailbox ? std::string() : std::string(mailbox.error());
}

// As most screens draw it: two texts of one form look the same.
std::u16string drawn(std::string const& text) {
  UErrorCode error = U_ZERO_ERROR;
  auto const* const nfc = icu::Normalizer2::getNFCInstance(error);
  if (U_FAILURE(error)) return {};
  auto const form = nfc->normalize(icu::UnicodeString::fromUTF8(text), error);
  return U_FAILURE(error) ? std::u16string()
                          : std::u16string(form.getBuffer(), static_cast<std::size_t>(form.length()));
}

// "U+00E9": what is not ASCII, in order.
std::string code_points(std::string const& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    auto const letter = code_point_at(text, at);
    at += letter.size;
    if (!letter.value || *letter.value < 0x80) continue;
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "U+%04X", static_cast<unsigned>(*letter.value));
    out.append(out.empty() ? "" : " ").append(name.data());
  }
  return out;
}

// The e-mail as the log has it; with its code points where another of the mailbox looks the same.
std::string email_text(Person const& person, std::vector<Person> const& mailbox) {
  if (person.email.empty()) return "(erased)";
  auto const shown = terminal_quoted(person.email);
  bool const alike = std::any_of(mailbox.begin(), mailbox.end(), [&](Person const& other) {
    return other.email != person.email && drawn(other.email) == drawn(person.email);
  });
  return alike ? shown + " (" + code_points(person.email) + ")" : shown;
}

// What was looked at: said before what was found.
struct Looked {
  std::string environment;
  std::string folder;
  std::string empty;  // empty_text() of a log without commits
};

std::string text_of(Looked const& looked, Listing const& listing) {
  auto out = table({{"environment", looked.environment}, {"folder", looked.folder}}, {false, false});
  if (!looked.empty.empty()) return out + looked.empty + '\n';
  out += grouped(listing.people) + " people, " + grouped(listing.former) +
         " of them registered by an earlier release under another key\n";
  if (listing.mailboxes.empty()) {
    out += "\nno mailbox belongs to two people\n";
  } else {
    std::vector<std::vector<std::string>> rows{{"mailbox", "identity", "e-mail", "found by", "players"}};
    for (std::size_t i = 0; i < listing.mailboxes.size(); ++i) {
      for (auto const& person : listing.mailboxes[i]) {
        bool const first = &person == &listing.mailboxes[i].front();
        rows.push_back({std::to_string(i + 1), domain::format_identity_id(person.identity),
                        email_text(person, listing.mailboxes[i]), first ? "every other spelling" : "this spelling",
                        players_text(person)});
      }
    }
    out += "\nmailboxes of two people and more\n" + table(rows, {true, false, false, false, false});
  }
  if (listing.no_email.empty()) return out;
  std::vector<std::vector<std::string>> rows{{"identity", "e-mail", "why", "players"}};
  for (auto const& person : listing.no_email) {
    rows.push_back({domain::format_identity_id(person.identity), terminal_quoted(person.email), why_none(person),
                    players_text(person)});
  }
  return out + "\naddresses that are invalid by today's rule\n" + table(rows, {false, false, false, false});
}

void write_person(JsonWriter& json, Person const& person, std::string_view name, std::string_view value) {
  json.begin_object();
  json.string("identity_id", domain::format_identity_id(person.identity));
  json.string("email", person.email);
  json.string(name, value);
  json.objects("players", person.players, [&](auto const& one) {
    auto const& [player, game] = one;
    json.integer("player_id", player.value());
    json.string("game_id", std::to_string(game.value()));
  });
  json.end_object();
}

std::string json_of(Looked const& looked, Listing const& listing) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.string("environment", looked.environment);
  json.string("folder", looked.folder);
  json.boolean("empty", !looked.empty.empty());
  if (!looked.empty.empty()) json.string("message", looked.empty);
  json.integer("people", listing.people);
  json.integer("former_people", listing.former);
  json.begin_array("mailboxes");
  for (auto const& mailbox : listing.mailboxes) {
    json.begin_array();
    for (auto const& person : mailbox) {
      write_person(json, person, "found_by", &person == &mailbox.front() ? "every_other_spelling" : "this_spelling");
    }
    json.end_array();
  }
  json.end_array();
  json.begin_array("no_email");
  for (auto const& person : listing.no_email) write_person(json, person, "why", why_none(person));
  json.end_array();
  json.end_object();
  return out + '\n';
}

int mailboxes(Invocation const& invocation) {
  auto store = open_store(invocation);
  if (!store) return complain(invocation, store.error());
  auto const place = place_of(invocation, store.value()) + ": ";
  auto const fault = [&](eventstore::Fault const& found) {
    return complain(invocation, {found.kind, place + found.what});
  };
  auto const vault = open_vault(store.value().layout);
  if (!vault) return complain(invocation, vault.error());
  auto const head = store.value().log->head();
  if (!head) return fault(head.error());
  auto const listing = list(*store.value().log, *vault.value(), head.value().position, invocation.json);
  if (!listing) return fault(listing.error());
  Looked const looked{environment_name(invocation), store.value().layout.folder.string(),
                      head.value().position ? "" : empty_text(invocation)};
  return print(invocation, invocation.json ? json_of(looked, listing.value()) : text_of(looked, listing.value()))
             ? kOk
             : kUnreachable;
}

}  // namespace

void add_mailboxes_command(CLI::App& audit, Invocation& invocation) {
  auto* command =
      add_command(audit, invocation, "mailboxes", "List people of one mailbox that an older release took for several",
                  R"(Examples:
  florin audit mailboxes --data /var/lib/florin
  florin audit mailboxes --data /var/lib/florin --sandbox --json)",
                  [&invocation] { return mailboxes(invocation); });
  add_data_options(*command, invocation);
}

}  // namespace florin::api::cli
