#include "tests/api/route_scene.h"

#include "api/routes/headers.h"
#include "domain/contract.h"
#include "eventstore/store/chain.h"
#include "tests/api/await.h"

namespace florin::api {

Route const& route_of(std::string_view operation) {
  for (auto const& group : all_routes()) {
    for (auto const& route : group.routes) {
      if (route.operation == operation) return route;
    }
  }
  std::abort();
}

std::string text_of(std::string_view json, std::string_view name) {
  auto const start = "\"" + std::string(name) + "\":\"";
  auto const at = json.find(start);
  if (at == std::string_view::npos) return {};
  auto const from = at + start.size();
  return std::string(json.substr(from, json.find('"', from) - from));
}

RouteScene::RouteScene(bool with_limits) : limits_(with_limits) {
  auto clock = eventstore::AdjustableClock::open(layout().clock());
  FLORIN_ASSERT(clock);
  clock_ = std::move(clock).value();
  EnvironmentOptions options;
  options.sandbox_processor = options.sandbox_phone = true;
  options.public_url = "http://localhost/sandbox";
  options.inbound.public_url = "http://localhost/sandbox/webhooks/sms/inbound";
  auto environment = Environment::open("sandbox", layout(), *clock_, std::move(options));
  FLORIN_ASSERT(environment);
  environment_ = std::move(environment).value();
  FLORIN_ASSERT(environment_->start());
  auto const hash = eventstore::sha256(kAdminToken);
  admin_token_hash_.assign(hash.begin(), hash.end());
  services_ =
      std::unique_ptr<Services>(new Services{environment_->ledger(), workers_, limits_, batch_bytes_, "/sandbox"});
  environments_[0] = environment_.get();
  services_->sandbox = environment_->sandbox();
  services_->admin_token_hash = admin_token_hash_;
  services_->adjustable_clock = clock_.get();
  services_->environments = environments_;
}

RouteScene::~RouteScene() { FLORIN_ASSERT(environment_->stop()); }

Response RouteScene::ask(std::string_view operation, Asking const& asking) {
  auto const& route = route_of(operation);
  auto const pattern = services_->root + std::string(route.path);
  auto const authorization = "Bearer " + asking.token;
  Request request;
  request.method = route.method;
  request.path = request.route = pattern;
  request.knows_all_fields = route.who == Who::operators;
  request.query = asking.query;
  request.body = asking.body;
  request.own[kGameKey] = asking.key;
  if (!asking.token.empty()) request.authorization = authorization;
  if (!asking.body.empty()) request.content_type = "application/json";
  if (asking.min_position) request.own[kMinPosition] = *asking.min_position;
  request.client = "127.0.0.1";
  request.id = next_id_++;
  request.clock = clock_.get();
  request.names_asked = asking.names_asked;
  PathValues path;
  for (auto const& value : asking.path) path.values[path.count++] = value;
  return await([&](Inbox& inbox) {
    request.inbox = &inbox;
    return run(route, *services_, request, path);
  });
}

std::string RouteScene::make_game(std::string const& more) {
  Asking asking;
  asking.token = kAdminToken;
  asking.body =
      R"({"game_name":"Skyhold","status":"live","currencies":[{"currency_name":"Gold","currency_symbol":"G"}])" +
      (more.empty() ? "" : "," + more) + "}";
  auto const made = ask("createGame", asking);
  FLORIN_ASSERT(made.status == 201);
  return text_of(made.body, "sdk_key");
}

}  // namespace florin::api
