// CONTRACT, Operators: games and projections, with a bearer token.
#include <openssl/crypto.h>
#include <spdlog/spdlog.h>

#include "api/game_json.h"
#include "api/http/nearest_name.h"
#include "api/routes/body_fields.h"
#include "api/routes/keys.h"
#include "api/routes/routes.h"
#include "domain/contract.h"

namespace florin::api {
namespace {

using domain::GameChanges;
using domain::GameStatus;

std::optional<bool> read_yes_no(JsonBody& body, std::string_view name) {
  auto const text = body.optional_string(name, 64);
  if (!text) return std::nullopt;
  if (*text != "yes" && *text != "no") {
    std::string message(name);
    message.append(" must be \"yes\" or \"no\".");
    body.fail(name, message);
  }
  return *text == "yes";
}

void read_text(JsonBody& body, std::string_view name, std::size_t max_chars, std::optional<std::string>& value) {
  if (auto const text = body.optional_string(name, max_chars)) value = *text;
}

std::vector<domain::LimitOverride> read_limits(JsonBody& body) {
  std::vector<domain::LimitOverride> overrides;
  auto limits = body.optional_object("limits");
  if (!limits) return overrides;
  for (auto number = 0; number <= static_cast<int>(domain::kLastLimitKind); ++number) {
    auto const kind = static_cast<domain::LimitKind>(number);
    auto const maximum = limits->optional_integer(limit_name(kind), 1, 10'000'000);
    if (maximum) overrides.push_back({kind, static_cast<std::uint32_t>(*maximum)});
  }
  return overrides;
}

constexpr std::string_view kStatusRule = "status must be live, testing or suspended.";

std::optional<GameStatus> read_status(JsonBody& body) {
  auto const status = body.optional_string("status", 16);
  if (!status) return std::nullopt;
  for (auto const value : {GameStatus::live, GameStatus::testing, GameStatus::suspended}) {
    if (*status == game_status_name(value)) return value;
  }
  body.fail("status", kStatusRule);
  return std::nullopt;
}

// The settings that the body names, of a game to make or to change.
GameChanges read_settings(JsonBody& body) {
  GameChanges changes;
  read_text(body, "game_name", 255, changes.name);
  read_text(body, "developer_name", 255, changes.developer_name);
  read_text(body, "genre", 100, changes.genre);
  read_text(body, "game_icon", 2000, changes.icon_url);
  changes.universal_transfers = read_yes_no(body, "universal_transfers");
  changes.allows_outgoing_transfers = body.optional_bool("allows_outgoing_transfers");
  changes.allows_incoming_transfers = body.optional_bool("allows_incoming_transfers");
  changes.linked_games = optional_game_ids(body, "linked_game_ids", 1000);
  changes.transfer_fee = optional_percentage(body, "transfer_fee_percentage");
  changes.item_fee = optional_percentage(body, "item_fee_percentage");
  changes.limits = read_limits(body);
  changes.status = read_status(body);
  return changes;
}

// Of a body, or of an element of its list.
template <class Object>
domain::CurrencySpec read_currency(Object& object) {
  domain::CurrencySpec currency;
  currency.name = object.required_string("currency_name", 100);
  currency.symbol = object.required_string("currency_symbol", 10);
  currency.starting_amount = optional_amount(object, "starting_amount", domain::Money{}).value_or(domain::Money{});
  currency.minimum_transfer = optional_amount(object, "minimum_transfer").value_or(currency.minimum_transfer);
  currency.maximum_transfer = optional_amount(object, "maximum_transfer");
  return currency;
}

std::vector<domain::CurrencySpec> read_currencies(JsonBody& body) {
  std::vector<domain::CurrencySpec> currencies;
  for (auto& object : body.required_objects("currencies", 1, 20)) currencies.push_back(read_currency(object));
  return currencies;
}

// What the body names of a currency to change. A maximum is taken away by "none".
domain::CurrencyChanges read_currency_changes(JsonBody& body) {
  domain::CurrencyChanges changes;
  if (auto const name = body.optional_string("currency_name", 100)) {
    changes.name = *name;
    if (name->empty()) body.fail("currency_name", "currency_name must not be empty.");
  }
  if (auto const symbol = body.optional_string("currency_symbol", 10)) {
    changes.symbol = *symbol;
    if (symbol->empty()) body.fail("currency_symbol", "currency_symbol must not be empty.");
  }
  changes.starting_amount = optional_amount(body, "starting_amount", domain::Money{});
  changes.minimum_transfer = optional_amount(body, "minimum_transfer");
  if (body.optional_string("maximum_transfer", 32) == "none") {
    changes.maximum_transfer.emplace();
  } else if (auto const maximum = optional_amount(body, "maximum_transfer")) {
    changes.maximum_transfer = maximum;
  }
  if (!changes.name && !changes.symbol && !changes.starting_amount && !changes.minimum_transfer &&
      !changes.maximum_transfer) {
    body.fail("currency_name",
              "Name what is to change: currency_name, currency_symbol, starting_amount, minimum_transfer or "
              "maximum_transfer.");
  }
  return changes;
}

void write_game_fields(JsonWriter& json, domain::Game const& game) {
  json.string("game_id", std::to_string(game.id.value()));
  write_settings(json, game.settings);
  write_currencies(json, game.currencies);
  json.time("created_at", game.created_at);
}

void write_currency_reply(std::string& out, domain::GameId game, domain::CurrencySpec const& currency) {
  auto json = begin_success(out);
  json.string("game_id", std::to_string(game.value()));
  write_currency(json, currency);
  json.end_object();
}

template <class Event>
void write_currency_event(std::string& out, domain::Commit const& commit) {
  auto const& event = event_of<Event>(commit);
  write_currency_reply(out, event.game, event.currency);
}

Response game_not_found(Request const& request) {
  return rejection_response(request, domain::RejectionCode::game_not_found);
}

// A game is never removed.
Response show(Services& services, domain::GameId id) {
  auto const directory = services.ledger.state.games();
  Response response;
  JsonWriter json(response.body);
  json.begin_object();
  write_game_fields(json, *directory->find(id));
  json.end_object();
  return response;
}

Response unknown_projection(Services& services, Request const& request, std::string_view name) {
  auto const projections = services.ledger.views.status();
  std::vector<std::string_view> known;
  for (auto const& each : projections) known.emplace_back(each.name);
  auto message = "No projection has this name: " + nearest_hint(name, known);
  if (!message.ends_with('?')) message += '.';
  return error_response(request, 404, "PROJECTION_NOT_FOUND", message);
}

void write_projection(JsonWriter& json, ProjectionStatus const& status) {
  json.begin_object();
  json.string("name", status.name);
  json.integer("version", status.version);
  json.integer("position", status.position.value());
  json.integer("lag", status.lag);
  json.boolean("failed", status.failed);
  json.string_or_null("error", status.failed ? std::optional<std::string_view>(status.error) : std::nullopt);
  if (status.rebuild) {
    json.begin_object("rebuild");
    json.integer("position", status.rebuild->position.value());
    json.integer("target", status.rebuild->target.value());
    json.integer("events_per_second", static_cast<std::int64_t>(status.rebuild->events_per_second));
    if (status.rebuild->eta_seconds >= 0) {
      json.integer("eta_seconds", status.rebuild->eta_seconds);
    } else {
      json.null("eta_seconds");
    }
    json.end_object();
  } else {
    json.null("rebuild");
  }
  json.end_object();
}

Response projection_response(Services& services, Request const& request, std::string_view name) {
  for (auto const& status : services.ledger.views.status()) {
    if (status.name != name) continue;
    Response response;
    JsonWriter json(response.body);
    write_projection(json, status);
    return response;
  }
  return unknown_projection(services, request, name);
}

Awaitable<Response> create_game(Call call) {
  auto const& [services, request, path, caller] = call;
  auto body = JsonBody::parse(request);
  domain::CreateGame command;
  body.required_string("game_name", 255);  // a change may leave it out
  command.settings = read_settings(body).applied_to({});
  if (!body.has("status")) body.fail("status", "status is required: live, testing or suspended.");
  command.currencies = read_currencies(body);
  auto const request_id = body.has("client_request_id") ? read_request_id(body) : std::string_view();
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);

  auto const key = make_sdk_key(services.runtime);
  command.key_hash = key.hash;
  Payload const payload("create-game", request.body);
  auto const outcome = co_await call.execute(std::move(command), request_id, payload);
  bool const fresh = std::holds_alternative<Committed>(outcome);
  co_return write_response(
      request, outcome,
      [&](std::string& out, domain::Commit const& commit) {
        auto const& event = event_of<domain::GameCreated>(commit);
        JsonWriter json(out);
        json.begin_object();
        if (fresh) json.string("sdk_key", key.text);
        write_game_fields(json, {event.game, event.settings, event.currencies, {}, {}, commit.at});
        json.end_object();
      },
      201);
}

Awaitable<Response> list_games(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const directory = services.ledger.state.games();
  Response response;
  auto json = begin_success(response.body);
  json.objects("games", directory->games(), [&](auto const& game) { write_game_fields(json, game); });
  json.end_object();
  co_return response;
}

Awaitable<Response> show_game(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const directory = services.ledger.state.games();
  auto const id = domain::parse_game_id(path.values[0]);
  if (!id || directory->find(*id) == nullptr) co_return game_not_found(request);
  co_return show(services, *id);
}

Awaitable<Response> change_game(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const directory = services.ledger.state.games();
  auto const id = domain::parse_game_id(path.values[0]);
  auto const* game = id ? directory->find(*id) : nullptr;
  if (game == nullptr) co_return game_not_found(request);
  auto body = JsonBody::parse(request);
  domain::UpdateGame command{game->id, read_settings(body)};
  if (body.has("currencies")) {
    body.fail("currencies",
              "currencies cannot be replaced, because players hold them: POST /admin/games/{game_id}/currencies adds "
              "one, PATCH /admin/games/{game_id}/currencies/{currency_id} changes one.");
  }
  auto const request_id = body.has("client_request_id") ? read_request_id(body) : std::string_view();
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  Payload const payload("change-game", game->id, request.body);
  auto const outcome = co_await call.execute(std::move(command), request_id, payload);
  // The game is so already: the reply shows it, and nothing is written.
  if (changed_nothing(outcome)) co_return with_position(show(services, *id), outcome);
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const& commit) {
    auto const& event = event_of<domain::GameUpdated>(commit);
    auto changed = *game;
    changed.settings = event.settings;
    changed.currencies = services.ledger.state.games()->currencies_at(game->id, commit.first);
    JsonWriter json(out);
    json.begin_object();
    write_game_fields(json, changed);
    json.end_object();
  });
}

Awaitable<Response> add_currency(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const id = domain::parse_game_id(path.values[0]);
  if (!id) co_return game_not_found(request);
  auto body = JsonBody::parse(request);
  domain::AddCurrency command{*id, read_currency(body)};
  auto const request_id = body.has("client_request_id") ? read_request_id(body) : std::string_view();
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  Payload const payload("add-currency", *id, request.body);
  auto const outcome = co_await call.execute(std::move(command), request_id, payload);
  co_return write_response(
      request, outcome,
      [](std::string& out, domain::Commit const& commit) { write_currency_event<domain::CurrencyAdded>(out, commit); },
      201);
}

Awaitable<Response> change_currency(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const id = domain::parse_game_id(path.values[0]);
  if (!id) co_return game_not_found(request);
  auto const currency = domain::parse_number(path.values[1]);
  if (!currency) co_return rejection_response(request, domain::RejectionCode::currency_not_found);
  auto body = JsonBody::parse(request);
  domain::ChangeCurrency command{*id, domain::CurrencyId(*currency), read_currency_changes(body)};
  auto const request_id = body.has("client_request_id") ? read_request_id(body) : std::string_view();
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  Payload const payload("change-currency", *id, *currency, request.body);
  auto const outcome = co_await call.execute(std::move(command), request_id, payload);
  // The currency is so already: the reply shows it, and nothing is written.
  auto const directory = services.ledger.state.games();
  auto const* game = directory->find(*id);
  auto const* current = game != nullptr ? game->find_currency(domain::CurrencyId(*currency)) : nullptr;
  if (changed_nothing(outcome) && current != nullptr) {
    Response response;
    write_currency_reply(response.body, *id, *current);
    co_return with_position(std::move(response), outcome);
  }
  co_return write_response(request, outcome, [](std::string& out, domain::Commit const& commit) {
    write_currency_event<domain::CurrencyChanged>(out, commit);
  });
}

// Without the game's key: for one that was lost, or whose reply was.
Awaitable<Response> rotate_key(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const directory = services.ledger.state.games();
  auto const id = domain::parse_game_id(path.values[0]);
  if (!id || directory->find(*id) == nullptr) co_return game_not_found(request);
  auto const game = *id;
  co_return co_await rotate_sdk_key(std::move(call), game, true);
}

Awaitable<Response> list_projections(Call call) {
  auto const& [services, request, path, caller] = call;
  Response response;
  auto json = begin_success(response.body);
  json.begin_array("projections");
  for (auto const& status : services.ledger.views.status()) write_projection(json, status);
  json.end_array();
  json.end_object();
  co_return response;
}

Awaitable<Response> rebuild(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const started = services.ledger.views.rebuild(path.values[0]);
  if (!started && started.error().kind == eventstore::Fault::Kind::missing) {
    co_return unknown_projection(services, request, path.values[0]);
  }
  if (!started && started.error().kind == eventstore::Fault::Kind::conflict) {
    co_return error_response(request, 409, "REBUILD_RUNNING", "This projection is being rebuilt already.");
  }
  if (!started) co_return view_unavailable(request, started.error());
  auto response = projection_response(services, request, path.values[0]);
  response.status = 202;
  co_return response;
}

Awaitable<Response> progress(Call call) {
  auto const& [services, request, path, caller] = call;
  co_return projection_response(services, request, path.values[0]);
}

}  // namespace

std::span<Route const> admin_routes() {
  static constexpr Route kRows[] = {
      row(Method::post, "/admin/games", "createGame", Who::operators, create_game, {.body = Body::json}),
      row(Method::get, "/admin/games", "listGames", Who::operators, list_games),
      row(Method::get, "/admin/games/{id}", "getGame", Who::operators, show_game),
      row(Method::patch, "/admin/games/{id}", "updateGame", Who::operators, change_game, {.body = Body::json}),
      row(Method::post, "/admin/games/{id}/currencies", "addCurrency", Who::operators, add_currency,
          {.body = Body::json}),
      row(Method::patch, "/admin/games/{id}/currencies/{currency_id}", "changeCurrency", Who::operators,
          change_currency, {.body = Body::json}),
      row(Method::post, "/admin/games/{id}/keys", "rotateGameKey", Who::operators, rotate_key, {.body = Body::json}),
      row(Method::get, "/admin/projections", "listProjections", Who::operators, list_projections),
      row(Method::post, "/admin/projections/{name}/rebuild", "rebuildProjection", Who::operators, rebuild,
          {.body = Body::ignored}),
      row(Method::get, "/admin/projections/{name}/progress", "getProjectionProgress", Who::operators, progress),
  };
  return kRows;
}

}  // namespace florin::api
