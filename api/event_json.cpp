#include "api/event_json.h"

#include "api/event_fields.h"
#include "domain/postings.h"

namespace florin::api {

using namespace domain;

void append_event_json(std::string& out, Commit const& commit, std::size_t index, eventstore::Vault const* vault) {
  auto const& event = commit.events[index];
  JsonWriter json(out);
  json.begin_object();
  json.integer("position", next(commit.first, index).value());
  json.string("at", to_iso8601_micros(commit.at));
  json.string("transaction_id", format_transaction_id(commit.first));
  if (commit.request.id.empty()) {
    json.null("request");
  } else {
    auto const& fingerprint = commit.request.fingerprint;
    json.begin_object("request");
    if (commit.request.game) json.string("game_id", std::to_string(commit.request.game.value()));
    json.string("client_request_id", commit.request.id);
    json.string("fingerprint", to_hex({reinterpret_cast<char const*>(fingerprint.data()), fingerprint.size()}));
    json.end_object();
  }
  json.string("event", event_name(event));
  json.begin_object("data");
  write_event_fields(json, event, vault);
  json.end_object();
  json.objects("postings", postings(event), [&](auto const& posting) {
    json.string("account", account_name(posting.account));
    if (posting.player) json.integer("player_id", posting.player.value());
    json.integer("currency_id", posting.currency.value());
    json.amount("amount", posting.amount);
  });
  json.end_object();
}

}  // namespace florin::api
