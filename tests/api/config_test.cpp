#include "api/config.h"

#include <fstream>
#include <map>

#include <gtest/gtest.h>
#include <unistd.h>

#include "api/http/asio.h"

namespace florin::api {
namespace {

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    folder_ = std::filesystem::temp_directory_path() / ("florin_config_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    sources_.environment = [this](std::string const& name) -> std::optional<std::string> {
      auto const found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    };
    variables_["FLORIN_DATA"] = "/data";
  }
  ~ConfigTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::filesystem::path write(std::string const& name, std::string const& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  void toml(std::string const& text) { sources_.file = write("florin.toml", text); }

  Config config() {
    auto loaded = load_config(sources_);
    EXPECT_TRUE(loaded) << loaded.error();
    return loaded.value();
  }
  std::string error() {
    auto const loaded = load_config(sources_);
    EXPECT_FALSE(loaded);
    return loaded ? "" : loaded.error();
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> variables_;
  ConfigSources sources_;
};

bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_F(ConfigTest, EverySettingHasADefaultButTheDataFolder) {
  auto const defaults = config();
  EXPECT_EQ(defaults.server.host, "127.0.0.1");
  EXPECT_EQ(defaults.server.port, 8080);
  EXPECT_TRUE(defaults.limits_enabled);
  EXPECT_TRUE(defaults.admin_token.empty());
  EXPECT_EQ(defaults.log_level, LogLevel::info);
  variables_.clear();
  EXPECT_TRUE(contains(error(), "--data"));
}

TEST_F(ConfigTest, CommandLineBeatsEnvironmentBeatsFileBeatsDefault) {
  toml("listen = \"0.0.0.0:1\"\n[server]\nio_threads = 1\nidle_seconds = 11\n");
  EXPECT_EQ(config().server.port, 1);
  EXPECT_EQ(config().server.io_threads, 1u);
  variables_["FLORIN_LISTEN"] = "0.0.0.0:2";
  variables_["FLORIN_SERVER_IO_THREADS"] = "2";
  EXPECT_EQ(config().server.port, 2);
  EXPECT_EQ(config().server.io_threads, 2u);
  sources_.flags = {{"listen", "[::1]:3"}};
  auto const loaded = config();
  EXPECT_EQ(loaded.server.host, "::1");
  EXPECT_EQ(loaded.server.port, 3);
  EXPECT_EQ(loaded.server.io_threads, 2u);
  EXPECT_EQ(loaded.server.idle_seconds, 11);
}

TEST_F(ConfigTest, ReadsEverySectionOfTheFile) {
  auto const token = write("token", "0123456789abcdef\n");
  toml(
      "data = \"/srv\"\n[server]\nbody_limit = 65536\nmax_connections = 7\nmax_connections_per_address = "
      "6\nrequest_seconds = 3\nreply_seconds = 4\n"
      "[writer]\nqueue_limit = 10\nbatch_limit = 20\ncheckpoint_seconds = 30\n[snapshot]\nevery_events = 1000\n"
      "[limits]\nenabled = false\n[admin]\ntoken_file = \"" +
      token.string() + "\"\n[log]\nlevel = \"debug\"\n");
  variables_.clear();
  auto const loaded = config();
  EXPECT_EQ(loaded.data, "/srv");
  EXPECT_EQ(loaded.server.body_limit, 65'536u);
  EXPECT_EQ(loaded.server.max_connections, 7u);
  EXPECT_EQ(loaded.server.max_connections_per_address, 6u);
  EXPECT_EQ(loaded.server.request_seconds, 3);
  EXPECT_EQ(loaded.server.reply_seconds, 4);
  EXPECT_EQ(loaded.writer.queue_limit, 10u);
  EXPECT_EQ(loaded.writer.batch_limit, 20u);
  EXPECT_EQ(loaded.writer.checkpoint_every, 30'000'000);
  EXPECT_EQ(loaded.snapshot_every_events, 1'000u);
  EXPECT_FALSE(loaded.limits_enabled);
  EXPECT_EQ(loaded.admin_token, "0123456789abcdef");
  EXPECT_EQ(loaded.log_level, LogLevel::debug);
}

TEST_F(ConfigTest, AnUnknownKeyIsNamedWithItsLine) {
  toml("[limits]\nenabled = true\nenabeld = true\n");
  EXPECT_TRUE(contains(error(), "line 3"));
  EXPECT_TRUE(contains(error(), "limits.enabeld"));
  toml("listne = \"x\"\n");
  EXPECT_TRUE(contains(error(), "line 1: listne: no such setting"));
  toml("[limits.more]\nx = 1\n");
  EXPECT_TRUE(contains(error(), "limits.more"));
  toml("limits = 3\n");
  EXPECT_TRUE(contains(error(), "write [limits]"));
}

TEST_F(ConfigTest, AWrongTypeNamesTheKeyAndWhatToGive) {
  toml("[limits]\nenabled = 1\n");
  EXPECT_TRUE(contains(error(), "limits.enabled"));
  EXPECT_TRUE(contains(error(), "true or false"));
  toml("[server]\nio_threads = 2.5\n");
  EXPECT_TRUE(contains(error(), "server.io_threads"));
  EXPECT_TRUE(contains(error(), "whole number of threads from 0 to 256"));
  toml("listen = 8080\n");
  EXPECT_TRUE(contains(error(), "listen"));
}

TEST_F(ConfigTest, AValueOutOfRangeNamesTheRange) {
  toml("[server]\nmax_connections = 0\n");
  EXPECT_TRUE(
      contains(error(), "server.max_connections: 0 is out of range; give a whole number of connections from 1"));
  sources_.file.reset();
  variables_["FLORIN_WRITER_BATCH_LIMIT"] = "99999999999999999999";
  EXPECT_TRUE(contains(error(), "FLORIN_WRITER_BATCH_LIMIT"));
  variables_["FLORIN_WRITER_BATCH_LIMIT"] = "12x";
  EXPECT_TRUE(contains(error(), "'12x' is not a whole number"));
}

TEST_F(ConfigTest, TrustedProxiesAreAListOfAddresses) {
  auto const trusts = [](Config const& config, char const* text) {
    return config.server.trusted_proxies.contains(asio::ip::make_address(text));
  };
  EXPECT_FALSE(trusts(config(), "127.0.0.1"));
  toml("[server]\ntrusted_proxies = [\"10.0.0.5\", \"::1\"]\n");
  EXPECT_TRUE(trusts(config(), "10.0.0.5"));
  EXPECT_TRUE(trusts(config(), "::1"));
  EXPECT_FALSE(trusts(config(), "10.0.0.6"));
  variables_["FLORIN_SERVER_TRUSTED_PROXIES"] = " 10.0.0.6, 10.0.0.7,";
  EXPECT_TRUE(trusts(config(), "10.0.0.7"));
  EXPECT_FALSE(trusts(config(), "10.0.0.5"));
  variables_["FLORIN_SERVER_TRUSTED_PROXIES"] = "10.0.0.0/8";
  EXPECT_TRUE(contains(error(), "'10.0.0.0/8' is not an IP address"));
  variables_.erase("FLORIN_SERVER_TRUSTED_PROXIES");
  toml("[server]\ntrusted_proxies = \"10.0.0.5\"\n");
  EXPECT_TRUE(contains(error(), "a list of strings"));
  toml("[server]\ntrusted_proxies = [5]\n");
  EXPECT_TRUE(contains(error(), "a list of strings"));
}

// Else no answer by text would ever be believed, and nobody would know why.
TEST_F(ConfigTest, AProviderOfTextsNeedsTheUrlOfItsReplies) {
  for (auto const* provider : {"provider = \"twilio\"\n", "account_sid = \"AC1\"\n"}) {
    toml("[sms]\n" + std::string(provider));
    EXPECT_TRUE(contains(error(), "sms.inbound_url: set it to the public URL"));
    for (auto const* url :
         {"/webhooks/sms/inbound", "pay.example.com", "ftp://x/", "https://", "https:///x", "http://a b"}) {
      toml("[sms]\n" + std::string(provider) + "inbound_url = \"" + url + "\"\n");
      EXPECT_TRUE(contains(error(), "sms.inbound_url")) << url;
    }
    toml("[sms]\n" + std::string(provider) + "inbound_url = \"https://pay.example.com/webhooks/sms/inbound\"\n");
    EXPECT_EQ(config().sms.inbound_url, "https://pay.example.com/webhooks/sms/inbound");
  }
}

TEST_F(ConfigTest, RefusesAddressesThatAreNotHostAndPort) {
  for (auto const* text :
       {"", "8080", "localhost", "localhost:", ":8080", "host:65536", "host:x", "::1:8080", "[::1]8080", "host:80 "}) {
    EXPECT_FALSE(parse_listen(text)) << text;
  }
  EXPECT_EQ(parse_listen("localhost:0")->second, 0);
}

TEST_F(ConfigTest, TheAddressToListenOnIsNoName) {
  variables_["FLORIN_LISTEN"] = "localhost:81";
  EXPECT_EQ(config().server.host, "127.0.0.1");
  for (auto const* name : {"example.com:80", "myhost:80", "999.1.1.1:80"}) {
    variables_["FLORIN_LISTEN"] = name;
    EXPECT_TRUE(contains(error(), "is a name; give the address to listen on: 127.0.0.1")) << name;
  }
}

TEST_F(ConfigTest, AMistypedSettingIsToldTheNearest) {
  toml("[limits]\nenabeld = true\n");
  EXPECT_TRUE(contains(error(), "no such setting; did you mean 'limits.enabled'?"));
  sources_.file.reset();
  sources_.flags = {{"server.io_thread", "2"}};
  EXPECT_TRUE(contains(error(), "--set server.io_thread: no such setting; did you mean 'server.io_threads'?"));
  sources_.flags = {{"zzz", "2"}};
  EXPECT_TRUE(contains(error(), "known are 'data', 'listen', "));
}

TEST_F(ConfigTest, UnknownVariablesAreNamedOnceEach) {
  auto const found =
      unknown_variables({"PATH", "FLORIN_PORT", "FLORIN_SERVICE_PORT", "FLORIN_LISTEN", "FLORIN_SERVER_IO_THREAD",
                         "FLORIN_SERVICE_HOST", "FLORIN_PORT", "FLORIN_ADMIN_TOKEN", "FLORIN_CONFIG", "FLORIN_SERVER",
                         "FLORIN_GAME_KEY", "FLORIN_DATA", "FLORIN_ADMIN_TOKN"});
  std::vector<std::string> lines;
  for (auto const& variable : found) lines.push_back(describe(variable));
  EXPECT_EQ(
      lines,
      (std::vector<std::string>{
          "FLORIN_ADMIN_TOKN is set, but no setting has this name: it is ignored; did you mean FLORIN_ADMIN_TOKEN?",
          "FLORIN_PORT is set, but no setting has this name: it is ignored",
          "FLORIN_SERVER_IO_THREAD is set, but no setting has this name: it is ignored; did you mean "
          "FLORIN_SERVER_IO_THREADS?",
          "FLORIN_SERVICE_HOST is set, but no setting has this name: it is ignored",
          "FLORIN_SERVICE_PORT is set, but no setting has this name: it is ignored"}));
  for (auto const* name : {"FLORIN_SERVICE_KEY", "FLORIN_PORT_8080_TCP", "FLORIN_PORT_LISTEN"}) {
    EXPECT_FALSE(unknown_variables({name}).front().nearest) << name << ": an orchestrator's";
  }
}

TEST_F(ConfigTest, BrokenTomlNamesFileAndLine) {
  toml("data = \"/srv\"\n[server\n");
  EXPECT_TRUE(contains(error(), "florin.toml line 2"));
  sources_.file = folder_ / "absent.toml";
  EXPECT_TRUE(contains(error(), "no such file"));
}

TEST_F(ConfigTest, TheAdminTokenComesFromTheEnvironmentOrAFileAndIsNeverRepeated) {
  variables_["FLORIN_ADMIN_TOKEN"] = "a-token-of-sixteen";
  EXPECT_EQ(config().admin_token, "a-token-of-sixteen");
  variables_["FLORIN_ADMIN_TOKEN"] = "short secret";
  EXPECT_TRUE(contains(error(), "FLORIN_ADMIN_TOKEN"));
  EXPECT_FALSE(contains(error(), "short secret"));
  variables_["FLORIN_ADMIN_TOKEN"] = "";
  EXPECT_TRUE(config().admin_token.empty());
  toml("[admin]\ntoken_file = \"/no/such/file\"\n");
  EXPECT_TRUE(contains(error(), "admin.token_file"));
  toml("[admin]\ntoken = \"a-token-of-sixteen\"\n");
  EXPECT_TRUE(contains(error(), "admin.token: no such setting"));
}

// A key without the secret of the callbacks would charge cards and believe nothing that is said of them.
TEST_F(ConfigTest, AProcessorOfCardsNeedsBothItsSecrets) {
  EXPECT_FALSE(config().payments.enabled);
  toml("[payments]\nprocessor = \"stripe\"\n");
  EXPECT_TRUE(contains(error(), "FLORIN_PAYMENTS_SECRET_KEY and FLORIN_PAYMENTS_WEBHOOK_SECRET"));
  variables_["FLORIN_PAYMENTS_SECRET_KEY"] = "sk_test_4242";
  EXPECT_TRUE(contains(error(), "payments.processor: stripe needs its key"));
  variables_["FLORIN_PAYMENTS_WEBHOOK_SECRET"] = "whsec_4242";
  auto const loaded = config();
  EXPECT_TRUE(loaded.payments.enabled);
  EXPECT_EQ(loaded.payments.secret_key, "sk_test_4242");
  EXPECT_EQ(loaded.payments.webhook_secret, "whsec_4242");
  EXPECT_EQ(loaded.payments.base_url, "https://api.stripe.com");
  toml("[payments]\nprocessor = \"paypal\"\n");
  EXPECT_TRUE(contains(error(), "'paypal' is not one of none, stripe"));
  toml("[payments]\nprocessor = \"none\"\nbase_url = \"http://127.0.0.1:1\"\n");
  EXPECT_FALSE(config().payments.enabled);
  EXPECT_EQ(config().payments.base_url, "http://127.0.0.1:1");
}

// Else payers and callbacks would be sent to http://localhost.
TEST_F(ConfigTest, ALiveKeyNeedsAPublicAddressThatIsEncrypted) {
  toml("[payments]\nprocessor = \"stripe\"\n");
  variables_["FLORIN_PAYMENTS_WEBHOOK_SECRET"] = "whsec_4242";
  for (auto const* key : {"sk_live_4242", "rk_live_4242", "sk_tester"}) {
    variables_["FLORIN_PAYMENTS_SECRET_KEY"] = key;
    variables_.erase("FLORIN_SERVER_PUBLIC_URL");
    EXPECT_TRUE(contains(error(), "set server.public_url to an https address")) << key;
    variables_["FLORIN_SERVER_PUBLIC_URL"] = "http://pay.example.com";
    EXPECT_TRUE(contains(error(), "set server.public_url to an https address")) << key;
    EXPECT_FALSE(contains(error(), key));
    variables_["FLORIN_SERVER_PUBLIC_URL"] = "https://pay.example.com";
    EXPECT_TRUE(config().payments.enabled);
  }
  variables_["FLORIN_SERVER_PUBLIC_URL"] = "http://localhost:9000";
  for (auto const* key : {"sk_test_4242", "rk_test_4242"}) {
    variables_["FLORIN_PAYMENTS_SECRET_KEY"] = key;
    EXPECT_TRUE(config().payments.enabled);
  }
  variables_["FLORIN_PAYMENTS_SECRET_KEY"] = "sk_live_4242";
  toml("[payments]\nprocessor = \"none\"\n");
  EXPECT_FALSE(config().payments.enabled) << "nobody is charged, so nobody is sent anywhere";
}

TEST_F(ConfigTest, TheSecretsOfTheProcessorComeFromFilesOrTheEnvironmentAndAreNeverRepeated) {
  auto const key = write("key", "sk_test_of_a_file\n");
  auto const callbacks = write("callbacks", "whsec_of_a_file\r\n");
  toml("[payments]\nprocessor = \"stripe\"\nsecret_key_file = \"" + key.string() + "\"\nwebhook_secret_file = \"" +
       callbacks.string() + "\"\n");
  EXPECT_EQ(config().payments.secret_key, "sk_test_of_a_file");
  EXPECT_EQ(config().payments.webhook_secret, "whsec_of_a_file");
  variables_["FLORIN_PAYMENTS_SECRET_KEY"] = "sk_test_of_the_environment";
  EXPECT_EQ(config().payments.secret_key, "sk_test_of_the_environment");
  variables_["FLORIN_PAYMENTS_SECRET_KEY"] = "";
  EXPECT_EQ(config().payments.secret_key, "sk_test_of_a_file");
  for (auto const* name : {"FLORIN_PAYMENTS_SECRET_KEY", "FLORIN_PAYMENTS_WEBHOOK_SECRET"}) {
    variables_[name] = "hush hush";
    EXPECT_TRUE(contains(error(), std::string(name) + ": the secret must be printable ASCII"));
    EXPECT_FALSE(contains(error(), "hush"));
    variables_.erase(name);
  }
  toml("[payments]\nsecret_key_file = \"/no/such/file\"\n");
  EXPECT_TRUE(contains(error(), "payments.secret_key_file"));
  toml("[payments]\nwebhook_secret_file = \"" + write("empty", "\n").string() + "\"\n");
  EXPECT_TRUE(contains(error(), "payments.webhook_secret_file"));
  toml("[payments]\nsecret_key = \"sk_test_4242\"\n");
  EXPECT_TRUE(contains(error(), "payments.secret_key: no such setting"));
}

TEST_F(ConfigTest, ThePublicUrlIsAbsoluteAndEndsWithoutASlash) {
  EXPECT_EQ(config().public_url, "") << "the server's own address, once it listens";
  toml("[server]\npublic_url = \"https://pay.example.com/florin//\"\n");
  EXPECT_EQ(config().public_url, "https://pay.example.com/florin");
  variables_["FLORIN_SERVER_PUBLIC_URL"] = "http://localhost:9000";
  EXPECT_EQ(config().public_url, "http://localhost:9000");
  for (auto const* url : {"pay.example.com", "/checkout", "ftp://x", "https://", "https:///x", "http://a b",
                          "https://x/\"onload=\"", "https://pay.example.com/\xc3\xa9"}) {
    variables_["FLORIN_SERVER_PUBLIC_URL"] = url;
    EXPECT_TRUE(contains(error(), "FLORIN_SERVER_PUBLIC_URL: give an absolute URL")) << url;
  }
  for (auto const* url : {"https://pay.example.com/?x=1", "https://pay.example.com?x", "https://pay.example.com/#x"}) {
    variables_["FLORIN_SERVER_PUBLIC_URL"] = url;
    EXPECT_TRUE(contains(error(), "has a query or a fragment")) << url;
  }
  for (auto const* url : {"https://pay_me.example.com", "https://o'pay.example.com", "https://x/o'pay",
                          "https://u@pay.example.com", "https://pay.example.com:0", "https://pay.example.com:99999",
                          "http://2130706433", "https://x/a%2", "https://x/a\\b"}) {
    variables_["FLORIN_SERVER_PUBLIC_URL"] = url;
    EXPECT_TRUE(contains(error(), "FLORIN_SERVER_PUBLIC_URL: browsers could not follow links to")) << url;
  }
  for (auto const* url : {"http://10.0.0.5:8080", "https://[2001:db8::1]:8443/pay", "http://florin"}) {
    variables_["FLORIN_SERVER_PUBLIC_URL"] = url;
    EXPECT_EQ(config().public_url, url);
  }
  variables_["FLORIN_SERVER_PUBLIC_URL"] = "https://x/" + std::string(300, 'x');
  EXPECT_TRUE(contains(error(), "give an absolute URL"));
}

TEST_F(ConfigTest, TheFileOfPayoutsNamesBanksAndCompany) {
  EXPECT_EQ(config().ach.origin.destination + config().ach.origin.origin + config().ach.origin.odfi, "")
      << "nothing is made up";
  toml(
      "[ach]\ndestination = \"091000019\"\ndestination_name = \"WELLS FARGO\"\norigin = \"1234567890\"\n"
      "origin_name = \"FLORIN INC\"\ncompany_name = \"FLORIN PAYOUTS\"\ncompany_id = \"1234567890\"\n"
      "odfi = \"09100001\"\n");
  auto const ach = config().ach.origin;
  EXPECT_EQ(ach.destination, "091000019");
  EXPECT_EQ(ach.destination_name, "WELLS FARGO");
  EXPECT_EQ(ach.origin, "1234567890");
  EXPECT_EQ(ach.origin_name, "FLORIN INC");
  EXPECT_EQ(ach.company_name, "FLORIN PAYOUTS");
  EXPECT_EQ(ach.company_id, "1234567890");
  EXPECT_EQ(ach.odfi, "09100001");
  toml("[ach]\nroutng = \"091000019\"\n");
  EXPECT_TRUE(contains(error(), "ach.routng"));
  toml("[ach]\ndestination = 91000019\n");
  EXPECT_TRUE(contains(error(), "ach.destination"));
}

// What the settings say goes into every file: what no file can hold is refused when the server starts.
TEST_F(ConfigTest, ABankThatNoFileCanNameIsRefusedAtTheStart) {
  std::map<std::string, std::string> const good{
      {"DESTINATION", "091000019"},  {"DESTINATION_NAME", "Wells Fargo"}, {"ORIGIN", "1234567890"},
      {"ORIGIN_NAME", "Florin Inc"}, {"COMPANY_NAME", "Florin Payouts"},  {"COMPANY_ID", "1234567890"},
      {"ODFI", "09100001"}};
  auto const set = [&](std::string const& name, std::string const& value) {
    for (auto const& [key, fine] : good) variables_["FLORIN_ACH_" + key] = fine;
    variables_["FLORIN_ACH_" + name] = value;
  };
  set("ODFI", "09100001");
  EXPECT_EQ(config().ach.origin.odfi, "09100001");
  for (auto const& [name, value] : std::map<std::string, std::string>{{"DESTINATION", "091000018"},
                                                                      {"DESTINATION_NAME", "\u00a0"},
                                                                      {"ORIGIN", "12345"},
                                                                      {"ORIGIN_NAME", ""},
                                                                      {"COMPANY_NAME", "..."},
                                                                      {"COMPANY_ID", "123"},
                                                                      {"ODFI", "091000019"}}) {
    set(name, value);
    EXPECT_TRUE(contains(error(), "ach: ")) << name << ": " << error();
  }
}

TEST_F(ConfigTest, PayingOnTheDayOfTheFileIsASetting) {
  EXPECT_FALSE(config().ach.same_day);
  toml("[ach]\nsame_day = true\n");
  EXPECT_TRUE(config().ach.same_day);
  toml("[ach]\nsame_day = 1\n");
  EXPECT_TRUE(contains(error(), "ach.same_day"));
}

TEST_F(ConfigTest, HelpListsEverySetting) {
  auto const help = settings_help();
  for (auto const* key : {"data",
                          "listen",
                          "server.io_threads",
                          "server.body_limit",
                          "server.max_connections",
                          "server.max_connections_per_address",
                          "server.idle_seconds",
                          "server.request_seconds",
                          "server.reply_seconds",
                          "writer.queue_limit",
                          "writer.batch_limit",
                          "writer.checkpoint_seconds",
                          "snapshot.every_events",
                          "limits.enabled",
                          "admin.token_file",
                          "log.level",
                          "server.public_url",
                          "server.dumpable",
                          "payments.processor",
                          "payments.secret_key_file",
                          "payments.webhook_secret_file",
                          "payments.base_url",
                          "ach.destination",
                          "ach.destination_name",
                          "ach.origin",
                          "ach.origin_name",
                          "ach.company_name",
                          "ach.company_id",
                          "ach.odfi"}) {
    EXPECT_TRUE(contains(help, key)) << key;
  }
}

}  // namespace
}  // namespace florin::api
