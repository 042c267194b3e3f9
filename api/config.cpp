#include "api/config.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <set>
#include <span>
#include <variant>

#include <toml++/toml.h>
#include <unistd.h>

#include "api/http/nearest_name.h"
#include "api/web/links.h"

namespace florin::api {
namespace {

using Complaint = std::optional<std::string>;  // what is wrong with a value, without naming the key

struct Number {
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  std::string_view unit;
  std::int64_t (*get)(Config const&) = nullptr;
  void (*set)(Config&, std::int64_t) = nullptr;
};
struct Switch {
  bool (*get)(Config const&) = nullptr;
  void (*set)(Config&, bool) = nullptr;
};
struct List {
  std::string (*get)(Config const&) = nullptr;
  Complaint (*set)(Config&, std::vector<std::string> const&) = nullptr;
};
struct Text {
  std::string (*get)(Config const&) = nullptr;
  Complaint (*set)(Config&, std::string const&) = nullptr;
};

struct Setting {
  std::string_view key;
  std::string_view meaning;
  std::variant<Number, Switch, Text, List> kind;
};

constexpr std::size_t kMinTokenLength = 16;
constexpr std::size_t kMaxTokenLength = 512;

Complaint set_admin_token(Config& config, std::string token) {
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  auto const printable = std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (token.size() < kMinTokenLength || token.size() > kMaxTokenLength || !printable) {
    return "the token must be 16 to 512 printable ASCII characters without blanks; make one with "
           "`openssl rand -hex 32`";
  }
  config.admin_token = std::move(token);
  return std::nullopt;
}

// The first line of a small file; what is wrong with the file otherwise.
Complaint read_secret_file(std::string const& name, std::string& secret) {
  std::ifstream file(name, std::ios::binary);
  secret.assign(kMaxTokenLength + 2, '\0');
  file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  if (file.bad() || file.gcount() == 0) return "'" + name + "' cannot be read or is empty; name a file with one line";
  secret.resize(static_cast<std::size_t>(file.gcount()));
  return std::nullopt;
}

Complaint set_admin_token_file(Config& config, std::string const& name) {
  std::string token;
  if (auto complaint = read_secret_file(name, token)) return complaint;
  return set_admin_token(config, std::move(token));
}

Complaint set_sms_token(Config& config, std::string token) {
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  auto const printable = std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (token.empty() || token.size() > kMaxTokenLength || !printable) {
    return "the provider's token must be printable ASCII without blanks";
  }
  config.sms.auth_token = std::move(token);
  return std::nullopt;
}

Complaint set_sms_token_file(Config& config, std::string const& name) {
  std::string token;
  if (auto complaint = read_secret_file(name, token)) return complaint;
  return set_sms_token(config, std::move(token));
}

Complaint set_sms_provider(Config& config, std::string const& text) {
  if (text != "none" && text != "twilio") return "'" + text + "' is not one of none, twilio";
  config.sms.enabled = text == "twilio";
  return std::nullopt;
}

Complaint set_payments_processor(Config& config, std::string const& text) {
  if (text != "none" && text != "stripe") return "'" + text + "' is not one of none, stripe";
  config.payments.enabled = text == "stripe";
  return std::nullopt;
}

// A secret of one line of printable ASCII.
Complaint set_secret(std::string& into, std::string secret) {
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  auto const printable = std::all_of(secret.begin(), secret.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (secret.empty() || secret.size() > kMaxTokenLength || !printable) {
    return "the secret must be printable ASCII without blanks";
  }
  into = std::move(secret);
  return std::nullopt;
}

Complaint set_payments_key_file(Config& config, std::string const& name) {
  std::string secret;
  if (auto complaint = read_secret_file(name, secret)) return complaint;
  return set_secret(config.payments.secret_key, std::move(secret));
}

Complaint set_payments_webhook_file(Config& config, std::string const& name) {
  std::string secret;
  if (auto complaint = read_secret_file(name, secret)) return complaint;
  return set_secret(config.payments.webhook_secret, std::move(secret));
}

bool is_absolute_url(std::string_view text) {
  auto const scheme = text.starts_with("https://") ? 8u : (text.starts_with("http://") ? 7u : 0u);
  auto const plain = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != '"'; });
  return scheme != 0 && text.size() > scheme && text[scheme] != '/' && plain && text.size() <= 200;
}

// Every page's links are made of it, and held to the rule that is asked here.
Complaint set_public_url(Config& config, std::string const& given) {
  auto text = given;
  while (!text.empty() && text.back() == '/') text.pop_back();
  if (!is_absolute_url(text)) return "give an absolute URL like https://pay.example.com";
  if (text.find_first_of("?#") != std::string::npos) {
    return "'" + given + "' has a query or a fragment; end it after the path, like https://pay.example.com/florin";
  }
  if (text.find('\'') != std::string::npos || !onward_allowed(text)) {
    return "browsers could not follow links to '" + given +
           "'; its host is a name of letters, digits, dashes and dots or an IP address, then come a port and a path, "
           "without a user, quotes or underscores in the host, like https://pay.example.com:8443/florin";
  }
  config.public_url = std::move(text);
  return std::nullopt;
}

constexpr std::size_t kProxiesMax = 64;

Complaint set_trusted_proxies(Config& config, std::vector<std::string> const& given) {
  std::vector<asio::ip::address> addresses;
  for (auto const& text : given) {
    boost::system::error_code error;
    auto const address = asio::ip::make_address(text, error);
    if (error) return "'" + text + "' is not an IP address; name each proxy by its own, like 10.0.0.5";
    addresses.push_back(address);
  }
  if (addresses.size() > kProxiesMax) return "at most " + std::to_string(kProxiesMax) + " proxies can be named";
  config.server.trusted_proxies = TrustedProxies(std::move(addresses));
  return std::nullopt;
}

Complaint set_listen(Config& config, std::string const& text) {
  auto parsed = parse_listen(text);
  if (!parsed) return "'" + text + "' is not HOST:PORT; write for example 127.0.0.1:8080 or [::1]:8080";
  auto& host = parsed->first;
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  (void)asio::ip::make_address(host, error);
  // A name may stand for several addresses, and for others tomorrow.
  if (error) {
    return "'" + host +
           "' is a name; give the address to listen on: 127.0.0.1 for this machine only, 0.0.0.0 or [::] " +
           "for every one";
  }
  std::tie(config.server.host, config.server.port) = std::move(*parsed);
  return std::nullopt;
}

Complaint set_data(Config& config, std::string const& text) {
  if (text.empty()) return "the path is empty; name a folder";
  config.data = text;
  return std::nullopt;
}

constexpr LogLevel kLogLevels[] = {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error};

Complaint set_log_level(Config& config, std::string const& text) {
  for (auto const level : kLogLevels) {
    if (text != log_level_name(level)) continue;
    config.log_level = level;
    return std::nullopt;
  }
  return "'" + text + "' is not one of debug, info, warning, error";
}

// A number setting for a member of any integer type.
#define FLORIN_NUMBER(minimum, maximum, unit, member)                                                          \
  Number {                                                                                                     \
    minimum, maximum, unit, [](Config const& c) { return static_cast<std::int64_t>(c.member); },               \
        [](Config& c, std::int64_t value) { c.member = static_cast<std::decay_t<decltype(c.member)>>(value); } \
  }

constexpr std::int64_t kKiB = 1 << 10;
constexpr std::int64_t kMiB = 1 << 20;

// A text setting that takes whatever is written.
#define FLORIN_TEXT(member)                                                                         \
  Text {                                                                                            \
    [](Config const& c) { return c.member; }, [](Config& c, std::string const& text) -> Complaint { \
      c.member = text;                                                                              \
      return std::nullopt;                                                                          \
    }                                                                                               \
  }

std::span<Setting const> settings() {
  static Setting const table[] = {
      {"data", "folder of the data; made when absent", Text{[](Config const& c) { return c.data.string(); }, set_data}},
      {"listen", "address to listen on; port 0 takes any free one",
       Text{[](Config const& c) { return c.server.host + ":" + std::to_string(c.server.port); }, set_listen}},
      {"server.public_url", "where browsers find this server, behind whatever is in front of it",
       Text{[](Config const& c) { return c.public_url; }, set_public_url}},
      {"server.dumpable", "let debuggers and core dumps read this process, and the cards that pass through it",
       Switch{[](Config const& c) { return c.dumpable; }, [](Config& c, bool on) { c.dumpable = on; }}},
      {"server.trusted_proxies", "addresses of the proxies whose X-Forwarded-For says who calls, for the limits",
       List{[](Config const&) { return std::string(); }, set_trusted_proxies}},
      {"server.io_threads", "threads that serve connections; 0: one a core",
       FLORIN_NUMBER(0, 256, "threads", server.io_threads)},
      {"server.body_limit", "largest request body", FLORIN_NUMBER(64 * kKiB, 64 * kMiB, "bytes", server.body_limit)},
      {"server.max_connections", "open connections; more are answered 503",
       FLORIN_NUMBER(1, 1'000'000, "connections", server.max_connections)},
      {"server.max_connections_per_address",
       "of one IPv4 address or IPv6 /64; trusted proxies have as many as they like",
       FLORIN_NUMBER(1, 1'000'000, "connections", server.max_connections_per_address)},
      {"server.idle_seconds", "how long a connection may say nothing",
       FLORIN_NUMBER(1, 3'600, "seconds", server.idle_seconds)},
      {"server.request_seconds", "how long a client may take to send a request",
       FLORIN_NUMBER(1, 600, "seconds", server.request_seconds)},
      {"server.reply_seconds", "how long a client may take to receive a reply",
       FLORIN_NUMBER(1, 3'600, "seconds", server.reply_seconds)},
      {"writer.queue_limit", "writes waiting for the writer; more are answered 503",
       FLORIN_NUMBER(1, 1'000'000, "writes", writer.queue_limit)},
      {"writer.batch_limit", "commits made durable together", FLORIN_NUMBER(1, 10'000, "commits", writer.batch_limit)},
      {"writer.checkpoint_seconds", "time between signed checkpoints while writes flow",
       Number{1, 3'600, "seconds", [](Config const& c) { return c.writer.checkpoint_every / domain::kMicrosPerSecond; },
              [](Config& c, std::int64_t value) { c.writer.checkpoint_every = value * domain::kMicrosPerSecond; }}},
      {"snapshot.every_events", "events between snapshots; a start replays at most this many",
       FLORIN_NUMBER(1'000, 1'000'000'000'000, "events", snapshot_every_events)},
      {"limits.enabled", "rate limits; false switches every one off (for benchmarks)",
       Switch{[](Config const& c) { return c.limits_enabled; }, [](Config& c, bool on) { c.limits_enabled = on; }}},
      {"admin.token_file", "file that holds the operators' token; FLORIN_ADMIN_TOKEN beats it",
       Text{[](Config const&) { return std::string(); }, set_admin_token_file}},
      {"sms.provider", "who texts PINs and claim codes in production: none or twilio",
       Text{[](Config const& c) { return std::string(c.sms.enabled ? "twilio" : "none"); }, set_sms_provider}},
      {"sms.account_sid", "the account at the provider", FLORIN_TEXT(sms.account_sid)},
      {"sms.auth_token_file", "file that holds the provider's token; FLORIN_SMS_AUTH_TOKEN beats it",
       Text{[](Config const&) { return std::string(); }, set_sms_token_file}},
      {"sms.from", "number or sender that texts come from", FLORIN_TEXT(sms.from)},
      {"sms.messaging_service_sid", "instead of sms.from", FLORIN_TEXT(sms.messaging_service_sid)},
      {"sms.base_url", "the provider's address", FLORIN_TEXT(sms.base_url)},
      {"sms.inbound_url", "public URL of /webhooks/sms/inbound, as the provider has it", FLORIN_TEXT(sms.inbound_url)},
      {"payments.processor", "who charges cards in production: none or stripe",
       Text{[](Config const& c) { return std::string(c.payments.enabled ? "stripe" : "none"); },
            set_payments_processor}},
      {"payments.secret_key_file", "file that holds the processor's key; FLORIN_PAYMENTS_SECRET_KEY beats it",
       Text{[](Config const&) { return std::string(); }, set_payments_key_file}},
      {"payments.webhook_secret_file",
       "file that holds the secret of its callbacks; FLORIN_PAYMENTS_WEBHOOK_SECRET beats it",
       Text{[](Config const&) { return std::string(); }, set_payments_webhook_file}},
      {"payments.base_url", "the processor's address", FLORIN_TEXT(payments.base_url)},
      {"ach.destination", "routing number of the bank that takes the file of payouts",
       FLORIN_TEXT(ach.origin.destination)},
      {"ach.destination_name", "its name", FLORIN_TEXT(ach.origin.destination_name)},
      {"ach.origin", "who sends the file, as the bank says: 9 digits, or 10 digits and letters",
       FLORIN_TEXT(ach.origin.origin)},
      {"ach.origin_name", "the same as a name", FLORIN_TEXT(ach.origin.origin_name)},
      {"ach.company_name", "what receivers see, 16 characters", FLORIN_TEXT(ach.origin.company_name)},
      {"ach.company_id", "10 digits and letters: 1 and the tax number", FLORIN_TEXT(ach.origin.company_id)},
      {"ach.odfi", "first 8 digits of the originating bank's routing number", FLORIN_TEXT(ach.origin.odfi)},
      {"ach.same_day",
       "ask the bank to pay on the day of the file (Same Day ACH), for a fee an entry; at most 1000000.00 each",
       Switch{[](Config const& c) { return c.ach.same_day; }, [](Config& c, bool on) { c.ach.same_day = on; }}},
      {"log.level", "debug, info, warning or error",
       Text{[](Config const& c) { return std::string(log_level_name(c.log_level)); }, set_log_level}},
  };
  return table;
}

#undef FLORIN_NUMBER
#undef FLORIN_TEXT

Setting const* find_setting(std::string_view key) {
  auto const all = settings();
  auto const found = std::find_if(all.begin(), all.end(), [&](Setting const& s) { return s.key == key; });
  return found == all.end() ? nullptr : &*found;
}

std::string variable_of(std::string_view key) {
  std::string name = "FLORIN_";
  for (char const c : key)
    name.push_back(c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  return name;
}

// Variables that are no setting's: secrets, and what other commands read.
constexpr char const* kOtherVariables[] = {"FLORIN_ADMIN_TOKEN",
                                           "FLORIN_SMS_AUTH_TOKEN",
                                           "FLORIN_PAYMENTS_SECRET_KEY",
                                           "FLORIN_PAYMENTS_WEBHOOK_SECRET",
                                           "FLORIN_CONFIG",
                                           "FLORIN_SERVER",
                                           "FLORIN_GAME_KEY"};

std::string expected(Setting const& setting) {
  return std::visit(domain::Overloaded{
                        [](Number const& n) {
                          return "a whole number of " + std::string(n.unit) + " from " + std::to_string(n.minimum) +
                                 " to " + std::to_string(n.maximum);
                        },
                        [](Switch const&) { return std::string("true or false"); },
                        [](Text const&) { return std::string("a string"); },
                        [](List const&) { return std::string("a list of strings"); },
                    },
                    setting.kind);
}

Complaint set_number(Number const& number, Config& config, std::int64_t value, Setting const& setting) {
  if (value < number.minimum || value > number.maximum) {
    return std::to_string(value) + " is out of range; give " + expected(setting);
  }
  number.set(config, value);
  return std::nullopt;
}

// Blanks around a value mean nothing, nor does an empty one.
std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> values;
  while (!text.empty()) {
    auto const comma = text.find(',');
    auto value = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    if (!value.empty()) values.emplace_back(value);
  }
  return values;
}

// From a variable or a flag, where every value is text.
Complaint set_from_text(Setting const& setting, Config& config, std::string const& text) {
  auto const wrong = [&] { return Complaint("'" + text + "' is not " + expected(setting)); };
  return std::visit(domain::Overloaded{
                        [&](Number const& number) -> Complaint {
                          std::int64_t value = 0;
                          auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
                          if (text.empty() || error != std::errc() || end != text.data() + text.size()) return wrong();
                          return set_number(number, config, value, setting);
                        },
                        [&](Switch const& flip) -> Complaint {
                          if (text != "true" && text != "false") return wrong();
                          flip.set(config, text == "true");
                          return std::nullopt;
                        },
                        [&](Text const& words) -> Complaint { return words.set(config, text); },
                        [&](List const& list) -> Complaint { return list.set(config, split_at_commas(text)); },
                    },
                    setting.kind);
}

Complaint set_from_toml(Setting const& setting, Config& config, toml::node const& node) {
  auto const wrong = [&] { return Complaint("the value has the wrong type; give " + expected(setting)); };
  return std::visit(domain::Overloaded{
                        [&](Number const& number) -> Complaint {
                          auto const* value = node.as_integer();
                          if (value == nullptr) return wrong();
                          return set_number(number, config, value->get(), setting);
                        },
                        [&](Switch const& flip) -> Complaint {
                          auto const* value = node.as_boolean();
                          if (value == nullptr) return wrong();
                          flip.set(config, value->get());
                          return std::nullopt;
                        },
                        [&](Text const& words) -> Complaint {
                          auto const* value = node.as_string();
                          if (value == nullptr) return wrong();
                          return words.set(config, value->get());
                        },
                        [&](List const& list) -> Complaint {
                          auto const* values = node.as_array();
                          if (values == nullptr) return wrong();
                          std::vector<std::string> texts;
                          for (auto const& element : *values) {
                            auto const* text = element.as_string();
                            if (text == nullptr) return wrong();
                            texts.push_back(text->get());
                          }
                          return list.set(config, texts);
                        },
                    },
                    setting.kind);
}

std::string line_of(toml::node const& node) { return " line " + std::to_string(node.source().begin.line); }

bool is_section(std::string_view key) {
  auto const all = settings();
  return std::any_of(all.begin(), all.end(), [&](Setting const& s) {
    return s.key.size() > key.size() && s.key.starts_with(key) && s.key[key.size()] == '.';
  });
}

std::string no_such_setting(std::string_view key) {
  std::vector<std::string_view> keys;
  for (auto const& setting : settings()) keys.push_back(setting.key);
  return "no such setting; " + nearest_hint(key, keys);
}

std::optional<ConfigError> read_table(toml::table const& table, std::string const& prefix, std::string const& file,
                                      Config& config) {
  for (auto const& [name, node] : table) {
    auto const key = prefix + std::string(name.str());
    auto where = file;
    where.append(line_of(node)).append(": ").append(key).append(": ");
    if (auto const* setting = find_setting(key)) {
      if (auto const complaint = set_from_toml(*setting, config, node)) return where + *complaint;
      continue;
    }
    if (!prefix.empty() || !is_section(key)) {
      return where.append(no_such_setting(key));
    }
    auto const* section = node.as_table();
    if (section == nullptr) {
      return where.append("this is a section; write [").append(key).append("] and its settings below");
    }
    if (auto error = read_table(*section, key + ".", file, config)) return error;
  }
  return std::nullopt;
}

std::optional<ConfigError> read_file(std::filesystem::path const& path, Config& config) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return path.string() + ": there is no such file; check --config (or FLORIN_CONFIG)";
  }
  try {
    return read_table(toml::parse_file(path.string()), "", path.string(), config);
  } catch (toml::parse_error const& wrong) {
    return path.string() + " line " + std::to_string(wrong.source().begin.line) +
           ": not valid TOML: " + std::string(wrong.description());
  }
}

std::optional<ConfigError> read_environment(ConfigSources const& sources, Config& config) {
  if (!sources.environment) return std::nullopt;
  for (auto const& setting : settings()) {
    auto const name = variable_of(setting.key);
    auto const value = sources.environment(name);
    if (!value || (value->empty() && setting.key == "data")) continue;  // FLORIN_DATA= is as good as unset
    if (auto const complaint = set_from_text(setting, config, *value)) return name + ": " + *complaint;
  }
  auto token = sources.environment("FLORIN_ADMIN_TOKEN");
  if (token && !token->empty()) {
    if (auto const complaint = set_admin_token(config, std::move(*token))) return "FLORIN_ADMIN_TOKEN: " + *complaint;
  }
  token = sources.environment("FLORIN_SMS_AUTH_TOKEN");
  if (token && !token->empty()) {
    if (auto const complaint = set_sms_token(config, std::move(*token))) return "FLORIN_SMS_AUTH_TOKEN: " + *complaint;
  }
  for (auto const& [name, secret] : {std::pair("FLORIN_PAYMENTS_SECRET_KEY", &config.payments.secret_key),
                                     std::pair("FLORIN_PAYMENTS_WEBHOOK_SECRET", &config.payments.webhook_secret)}) {
    token = sources.environment(name);
    if (!token || token->empty()) continue;
    if (auto const complaint = set_secret(*secret, std::move(*token))) return std::string(name) + ": " + *complaint;
  }
  return std::nullopt;
}

std::optional<ConfigError> read_flags(ConfigSources const& sources, Config& config) {
  for (auto const& [key, value] : sources.flags) {
    auto const* setting = find_setting(key);
    if (setting == nullptr) return "--set " + key + ": " + no_such_setting(key);
    if (auto const complaint = set_from_text(*setting, config, value)) return key + " (command line): " + *complaint;
  }
  return std::nullopt;
}

}  // namespace

char const* log_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "";
}

namespace {

// Stripe's callbacks, the payer's browser and the bank's challenge come to this address, from outside. A test key
// charges nobody, so a developer's own machine will do for it.
std::optional<ConfigError> check_payments(Config const& config) {
  if (!config.payments.enabled) return std::nullopt;
  auto const& key = config.payments.secret_key;
  if (key.empty() || config.payments.webhook_secret.empty()) {
    return "payments.processor: stripe needs its key and the secret of its callbacks; give "
           "FLORIN_PAYMENTS_SECRET_KEY and FLORIN_PAYMENTS_WEBHOOK_SECRET, or name their files";
  }
  bool const test_key = key.starts_with("sk_test_") || key.starts_with("rk_test_");
  if (!test_key && !config.public_url.starts_with("https://")) {
    return "payments.processor: stripe with a live key needs to know where browsers and its callbacks find this "
           "server; "
           "set server.public_url to an https address like https://pay.example.com";
  }
  return std::nullopt;
}

// Whoever sets one of them wants files: what is wrong is said now, not on the first day that has payouts. None set: the
// routes of the files answer that they are not configured.
std::optional<ConfigError> check_ach(Config const& config) {
  if (config.ach.origin == sagas::AchOrigin{}) return std::nullopt;
  auto const wrong = sagas::fault_of(config.ach.origin);
  if (wrong.empty()) return std::nullopt;
  return "ach: " + wrong +
         " Set ach.destination, destination_name, origin, origin_name, company_name, company_id and "
         "odfi as your bank gave them, or none of them";
}

}  // namespace

Result<Config, ConfigError> load_config(ConfigSources const& sources) {
  Config config;
  if (sources.file) {
    if (auto error = read_file(*sources.file, config)) return fail(std::move(*error));
  }
  if (auto error = read_environment(sources, config)) return fail(std::move(*error));
  if (auto error = read_flags(sources, config)) return fail(std::move(*error));
  if (auto error = check_payments(config)) return fail(std::move(*error));
  if (auto error = check_ach(config)) return fail(std::move(*error));
  if (config.data.empty()) {
    return fail(ConfigError("data: no folder is named; give --data DIR, FLORIN_DATA or `data = \"…\"` in the TOML"));
  }
  // Without it no answer of a guardian or of a phone's owner would ever be believed.
  if ((config.sms.enabled || !config.sms.account_sid.empty()) && !is_absolute_url(config.sms.inbound_url)) {
    return fail(
        ConfigError("sms.inbound_url: set it to the public URL that the SMS provider posts replies to, like "
                    "https://pay.example.com/webhooks/sms/inbound, exactly as the provider has it: its posts "
                    "are signed over this URL"));
  }
  return config;
}

std::optional<std::string> process_environment(std::string const& name) {
  char const* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

std::vector<std::string> process_environment_names() {
  std::vector<std::string> names;
  for (auto* const* entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view const text(*entry);
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

namespace {

// FLORIN_SERVICE_HOST, FLORIN_PORT, FLORIN_PORT_8080_TCP …: set for every container beside a service named florin.
// `name` is without FLORIN_.
bool is_orchestrators(std::string_view name) {
  return name.starts_with("SERVICE_") || name == "PORT" || name.starts_with("PORT_");
}

}  // namespace

std::vector<UnknownVariable> unknown_variables(std::vector<std::string> const& names) {
  constexpr std::string_view kPrefix = "FLORIN_";
  std::vector<std::string> known(std::begin(kOtherVariables), std::end(kOtherVariables));
  for (auto const& setting : settings()) known.push_back(variable_of(setting.key));
  // Compared without what all have in common.
  std::vector<std::string_view> parts;
  for (auto const& name : known) parts.push_back(std::string_view(name).substr(kPrefix.size()));
  std::vector<UnknownVariable> unknown;
  for (auto const& name : std::set(names.begin(), names.end())) {
    if (!name.starts_with(kPrefix) || std::find(known.begin(), known.end(), name) != known.end()) continue;
    auto const part = std::string_view(name).substr(kPrefix.size());
    auto const nearest = is_orchestrators(part) ? std::nullopt : nearest_name(part, parts);
    unknown.push_back({name, nearest ? std::optional(std::string(kPrefix).append(*nearest)) : std::nullopt});
  }
  return unknown;
}

std::string describe(UnknownVariable const& variable) {
  return std::string(shortened_name(variable.name)) + " is set, but no setting has this name: it is ignored" +
         (variable.nearest ? "; did you mean " + *variable.nearest + "?" : "");
}

std::optional<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text) {
  auto const colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  auto const digits = text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos || host.find('[') != std::string_view::npos) {
    return std::nullopt;  // a bare v6 address: which colon starts the port is anyone's guess
  }
  std::uint16_t port = 0;
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (host.empty() || digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return std::pair(std::string(host), port);
}

std::string settings_help() {
  Config const defaults;
  std::string out;
  for (auto const& setting : settings()) {
    auto const value = std::visit(domain::Overloaded{
                                      [&](Number const& n) { return std::to_string(n.get(defaults)); },
                                      [&](Switch const& s) { return std::string(s.get(defaults) ? "true" : "false"); },
                                      [&](Text const& t) { return t.get(defaults); },
                                      [&](List const& l) { return l.get(defaults); },
                                  },
                                  setting.kind);
    auto line = "  " + std::string(setting.key);
    line.resize(std::max<std::size_t>(line.size() + 1, 30), ' ');
    line += value.empty() ? "-" : value;
    line.resize(std::max<std::size_t>(line.size() + 1, 48), ' ');
    line += setting.meaning;
    out += line + '\n';
  }
  out += "  (environment: FLORIN_ADMIN_TOKEN)                 the operators' token; unset: admin routes answer 403\n";
  out += "  (environment: FLORIN_SMS_AUTH_TOKEN)              the SMS provider's token\n";
  out += "  (environment: FLORIN_PAYMENTS_SECRET_KEY)         the card processor's key\n";
  out += "  (environment: FLORIN_PAYMENTS_WEBHOOK_SECRET)     the secret of its callbacks\n";
  return out;
}

}  // namespace florin::api
