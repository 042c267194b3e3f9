#include "api/config.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <set>
#include <span>
#include <variant>

#include <toml++/toml.h>
#include <unistd.h>

#include "api/config_settings.h"
#include "api/http/nearest_name.h"

namespace florin::api {
namespace {

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
  parts.reserve(known.size());
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
