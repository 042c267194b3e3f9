#include "api/serve.h"

#include <cstdio>
#include <set>
#include <thread>

#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigwait and its like are POSIX's, not <csignal>'s
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include "api/layout.h"
#include "api/private_memory.h"
#include "api/routes/exchange.h"
#include "api/routes/operators.h"
#include "api/routes/routes.h"
#include "eventstore/open_files.h"

namespace florin::api {
namespace {

// Enough to keep reads of views going while one is in a slow page; they wait for the disk, not for the processor.
unsigned worker_threads() { return std::max(2u, std::thread::hardware_concurrency()); }

// Batch replies in memory. 100,000 players of a game with one currency take some 40 MiB, with twenty of them all of it.
constexpr std::size_t kBatchBytesMax = std::size_t{512} << 20;

void set_up_log(LogLevel level) {
  auto const log = spdlog::stderr_color_mt("florin");
  spdlog::set_default_logger(log);
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  switch (level) {
    case LogLevel::debug: return spdlog::set_level(spdlog::level::debug);
    case LogLevel::info: return spdlog::set_level(spdlog::level::info);
    case LogLevel::warning: return spdlog::set_level(spdlog::level::warn);
    case LogLevel::error: return spdlog::set_level(spdlog::level::err);
  }
}

// SIGINT and SIGTERM are taken by one sigwait; every thread made after this inherits the block. A client that goes
// away must not kill the process.
sigset_t take_signals() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// What the sandbox's phone signs its posts for. They never leave the process, so the name needs no host.
constexpr std::string_view kSandboxInboundUrl = "http://localhost/sandbox/webhooks/sms/inbound";

// Of a company and a bank that are none.
sagas::AchOrigin sandbox_ach() {
  sagas::AchOrigin origin;
  origin.destination = "091000019";
  origin.destination_name = "SANDBOX BANK";
  origin.origin = "1234567890";
  origin.origin_name = "FLORIN SANDBOX";
  origin.company_name = "FLORIN SANDBOX";
  origin.company_id = "1234567890";
  origin.odfi = "09100001";
  return origin;
}

std::unique_ptr<Environment> open_environment(Config const& config, bool sandbox, eventstore::Clock const& clock) {
  auto const name = std::string(sandbox ? kSandboxFolder : kProductionFolder);
  EnvironmentOptions options;
  options.writer = config.writer;
  options.snapshot_every = config.snapshot_every_events;
  options.sandbox_phone = sandbox;
  options.sandbox_processor = sandbox;
  options.public_url = config.public_url + (sandbox ? "/sandbox" : "");
  if (sandbox) {
    options.inbound.public_url = kSandboxInboundUrl;
    options.ach = sandbox_ach();
  } else {
    options.ach = config.ach;
    if (config.payments.enabled) {
      options.stripe.emplace();
      options.stripe->secret_key = config.payments.secret_key;
      options.stripe->webhook_secret = config.payments.webhook_secret;
      options.stripe->base_url = config.payments.base_url;
    }
  }
  if (!sandbox && config.sms.enabled) {
    options.twilio.emplace();
    options.twilio->account_sid = config.sms.account_sid;
    options.twilio->auth_token = config.sms.auth_token;
    options.twilio->from = config.sms.from;
    options.twilio->messaging_service_sid = config.sms.messaging_service_sid;
    options.twilio->base_url = config.sms.base_url;
    options.inbound = {config.sms.inbound_url, config.sms.auth_token};
  }
  auto environment = Environment::open(name, environment_layout(config.data, sandbox), clock, std::move(options));
  if (!environment) {
    spdlog::error("{} does not open: {}", name, environment.error().what);
    return nullptr;
  }
  if (auto started = environment.value()->start(); !started) {
    spdlog::error("{} does not start: {}", name, started.error().what);
    return nullptr;
  }
  return std::move(environment).value();
}

// Until SIGINT or SIGTERM. Meanwhile says what is wrong with an environment, once when it begins and once when it ends.
int wait_for_signal(sigset_t const& signals, std::vector<Environment const*> const& environments) {
  constexpr timespec kLook{1, 0};
  std::set<std::string> known;
  for (;;) {
    if (auto const signal_number = sigtimedwait(&signals, nullptr, &kLook); signal_number > 0) return signal_number;
    std::set<std::string> found;
    for (auto const* environment : environments) {
      for (auto const& trouble : environment->troubles()) found.insert(environment->name() + ": " + trouble);
    }
    for (auto const& trouble : found) {
      if (!known.contains(trouble)) spdlog::error("{}", trouble);
    }
    for (auto const& trouble : known) {
      if (!found.contains(trouble)) spdlog::info("over: {}", trouble);
    }
    known = std::move(found);
  }
}

// Any port that nobody listens on now; 0 when the address is none, which the server will then say.
std::uint16_t free_port(std::string const& host) {
  boost::system::error_code error;
  auto const address = asio::ip::make_address(host, error);
  if (error) return 0;
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io);
  asio::ip::tcp::endpoint const any(address, 0);
  acceptor.open(any.protocol(), error);
  if (!error) acceptor.bind(any, error);
  return error ? std::uint16_t{0} : acceptor.local_endpoint(error).port();
}

// Where a browser on this machine finds us: at the address that we listen on, if it is one.
std::string own_url(std::string const& host, std::uint16_t port) {
  boost::system::error_code error;
  auto const address = asio::ip::make_address(host, error);
  bool const any = error || address.is_unspecified();
  auto const name = any ? "localhost" : address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return "http://" + name + ":" + std::to_string(port);
}

}  // namespace

int serve(Config const& wanted) {
  set_up_log(wanted.log_level);
  auto config = wanted;
  if (!config.dumpable && !keep_memory_private()) {
    spdlog::warn("core dumps and debuggers cannot be kept out of this process");
  }
  // Links that we hand out name the port, so it is chosen before anything is opened.
  if (config.server.port == 0) config.server.port = free_port(config.server.host);
  if (config.public_url.empty()) config.public_url = own_url(config.server.host, config.server.port);
  auto const signals = take_signals();
  // SQLite counts every allocation under one process-wide mutex unless told not to; nobody reads the counts.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  // A connection is a descriptor; the log, the views and their readers need some hundreds more.
  constexpr std::size_t kOwnFiles = 512;
  auto const open_files = eventstore::raise_open_file_limit();
  if (open_files < config.server.max_connections + kOwnFiles) {
    spdlog::warn(
        "this process may open {} files: too few for {} connections. Raise the limit (ulimit -n {}) or lower "
        "server.max_connections.",
        open_files, config.server.max_connections, config.server.max_connections + kOwnFiles);
  }
  eventstore::SystemClock const clock;

  auto const production = open_environment(config, false, clock);
  if (!production) return 1;
  auto const sandbox_layout = environment_layout(config.data, true);
  auto opened_clock = eventstore::AdjustableClock::open(sandbox_layout.clock());
  if (!opened_clock) {
    spdlog::error("the sandbox's clock: {}", opened_clock.error().what);
    return 1;
  }
  auto& sandbox_clock = *opened_clock.value();
  auto const sandbox = open_environment(config, true, sandbox_clock);
  if (!sandbox) return 1;
  sandbox_clock.on_advance([&] {
    sandbox->effects().look_again();
    sandbox->payments()->look_again();
  });

  // A pool each, and one for the streams of both: none can use up the threads of another.
  WorkerPool production_workers(worker_threads());
  WorkerPool sandbox_workers(worker_threads());
  WorkerPool stream_workers(worker_threads());
  Limits production_limits(config.limits_enabled);
  Limits sandbox_limits(config.limits_enabled);
  Budget batch_bytes(kBatchBytesMax);
  Services production_services{*production, production_workers, production_limits, batch_bytes, ""};
  Services sandbox_services{*sandbox, sandbox_workers, sandbox_limits, batch_bytes, "/sandbox"};
  AdminOptions admin;
  if (!config.admin_token.empty()) {
    auto const hash = eventstore::sha256(config.admin_token);
    admin.token_hash.assign(hash.begin(), hash.end());
  }

  Router router;
  for (auto* services : {&production_services, &sandbox_services}) {
    add_balance_routes(router, *services);
    add_history_routes(router, *services);
    add_stream_routes(router, *services);
    add_item_routes(router, *services);
    add_currency_purchase_routes(router, *services);
    add_checkout_routes(router, *services);
    add_hosted_checkout_routes(router, *services);
    add_payment_callback_routes(router, *services);
    add_withdrawal_routes(router, *services);
    add_key_routes(router, *services);
    add_transfer_routes(router, *services);
    add_transfer_status_routes(router, *services);
    add_phone_share_routes(router, *services);
    add_sms_routes(router, *services);
    add_admin_routes(router, *services, admin);
    add_minor_routes(router, *services, admin);
    add_payout_routes(router, *services, admin);
    router.add_gate(services->api() + "/", [services](Request const& request) -> std::optional<Response> {
      auto caller = authenticate(request, services->environment);
      return caller ? std::nullopt : std::optional(std::move(caller).error());
    });
    router.add_gate(services->root + "/admin/",
                    [&admin](Request const& request) { return refuse_unless_operator(request, admin); });
  }
  router.add_clock("", clock);
  router.add_clock("/sandbox/", sandbox_clock);
  add_sandbox_routes(router, sandbox_services, admin, sandbox_clock);
  add_sandbox_processor_routes(router, sandbox_services, admin);
  add_system_routes(router, {&production_services, &sandbox_services});

  Server server(config.server, router, stream_workers);
  try {
    server.start();
  } catch (std::system_error const& error) {
    spdlog::error("cannot listen on {}:{}: {}. Is another server running there? Choose another with --listen.",
                  config.server.host, config.server.port, error.code().message());
    return 1;
  }
  std::printf("listening on http://%s:%u\n", config.server.host.c_str(), server.port());
  std::fflush(stdout);

  auto const signal_number = wait_for_signal(signals, {production.get(), sandbox.get()});
  spdlog::info("stopping on {}", signal_number == SIGINT ? "SIGINT" : "SIGTERM");
  server.stop();
  sandbox_clock.on_advance({});
  int status = 0;
  for (auto* environment : {production.get(), sandbox.get()}) {
    if (auto stopped = environment->stop(); !stopped) {
      spdlog::error("{} stopped earlier: {}", environment->name(), stopped.error().what);
      status = 1;
    }
  }
  return status;
}

}  // namespace florin::api
