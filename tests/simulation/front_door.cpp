#include "tests/simulation/front_door.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "api/http/asio.h"
#include "api/http/json_body.h"
#include "api/routes/headers.h"
#include "api/routes/replies.h"
#include "api/routes/routes.h"
#include "domain/contract.h"
#include "eventstore/store/chain.h"
#include "tests/simulation/promises.h"

namespace florin::simulation {
namespace {

namespace asio = boost::asio;
using api::Response;

constexpr std::string_view kAdminToken = "a-token-for-operators";

std::map<std::string_view, api::Route const*> routes_by_operation() {
  std::map<std::string_view, api::Route const*> found;
  for (auto const& group : api::all_routes()) {
    for (auto const& route : group.routes) found.emplace(route.operation, &route);
  }
  return found;
}

api::Route const& route_of(std::string_view operation) {
  static auto const kRoutes = routes_by_operation();
  auto const found = kRoutes.find(operation);
  FLORIN_ASSERT(found != kRoutes.end());
  return *found->second;
}

// A request and what becomes of it. Its texts outlive the handler.
struct Exchange {
  HttpRequest asked;
  std::string key;
  std::string authorization;
  api::Request request;
  api::PathValues path;
  std::optional<Response> response;
  std::exception_ptr thrown;
};

api::Awaitable<void> serve(api::Route const& route, api::Services& services, Exchange& exchange) {
  try {
    auto response = co_await api::run(route, services, exchange.request, exchange.path);
    exchange.response.emplace(std::move(response));
  } catch (std::exception const& error) {
    exchange.response = api::response_to(exchange.request, error);
    if (!exchange.response) throw;
  }
}

}  // namespace

struct FrontDoor::Impl {
  Impl(Process& the_process, api::Limits& limits, std::size_t& exchanges_begun)
      : process(the_process),
        begun(exchanges_begun),
        mailboxes(*process.vault, {}, [](domain::BlindIndex const&) { return false; }),
        inbound{phone_options().webhook_url, phone_options().auth_token},
        ledger{name,
               process.clock,
               api::Commands(process.submissions, *process.vault, process.durable),
               process.durable,
               api::Views(*process.views, process.durable),
               api::Commits(*process.log),
               api::People(mailboxes, process.durable, *process.vault),
               process.vault->codes(),
               api::CardGateway(process.effects->payments(), process.effects->cards()),
               api::BankFiles(*process.log, *process.vault, ach),
               process.effects->texts(),
               inbound,
               public_url},
        services{.ledger = ledger,
                 .workers = workers,
                 .limits = limits,
                 .batch_bytes = batch_bytes,
                 .root = "",
                 .runtime = process.runtime} {
    auto const hash = eventstore::sha256(kAdminToken);
    admin_token_hash.assign(hash.begin(), hash.end());
    services.admin_token_hash = admin_token_hash;
    sweep();
  }

  // Deadlines count in the simulated time.
  void sweep() {
    auto const now = process.runtime.now().time_since_epoch();
    inbox->sweep(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  }

  void run_ready() {
    io.restart();
    io.poll();
    for (auto const& [number, exchange] : exchanges) {
      if (!exchange->thrown) continue;
      try {
        std::rethrow_exception(exchange->thrown);
      } catch (std::exception const& error) {
        require(false, Promise::sound_disk_serves, std::string(exchange->asked.operation), "threw", error.what());
      }
    }
  }

  Process& process;
  std::size_t& begun;
  std::string const name = "simulation";
  std::string const public_url = "http://localhost";
  asio::io_context io{1};
  std::shared_ptr<api::Inbox> inbox = api::Inbox::make(io);
  api::JsonParsers parsers;
  api::WorkerPool workers{0};
  api::Budget batch_bytes{std::size_t{1} << 20};
  api::Mailboxes const mailboxes;
  api::InboundOptions const inbound;
  sagas::AchSettings const ach = ach_settings();
  std::string admin_token_hash;
  api::Ledger const ledger;
  api::Services services;
  std::map<std::size_t, std::unique_ptr<Exchange>> exchanges;
};

FrontDoor::FrontDoor(Process& process, api::Limits& limits, std::size_t& begun)
    : impl_(std::make_unique<Impl>(process, limits, begun)) {}

// Nobody waits for anything any more when the io context goes.
FrontDoor::~FrontDoor() {
  (void)impl_->process.submissions.take();
  impl_->inbox->expire_all();
  impl_->io.restart();
  impl_->io.poll();
  impl_->inbox->close();
}

std::size_t FrontDoor::begin(HttpRequest const& asked, std::string const& game_key, std::string const& body) {
  auto& all = *impl_;
  auto const number = all.begun++;
  auto made = std::make_unique<Exchange>();
  auto& exchange = *made;
  all.exchanges.emplace(number, std::move(made));
  auto const& route = route_of(asked.operation);
  exchange.asked = asked;
  exchange.asked.body = body;
  exchange.key = game_key;
  auto& request = exchange.request;
  request.method = route.method;
  request.path = request.route = route.path;
  request.knows_all_fields = route.who == api::Who::operators;
  request.query = exchange.asked.query;
  request.body = exchange.asked.body;
  request.own[api::kGameKey] = exchange.key;
  if (route.who == api::Who::operators) exchange.authorization = "Bearer " + std::string(kAdminToken);
  request.authorization = exchange.authorization;
  if (!body.empty()) {
    request.content_type =
        route.accepts.body == api::Body::form ? "application/x-www-form-urlencoded" : "application/json";
  }
  request.own[api::kSignature] = exchange.asked.signature;
  request.client = "127.0.0.1";
  request.id = number + 1;
  request.clock = &all.process.clock;
  request.inbox = all.inbox.get();
  request.parsers = &all.parsers;
  for (auto const& value : exchange.asked.path) exchange.path.values[exchange.path.count++] = value;
  all.sweep();
  asio::co_spawn(all.io.get_executor(), serve(route, all.services, exchange),
                 [&exchange](std::exception_ptr thrown) { exchange.thrown = thrown; });
  all.run_ready();
  return number;
}

void FrontDoor::go_on() {
  impl_->sweep();
  impl_->run_ready();
}

std::optional<Response> FrontDoor::take_reply(std::size_t number) {
  auto const found = impl_->exchanges.find(number);
  if (found == impl_->exchanges.end() || !found->second->response) return std::nullopt;
  auto response = std::move(found->second->response);
  impl_->exchanges.erase(found);
  return response;
}

api::Ledger const& FrontDoor::ledger() const { return impl_->ledger; }

}  // namespace florin::simulation
