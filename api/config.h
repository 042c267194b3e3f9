// Every setting of `florin serve`: one table (config.cpp) gives each its default, its TOML key, its environment
// variable and its range. Precedence: command line, environment, TOML file, default.
//
// The environment variable of a key is FLORIN_ and the key in capitals with '_' for '.': server.io_threads is
// FLORIN_SERVER_IO_THREADS; a list has commas between its values there. Secrets (the admin token, the SMS provider's)
// are only ever read from their own variables, FLORIN_ADMIN_TOKEN and FLORIN_SMS_AUTH_TOKEN, or from the files that
// admin.token_file and sms.auth_token_file name, so that they are in no configuration file and in no process list.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/server.h"
#include "domain/result.h"
#include "eventstore/engine/writer.h"
#include "sagas/gateways/ach_day.h"

namespace florin::api {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
[[nodiscard]] char const* log_level_name(LogLevel level);

// Production's provider of texts; the sandbox has its own phone.
struct SmsConfig {
  bool enabled = false;  // provider = "twilio"
  std::string account_sid;
  std::string auth_token;  // FLORIN_SMS_AUTH_TOKEN, or the file sms.auth_token_file
  std::string from;
  std::string messaging_service_sid;
  std::string base_url = "https://api.twilio.com";
  std::string inbound_url;  // as configured at the provider: what its posts are signed over
};

// Production's card processor; the sandbox has its own.
struct PaymentsConfig {
  bool enabled = false;        // processor = "stripe"
  std::string secret_key;      // FLORIN_PAYMENTS_SECRET_KEY, or the file payments.secret_key_file
  std::string webhook_secret;  // FLORIN_PAYMENTS_WEBHOOK_SECRET, or the file payments.webhook_secret_file
  std::string base_url = "https://api.stripe.com";
};

struct Config {
  std::filesystem::path data;  // never empty once loaded
  ServerOptions server;        // with host and port of `listen`
  eventstore::WriterOptions writer;
  std::uint64_t snapshot_every_events = 10'000'000;  // a start replays at most this many: seconds
  bool limits_enabled = true;
  bool dumpable = false;   // private_memory.h
  std::string public_url;  // where browsers find this server: "https://pay.example.com"; empty: as `listen` has it
  SmsConfig sms;
  PaymentsConfig payments;
  sagas::AchSettings ach;   // the origin is production's; the sandbox has its own
  std::string admin_token;  // empty: admin routes answer 403 ADMIN_DISABLED
  LogLevel log_level = LogLevel::info;
};

struct ConfigSources {
  std::optional<std::filesystem::path> file;  // TOML
  // The value of an environment variable; nullopt when unset.
  std::function<std::optional<std::string>(std::string const& name)> environment;
  std::vector<std::pair<std::string, std::string>> flags;  // TOML key, value
};

// A sentence for the operator: which key, where it came from (with the line in a file), what is wrong and what to do.
using ConfigError = std::string;

[[nodiscard]] Result<Config, ConfigError> load_config(ConfigSources const& sources);

[[nodiscard]] std::optional<std::string> process_environment(std::string const& name);
[[nodiscard]] std::vector<std::string> process_environment_names();

// A variable FLORIN_… that nothing here reads. It is no error: an orchestrator sets some by itself, for a service named
// florin FLORIN_PORT and FLORIN_SERVICE_HOST.
struct UnknownVariable {
  std::string name;
  std::optional<std::string> nearest;  // the one that was meant, perhaps; never for an orchestrator's
};
// Each once, in order of their names.
[[nodiscard]] std::vector<UnknownVariable> unknown_variables(std::vector<std::string> const& names);
// A line for the operator.
[[nodiscard]] std::string describe(UnknownVariable const& variable);

// "host:port" or "[v6]:port". The host is not looked at here.
[[nodiscard]] std::optional<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text);

// One line a setting for --help: key, default, variable, meaning.
[[nodiscard]] std::string settings_help();

}  // namespace florin::api
