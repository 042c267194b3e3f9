#include "api/serve.h"

#include <array>
#include <cstdio>
#include <set>
#include <thread>

#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigwait and its like are POSIX's, not <csignal>'s
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include "api/clock_report.h"
#include "api/environment.h"
#include "api/http/json.h"
#include "api/http/printable_text.h"
#include "api/layout.h"
#include "api/private_memory.h"
#include "api/routes/headers.h"
#include "api/routes/replies.h"
#include "api/routes/route.h"
#include "eventstore/runtime/open_files.h"
#include "sagas/gateways/banking_days.h"

namespace florin::api {
namespace {

// Enough to keep reads of views going while one is in a slow page; they wait for the disk, not for the processor.
unsigned worker_threads() { return std::max(2u, std::thread::hardware_concurrency()); }

// Batch replies in memory. 100,000 players of a game with one currency take some 40 MiB, with twenty of them all of it.
constexpr std::size_t kBatchBytesMax = std::size_t{512} << 20;

// The message of a line, so that nothing in it fools who reads the log: no second line, no hidden text.
class PrintableMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(spdlog::details::log_msg const& message, std::tm const&, spdlog::memory_buf_t& to) override {
    auto const text = printable({message.payload.data(), message.payload.size()});
    to.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<PrintableMessage>();
  }
};

void set_up_log(LogLevel level) {
  auto const log = spdlog::stderr_color_mt("florin");
  spdlog::set_default_logger(log);
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<PrintableMessage>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %*");
  spdlog::set_formatter(std::move(formatter));
  switch (level) {
    case LogLevel::debug: return spdlog::set_level(spdlog::level::debug);
    case LogLevel::info: return spdlog::set_level(spdlog::level::info);
    case LogLevel::warning: return spdlog::set_level(spdlog::level::warn);
    case LogLevel::error: return spdlog::set_level(spdlog::level::err);
  }
}

// SIGINT and SIGTERM end the server. SIGHUP, SIGUSR1 and SIGUSR2 are only logged, because their default action would
// end it. One sigwait takes all of them; every thread made after this inherits the block. SIGPIPE is ignored, because a
// client that closes its connection must not end the process.
sigset_t take_signals() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (auto const number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

bool ends_server(int signal_number) { return signal_number == SIGINT || signal_number == SIGTERM; }

char const* signal_name(int signal_number) {
  switch (signal_number) {
    case SIGINT: return "SIGINT";
    case SIGTERM: return "SIGTERM";
    case SIGHUP: return "SIGHUP";
    case SIGUSR1: return "SIGUSR1";
    case SIGUSR2: return "SIGUSR2";
    default: return "a signal";
  }
}

Served failed(cli::ExitCode code, std::string why) {
  spdlog::error("{}", why);
  return {code, std::move(why)};
}

Served failed(eventstore::Fault const& fault, std::string const& what) {
  return failed(cli::exit_code_of(fault.kind), what + ": " + fault.what);
}

// What the sandbox's phone signs its posts for. They never leave the process, so the name needs no host.
constexpr std::string_view kSandboxInboundUrl = "http://localhost/sandbox/webhooks/sms/inbound";

// Placeholder originator and bank for the sandbox's NACHA files.
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

Result<std::unique_ptr<Environment>, Served> open_environment(Config const& config, bool sandbox,
                                                              eventstore::Clock& clock) {
  auto const name = std::string(sandbox ? kSandboxFolder : kProductionFolder);
  EnvironmentOptions options;
  options.writer = config.writer;
  options.snapshot_every = config.snapshot_every_events;
  options.sandbox_phone = sandbox;
  options.sandbox_processor = sandbox;
  options.public_url = config.public_url + (sandbox ? "/sandbox" : "");
  options.ach.same_day = config.ach.same_day;
  if (sandbox) {
    options.inbound.public_url = kSandboxInboundUrl;
    options.ach.origin = sandbox_ach();
  } else {
    options.ach.origin = config.ach.origin;
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
  if (!environment) return fail(failed(environment.error(), name + " does not open"));
  if (auto started = environment.value()->start(); !started) {
    return fail(failed(started.error(), name + " does not start"));
  }
  return std::move(environment).value();
}

// Until SIGINT or SIGTERM. Meanwhile says what is wrong with an environment, once when it begins and once when it ends.
int wait_for_signal(sigset_t const& signals, std::span<Environment* const> environments) {
  constexpr timespec kLook{1, 0};
  std::set<std::string> known;
  std::vector<ClockWatch> clocks;
  for (auto const* environment : environments) clocks.emplace_back(environment->name());
  for (;;) {
    if (auto const signal_number = sigtimedwait(&signals, nullptr, &kLook); signal_number > 0) {
      if (ends_server(signal_number)) return signal_number;
      spdlog::info("{} is ignored: the log goes to stderr and settings are read at the start only; stop with SIGTERM",
                   signal_name(signal_number));
      continue;
    }
    std::set<std::string> found;
    for (std::size_t i = 0; i < clocks.size(); ++i) clocks[i].look(environments[i]->ledger().clock.state());
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

// A v6 address stands in brackets before a port.
std::string url_host(std::string const& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

void announce(std::string const& host, std::uint16_t port, StartLine form) {
  auto const url = "http://" + url_host(host) + ":" + std::to_string(port);
  std::string line = "listening on " + url;
  if (form == StartLine::json) {
    line.clear();
    JsonWriter json(line);
    json.begin_object();
    json.string("status", "listening");
    json.string("url", url);
    json.end_object();
  }
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
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

Served serve(Config const& wanted, StartLine start_line) {
  auto const signals = take_signals();
  set_up_log(wanted.log_level);
  for (auto const& variable : unknown_variables(process_environment_names())) spdlog::warn("{}", describe(variable));
  auto config = wanted;
  if (!config.dumpable && !keep_memory_private()) {
    spdlog::warn("core dumps and debuggers cannot be kept out of this process");
  }
  // Links that we hand out name the port, so it is chosen before anything is opened.
  if (config.server.port == 0) config.server.port = free_port(config.server.host);
  if (config.public_url.empty()) config.public_url = own_url(config.server.host, config.server.port);
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
  eventstore::LedgerClock clock;
  if (auto const today = domain::day_of(clock.now());
      std::chrono::year_month_day(today).year() > sagas::kHolidaysKnownThrough) {
    spdlog::warn(
        "the Federal Reserve's holidays are known to this release through {}; later ones are computed by the same "
        "rules: "
        "check the effective dates of payouts, and upgrade",
        static_cast<int>(sagas::kHolidaysKnownThrough));
  }

  auto opened_production = open_environment(config, false, clock);
  if (!opened_production) return std::move(opened_production).error();
  auto const production = std::move(opened_production).value();
  auto const sandbox_layout = environment_layout(config.data, true);
  auto opened_clock = eventstore::AdjustableClock::open(sandbox_layout.clock());
  if (!opened_clock) return failed(opened_clock.error(), "the sandbox's clock");
  auto& sandbox_clock = *opened_clock.value();
  auto opened_sandbox = open_environment(config, true, sandbox_clock);
  if (!opened_sandbox) return std::move(opened_sandbox).error();
  auto const sandbox = std::move(opened_sandbox).value();
  sandbox_clock.on_advance([&] { sandbox->sandbox()->effects.check(); });

  // A pool each, and one for the streams of both: none can use up the threads of another.
  WorkerPool production_workers(worker_threads());
  WorkerPool sandbox_workers(worker_threads());
  WorkerPool stream_workers(worker_threads());
  Limits production_limits(config.limits_enabled);
  Limits sandbox_limits(config.limits_enabled);
  Budget batch_bytes(kBatchBytesMax);
  Services production_services{production->ledger(), production_workers, production_limits, batch_bytes, ""};
  Services sandbox_services{sandbox->ledger(), sandbox_workers, sandbox_limits, batch_bytes, "/sandbox"};
  std::string admin_token_hash;
  if (!config.admin_token.empty()) {
    auto const hash = eventstore::sha256(config.admin_token);
    admin_token_hash.assign(hash.begin(), hash.end());
  }
  sandbox_services.adjustable_clock = &sandbox_clock;
  sandbox_services.sandbox = sandbox->sandbox();
  std::array<Environment*, 2> const environments{production.get(), sandbox.get()};

  auto router_options = kRouterOptions;
  router_options.response_to = response_to;
  Router router(router_options);
  for (auto* services : {&production_services, &sandbox_services}) {
    services->admin_token_hash = admin_token_hash;
    services->environments = environments;
    add_routes(router, *services, Where::environments);
    router.add_gate(services->api() + "/", [services](Request const& request) -> std::optional<Response> {
      auto caller = authenticate(request, services->ledger);
      if (!caller) return std::move(caller).error();
      if (request.caller != nullptr) *request.caller = caller.value()->id.value();
      return std::nullopt;
    });
    router.add_gate(services->root + "/admin/", [services](Request const& request) {
      return refuse_stranger(request, services->admin_token_hash);
    });
  }
  router.add_clock("", clock);
  router.add_clock("/sandbox/", sandbox_clock);
  add_routes(router, sandbox_services, Where::sandbox);
  production_services.openapi = document_of(openapi_json());
  production_services.openapi_3_0 = document_of(openapi_3_0_json());
  add_routes(router, production_services, Where::process);

  Server server(config.server, router, stream_workers);
  try {
    server.start();
  } catch (std::system_error const& error) {
    bool const taken = error.code() == std::errc::address_in_use;
    return failed(taken ? cli::kConflict : cli::kUsage,
                  "cannot listen on " + url_host(config.server.host) + ":" + std::to_string(config.server.port) + ": " +
                      error.code().message() +
                      (taken ? ". Another server listens there: stop it, or choose another port with --listen."
                             : ". Choose another address with --listen."));
  }
  announce(config.server.host, server.port(), start_line);

  auto const signal_number = wait_for_signal(signals, environments);
  spdlog::info("stopping on {}", signal_name(signal_number));
  server.stop();
  sandbox_clock.on_advance({});
  Served served;
  for (auto* environment : environments) {
    if (auto stopped = environment->stop(); !stopped) {
      served = failed(stopped.error(), environment->name() + " stopped earlier");
    }
  }
  return served;
}

}  // namespace florin::api
