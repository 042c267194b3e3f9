// CONTRACT, Balances: the two single reads, batch, credit and debit.
#include <algorithm>
#include <unordered_set>

#include "api/routes/body_fields.h"
#include "api/routes/players.h"
#include "api/routes/routes.h"
#include "domain/percent.h"

namespace florin::api {
namespace {

constexpr std::size_t kBatchLimit = 100'000;  // CONTRACT, Balances
// A larger body is read, looked up and rendered on a worker, so that the connections of its io thread are served
// meanwhile: some 500 e-mails take half a millisecond.
constexpr std::size_t kBatchInlineBytes = std::size_t{16} << 10;

Response player_not_found(Request const& request, std::string_view what) {
  return error_response(
      request, 404, "PLAYER_NOT_FOUND",
      "No player with this " + std::string(what) + " in your game: one appears on the first credit or purchase.");
}

Awaitable<Response> by_email(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const raw = domain::percent_decode(path.values[0]);
  auto email = read_email(request, services.ledger, raw.value_or(""), "email");
  if (!email) co_return std::move(email).error();
  if (auto refused = check_balances(request, services)) co_return std::move(*refused);
  auto const& game = *caller;
  auto const player = services.ledger.state.by_email(game.id, email.value().index);
  if (!player) co_return player_not_found(request, "e-mail");
  Response response;
  response.position = player->position.value();
  auto const first = services.ledger.people.reveal(player->identity, Field::email, player->email);
  write_balance_body(response.body, services.ledger, game, *player, first.empty() ? email.value().written : first);
  co_return response;
}

Awaitable<Response> by_id(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const id = domain::parse_number(path.values[0]);
  if (!id) {
    co_return invalid_field(request, "player_id", "player_id is a positive integer.");
  }
  if (auto refused = check_balances(request, services)) co_return std::move(*refused);
  auto const& game = *caller;
  auto const player = services.ledger.state.by_id(game.id, domain::PlayerId(*id));
  if (!player) co_return player_not_found(request, "player_id");
  Response response;
  response.position = player->position.value();
  auto const email = services.ledger.people.reveal(player->identity, Field::email, player->email);
  write_balance_body(response.body, services.ledger, game, *player, email);
  co_return response;
}

// At least what the reply takes, but for letters that JSON escapes; the e-mails come back as they were sent.
std::size_t batch_reply_bytes(domain::Game const& game, std::vector<std::string_view> const& emails) {
  std::size_t player = 160;
  for (auto const& currency : game.currencies) player += 224 + currency.name.size() + currency.symbol.size();
  std::size_t bytes = 128 + emails.size() * player;
  for (auto const email : emails) bytes += email.size();
  return bytes;
}

// Looks up and renders a batch. Thread-safe: only reads.
void render_batch(std::string& out, Ledger const& ledger, domain::Game const& game,
                  std::vector<std::string_view> const& emails, bool with_summary) {
  std::vector<domain::BlindIndex> indexes(emails.size());
  std::vector<bool> valid(emails.size());
  for (std::size_t i = 0; i < emails.size(); ++i) {
    if (auto const email = ledger.people.find(emails[i])) {
      indexes[i] = email.value().index;
      valid[i] = true;
    }
  }
  std::vector<eventstore::BatchEntry> entries;
  std::vector<eventstore::CurrencyBalance> balances;
  ledger.state.batch(game, indexes, entries, balances);

  out.reserve(batch_reply_bytes(game, emails));
  auto json = begin_success(out);
  json.begin_array("players");
  domain::Total total;
  std::unordered_set<domain::PlayerId> counted;  // the same player may be named several times
  for (std::size_t i = 0; i < emails.size(); ++i) {
    auto const& entry = entries[i];
    if (!valid[i] || !entry.player) continue;
    auto const wallets = std::span(balances).subspan(entry.first_balance, game.currencies.size());
    auto const value = total_of(wallets);
    if (with_summary && counted.insert(entry.player).second) total.add(value);
    json.begin_object();
    json.string("player_email", emails[i]);
    json.integer("player_id", entry.player.value());
    json.string("identity_id", domain::format_identity_id(entry.identity));
    json.begin_array("balances");
    for (std::size_t k = 0; k < wallets.size(); ++k) write_balance(json, game.currencies[k], wallets[k]);
    json.end_array();
    json.amount("total_value", value);
    json.end_object();
  }
  json.end_array();
  json.begin_array("not_found");
  for (std::size_t i = 0; i < emails.size(); ++i) {
    if (!valid[i] || !entries[i].player) json.string(emails[i]);
  }
  json.end_array();
  if (with_summary) {
    json.begin_object("summary");
    json.integer("total_players", counted.size());
    json.string("total_value", total.text());
    json.end_object();
  }
  json.end_object();
}

// Thread-safe. The body is gone when this returns: freeing the memory of a large one takes milliseconds, too.
Response batch_response(Services& services, Request const& request, domain::Game const& game) {
  auto body = JsonBody::parse(request);
  auto const emails = body.required_strings("player_emails", kBatchLimit, 320, "BATCH_TOO_LARGE");
  bool const with_summary = body.optional_bool("include_summary").value_or(false);
  if (auto const* wrong = body.error()) return body_error_response(request, *wrong);
  if (auto refused = check_balances(request, services)) return std::move(*refused);

  // One that would take more than there is goes alone.
  auto const bytes = std::min(batch_reply_bytes(game, emails), services.batch_bytes.limit());
  auto held = services.batch_bytes.take(bytes);
  if (!held) return server_busy(request);
  Response response;
  response.keepalive = std::make_shared<Budget::Ticket>(std::move(held));
  response.position = services.ledger.state.position().value();
  render_batch(response.body, services.ledger, game, emails, with_summary);
  return response;
}

Awaitable<Response> batch(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  if (request.body.size() <= kBatchInlineBytes) co_return batch_response(services, request, game);
  Request elsewhere = request;
  elsewhere.parsers = nullptr;  // the io thread's own
  auto response = co_await call.disk([&] { return batch_response(services, elsewhere, game); });
  co_return response;
}

// Credit and debit differ in the command, the event and nothing else.
template <class Command, class Event>
Awaitable<Response> adjust(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& game = *caller;
  auto body = JsonBody::parse(request);
  auto const request_id = read_request_id(body);
  auto const amount = required_amount(body, "amount");
  auto const reason = body.required_string("reason", 500);
  auto const currency = optional_id(body, "currency_id");
  auto player = read_player(request, services.ledger, game, body);
  if (!player) co_return std::move(player).error();
  auto const& who = player.value();

  Command command{game.id, who.ref, domain::CurrencyId(static_cast<std::uint64_t>(currency.value_or(0))), amount,
                  std::string(reason)};
  auto const payload = payload_of(command, who.email);
  auto const outcome = co_await call.execute(std::move(command), request_id, payload);
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const& event = event_of<Event>(commit);
    auto const change = std::is_same_v<Event, domain::BalanceDebited> ? -event.amount : event.amount;
    auto json = begin_success(out);
    json.string("transaction_id", domain::format_transaction_id(commit.first));
    json.string("order_id", domain::format_order_id(domain::OrderId(commit.first)));
    json.amount("new_balance", event.available_after);
    json.string("currency_name", currency_name_at(services.ledger, game.id, event.currency, commit.first));
    json.begin_object("balance_info");
    json.amount("previous_balance", event.available_after - change);
    json.amount("new_balance", event.available_after);
    json.amount("amount", event.amount);
    json.end_object();
    write_player(json, services.ledger, game, event.player, first_spelling(services.ledger, who.email), who.name,
                 commit.first);
    json.end_object();
  });
}

Awaitable<Response> credit(Call call) {
  return adjust<domain::CreditBalance, domain::BalanceCredited>(std::move(call));
}
Awaitable<Response> debit(Call call) { return adjust<domain::DebitBalance, domain::BalanceDebited>(std::move(call)); }

}  // namespace

std::span<Route const> balance_routes() {
  using domain::LimitKind;
  static constexpr Route kRows[] = {
      row(Method::get, "/api/player-balances/player/by-email/{email}", "getBalanceByEmail", Who::game, by_email,
          {.min_position = true, .limits = {{{LimitKind::by_email_reads_per_minute}}}}),
      row(Method::get, "/api/player-balances/player/{player_id}", "getBalanceById", Who::game, by_id,
          {.min_position = true, .limits = {{{LimitKind::by_id_reads_per_minute}}}}),
      row(Method::post, "/api/player-balances/batch", "getBalancesBatch", Who::game, batch,
          {.body = Body::json,
           .body_limit = kServerBodyLimit,
           .min_position = true,
           .limits = {{{LimitKind::batch_reads_per_minute}}}}),
      row(Method::post, "/api/player-balances/credit", "creditBalance", Who::game, credit, {.body = Body::json}),
      row(Method::post, "/api/player-balances/debit", "debitBalance", Who::game, debit, {.body = Body::json}),
  };
  return kRows;
}

}  // namespace florin::api
