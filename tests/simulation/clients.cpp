#include "tests/simulation/clients.h"

#include "tests/simulation/promises.h"
#include "tests/simulation/reply_text.h"

namespace florin::simulation {

using eventstore::Outcome;

namespace {

// A reply without the key in it, which is shown once.
std::string without_key(std::string_view json) {
  std::string out(json);
  auto const key = text_member(json, "sdk_key");
  if (key.empty()) return out;
  auto const member = "\"sdk_key\":\"" + key + "\",";
  return out.erase(out.find(member), member.size());
}

// The first reply, which the reply to a repeated request holds.
std::string_view original_in(std::string_view json) {
  constexpr std::string_view kStart = "\"original\":";
  auto const at = json.find(kStart);
  if (at == std::string_view::npos) return {};
  auto const from = at + kStart.size();
  int depth = 0;
  for (auto end = from; end < json.size(); ++end) {
    if (json[end] == '{') ++depth;
    if (json[end] == '}' && --depth == 0) return json.substr(from, end + 1 - from);
  }
  return {};
}

bool is_success(int status) { return status >= 200 && status < 300; }

}  // namespace

std::size_t Clients::ask(domain::Command command, domain::GameId game, std::optional<AsRequest> http) {
  domain::Request request;
  request.game = game;
  request.id = http ? http->id : next_id();
  if (!http) {
    for (auto& byte : request.fingerprint) byte = static_cast<std::uint8_t>(random_());
  }
  if (!request.id.empty()) by_id_[request.id] = asked_.size();
  asked_.push_back({std::move(http), std::move(command), std::move(request), Knows::unknown, {}, {}, 0});
  return asked_.size() - 1;
}

void Clients::ask_again(std::size_t number) {
  if (asked_[number].knows == Knows::refused) asked_[number].knows = Knows::unknown;
}

void Clients::acknowledge(Asked& asked, domain::Position last, std::string_view reply) {
  auto const& id = asked.request.id;
  require(asked.knows != Knows::acknowledged || asked.last == last, Promise::done_once, id, "has two originals");
  require(asked.reply.empty() || asked.reply == reply, Promise::repeats_answer_alike, id, "was", asked.reply, "and is",
          std::string(reply));
  asked.knows = Knows::acknowledged;
  asked.last = last;
  asked.reply = reply;
}

void Clients::learn(std::size_t number, Outcome const& outcome, domain::Position visible) {
  auto& asked = asked_[number];
  auto const& id = asked.request.id;
  if (auto const* committed = std::get_if<eventstore::Committed>(&outcome)) {
    require(asked.knows != Knows::acknowledged, Promise::done_once, id);
    acknowledge(asked, committed->commit->last(), {});
    require(asked.last <= visible, Promise::reply_is_visible, id);
  } else if (auto const* repeated = std::get_if<eventstore::Repeated>(&outcome)) {
    acknowledge(asked, repeated->original->last(), {});
  } else if (std::holds_alternative<domain::Rejection>(outcome)) {
    require(asked.knows != Knows::acknowledged, Promise::acknowledged_is_kept, id, "was refused");
    asked.knows = Knows::refused;
  } else {
    require(!std::holds_alternative<eventstore::Reused>(outcome), Promise::payloads_are_told_apart, id,
            "is another's payload");
  }
}

void Clients::learn(std::size_t number, api::Response const& reply, domain::Position visible) {
  auto& asked = asked_[number];
  auto const& id = asked.request.id;
  auto const code = text_member(reply.body, "error_code");
  auto const said = std::string(asked.http->request.operation) + " " + std::to_string(reply.status) + " " + code;
  domain::Position const position(reply.position);
  require(position <= visible, Promise::reply_is_visible, said);
  require(reply.status != 500, Promise::sound_disk_serves, said);
  newest_ = std::max(newest_, position);
  // 202: it waits for the guardian, and no code was looked at.
  require(!asked.http->wrong_code || reply.status != 200, Promise::wrong_codes_open_nothing, said);
  learn_keys(asked, reply);
  if (reply.status >= 500) return;  // nobody knows what became of it
  --asked.unanswered;
  if (id.empty()) return;
  if (code == "DUPLICATE_REQUEST") return acknowledge(asked, position, original_in(reply.body));
  require(code != "CLIENT_REQUEST_ID_REUSED", Promise::payloads_are_told_apart, said, id, "is another's payload");
  if (is_success(reply.status)) {
    if (asked.http->may_change_nothing) return;
    require(asked.knows != Knows::acknowledged, Promise::done_once, said, id);
    return acknowledge(asked, position, without_key(reply.body));
  }
  // With a position the ledger has decided it; otherwise it was not asked, and an earlier try may have been done.
  if (position) {
    require(asked.knows != Knows::acknowledged, Promise::acknowledged_is_kept, said, id, "was refused");
    // Another try that is on its way may be decided otherwise.
    if (asked.unanswered == 0) asked.knows = Knows::refused;
  } else if (asked.knows == Knows::unknown && asked.unanswered == 0 && !asked.http->may_change_nothing) {
    asked.knows = Knows::refused;
  }
}

// Limits and keys are looked at first.
void Clients::learn_of_other(std::size_t number, api::Response const& reply) const {
  auto const& asked = asked_[number];
  if (reply.status >= 500 || reply.status == 401 || reply.status == 429) return;
  require(text_member(reply.body, "error_code") == "CLIENT_REQUEST_ID_REUSED", Promise::payloads_are_told_apart,
          std::string(asked.http->request.operation), asked.request.id, reply.status, reply.body);
}

void Clients::learn_of_read(domain::GameId game, api::Response const& reply) {
  require(reply.status != 500, Promise::sound_disk_serves, reply.body);
  newest_ = std::max(newest_, domain::Position(reply.position));
  if (reply.status == 401) keys_.erase(game);
}

void Clients::learn_keys(Asked const& asked, api::Response const& reply) {
  auto const& request = asked.http->request;
  if (reply.status == 401) keys_.erase(request.game);
  auto key = text_member(reply.body, "sdk_key");
  if (key.empty()) return;
  auto const game = request.game ? request.game : domain::parse_game_id(text_member(reply.body, "game_id"));
  require(game.has_value(), Promise::sound_disk_serves, "a key without its game");
  keys_[*game] = std::move(key);
}

void Clients::forget_person(std::string const& email) {
  for (auto& asked : asked_) {
    if (asked.http && asked.http->request.body.find('"' + email + '"') != std::string::npos) asked.reply.clear();
  }
}

std::string const* Clients::key_of(domain::GameId game) const {
  auto const found = keys_.find(game);
  return found == keys_.end() ? nullptr : &found->second;
}

void Clients::find(Found& found, domain::Commit const& commit) {
  auto const& id = commit.request.id;
  require(id.empty() || found.by_id.emplace(id, commit.last()).second, Promise::done_once, id, "is in the log twice");
  found.head = commit.last();
}

void Clients::compare(Found const& found) const {
  require(found.head >= newest_, Promise::acknowledged_is_kept, "the log ends at", found.head.value(),
          "and a reply named", newest_.value());
  for (auto const& asked : asked_) {
    auto const& id = asked.request.id;
    if (id.empty()) continue;
    auto const there = found.by_id.find(id);
    if (asked.knows == Knows::acknowledged) {
      require(there != found.by_id.end(), Promise::acknowledged_is_kept, id, "is lost");
      require(there->second == asked.last, Promise::acknowledged_is_kept, id, "is elsewhere");
    }
    require(asked.knows != Knows::refused || there == found.by_id.end(), Promise::refused_is_absent, id);
  }
  for (auto const& [id, last] : found.by_id) require(by_id_.contains(id), Promise::nothing_is_invented, id);
}

}  // namespace florin::simulation
