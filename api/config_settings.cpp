#include "api/config_settings.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>

#include <unistd.h>

#include "api/web/links.h"

namespace florin::api {
namespace {

constexpr std::size_t kMinTokenLength = 16;
constexpr std::size_t kMaxTokenLength = 512;

}  // namespace

bool is_absolute_url(std::string_view text) {
  auto const scheme = text.starts_with("https://") ? 8u : (text.starts_with("http://") ? 7u : 0u);
  auto const plain = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != '"'; });
  return scheme != 0 && text.size() > scheme && text[scheme] != '/' && plain && text.size() <= 200;
}

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

Complaint set_sms_token(Config& config, std::string token) {
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  auto const printable = std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (token.empty() || token.size() > kMaxTokenLength || !printable) {
    return "the provider's token must be printable ASCII without blanks";
  }
  config.sms.auth_token = std::move(token);
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

namespace {

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

}  // namespace

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

}  // namespace florin::api
