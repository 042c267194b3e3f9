// What the connection does; what Twilio's replies mean is in twilio_test.cpp.
#include "sagas/gateways/https_client.h"

#include <fstream>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include "tests/sagas/gateways/mock_provider.h"
#include "tests/sagas/run.h"
#include "tests/support/temp_folder.h"

namespace florin::sagas {
namespace {

using namespace std::chrono_literals;
using test_support::http_reply;
using test_support::MockProvider;
using test_support::MockReply;
using Steady = std::chrono::steady_clock;

struct Https : testing::Test {
  boost::asio::io_context io;
  HttpsOptions options;
  std::unique_ptr<HttpsClient> client;

  void connect(std::string const& url) {
    options.base_url = url;
    auto made = HttpsClient::make(io, options);
    ASSERT_TRUE(made.ok()) << made.error();
    client = std::move(made).value();
  }
  static HttpsClient::Request make_post() { return {"/path", "Basic eDp5", "text/plain", "ping"}; }
  std::string post() {
    auto const result = test_support::run(io, client->send(make_post()));
    return result.ok() ? std::to_string(result.value().status) + " " + result.value().body
                       : std::string(https_fault_name(result.error()));
  }
  Awaitable<void> post_into(std::vector<std::string>& out) {
    auto const result = co_await client->send(make_post());
    out.emplace_back(result.ok() ? result.value().body : https_fault_name(result.error()));
  }
  // `count` at once, the answers in the order in which they came.
  std::vector<std::string> posts(int count) {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) boost::asio::co_spawn(io, post_into(out), boost::asio::detached);
    io.restart();
    io.run_for(60s);
    return out;
  }
};

TEST_F(Https, PostsWhatItIsGivenAndReturnsTheReply) {
  MockProvider provider([](auto, auto const&) { return http_reply(207, "pong"); });
  connect(provider.url() + "/prefix/");
  EXPECT_EQ(post(), "207 pong");
  auto const request = provider.requests().at(0);
  EXPECT_EQ(request.method_string(), "POST");
  EXPECT_EQ(request.target(), "/prefix/path");
  EXPECT_EQ(request["Host"], "127.0.0.1:" + std::to_string(provider.port()));
  EXPECT_EQ(request["Authorization"], "Basic eDp5");
  EXPECT_EQ(request["Content-Type"], "text/plain");
  EXPECT_EQ(request["Content-Length"], "4");
  EXPECT_EQ(request.body(), "ping");
}

TEST_F(Https, UsesAConnectionAgain) {
  MockProvider provider([](auto nth, auto const&) { return http_reply(200, std::to_string(nth)); });
  connect(provider.url());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(post(), "200 " + std::to_string(i));
  EXPECT_EQ(provider.connections(), 1u);
}

TEST_F(Https, DoesNotUseAConnectionAgainThatSaysClose) {
  MockProvider provider([](auto, auto const&) { return http_reply(200, "x", "Connection: close\r\n"); });
  connect(provider.url());
  EXPECT_EQ(post(), "200 x");
  EXPECT_EQ(post(), "200 x");
  EXPECT_EQ(provider.connections(), 2u);
}

TEST_F(Https, NoticesAConnectionClosedWhileItLayIdle) {
  MockProvider provider([](auto, auto const&) {
    MockReply reply = http_reply(200, "x");
    reply.close = true;
    return reply;
  });
  connect(provider.url());
  EXPECT_EQ(post(), "200 x");
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(post(), "200 x");
  EXPECT_EQ(provider.requests().size(), 2u);
}

TEST_F(Https, SendsOnceMoreWhenTheCloseCrossedTheRequest) {
  MockProvider provider(
      [](auto nth, auto const&) { return nth == 1 ? MockReply{"", true, false} : http_reply(200, "x"); });
  connect(provider.url());
  EXPECT_EQ(post(), "200 x");
  EXPECT_EQ(post(), "200 x");
  EXPECT_EQ(provider.requests().size(), 3u);
  EXPECT_EQ(provider.connections(), 2u);
}

TEST_F(Https, DoesNotSendOnceMoreOnANewConnection) {
  MockProvider provider([](auto, auto const&) { return MockReply{"", true, false}; });
  connect(provider.url());
  EXPECT_EQ(post(), "broken");
  EXPECT_EQ(provider.requests().size(), 1u);
}

TEST_F(Https, DoesNotSendOnceMoreWhenAReplyHadBegun) {
  MockProvider provider([](auto nth, auto const&) {
    return nth == 0 ? http_reply(200, "x")
                    : MockReply{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true, false};
  });
  connect(provider.url());
  EXPECT_EQ(post(), "200 x");
  EXPECT_EQ(post(), "broken");
  EXPECT_EQ(provider.requests().size(), 2u);
}

TEST_F(Https, BytesBehindTheReplyEndTheConnection) {
  MockProvider provider([](auto, auto const&) {
    MockReply reply = http_reply(200, "x");
    reply.raw += "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
    return reply;
  });
  connect(provider.url());
  EXPECT_EQ(post(), "200 x");
  EXPECT_EQ(post(), "200 x");
  EXPECT_EQ(provider.connections(), 2u);
}

TEST_F(Https, AnswersByItsDeadlineWhenNothingComes) {
  MockProvider provider([](auto, auto const&) { return MockReply{"", false, true}; });
  options.timeout = 200ms;
  connect(provider.url());
  auto const start = Steady::now();
  EXPECT_EQ(post(), "timeout");
  EXPECT_GE(Steady::now() - start, 200ms);
  EXPECT_LT(Steady::now() - start, 5s);
}

TEST_F(Https, TheDeadlineIsForTheWholeReplyNotForEachByte) {
  MockProvider provider([](auto, auto const&) {
    std::this_thread::sleep_for(150ms);
    return MockReply{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", false, true};
  });
  options.timeout = 300ms;
  connect(provider.url());
  auto const start = Steady::now();
  EXPECT_EQ(post(), "timeout");
  EXPECT_LT(Steady::now() - start, 440ms);
}

TEST_F(Https, ConnectionsAreBoundedAndTheRestWaitsItsTurn) {
  MockProvider provider([](auto, auto const&) {
    std::this_thread::sleep_for(20ms);
    return http_reply(200, "x");
  });
  options.connections_max = 2;
  connect(provider.url());
  EXPECT_EQ(posts(10), std::vector<std::string>(10, "x"));
  EXPECT_EQ(provider.connections(), 2u);
  EXPECT_EQ(provider.requests().size(), 10u);
}

TEST_F(Https, WaitingIsBoundedInNumberAndTime) {
  MockProvider provider([](auto, auto const&) { return MockReply{"", false, true}; });
  options.connections_max = 1;
  options.waiting_max = 2;
  options.timeout = 200ms;
  connect(provider.url());
  EXPECT_EQ(posts(5), (std::vector<std::string>{"busy", "busy", "timeout", "timeout", "timeout"}));
  EXPECT_EQ(provider.requests().size(), 1u);
  EXPECT_EQ(posts(1), std::vector<std::string>{"timeout"});  // the place was given back
  EXPECT_EQ(provider.requests().size(), 2u);
}

TEST_F(Https, ALargeReplyIsNotRead) {
  MockProvider provider([](auto nth, auto const&) {
    if (nth == 0) return http_reply(200, std::string(5000, 'x'));
    if (nth == 1) return MockReply{"HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'x'), true, false};
    return MockReply{"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", true, false};
  });
  options.reply_bytes_max = 4999;
  connect(provider.url());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post(), "reply_too_large") << i;
}

TEST_F(Https, WhatIsNotHttpIsSaidSo) {
  MockProvider provider([](auto, auto const&) { return MockReply{"SSH-2.0-OpenSSH_9.2\r\n\r\n", true, false}; });
  connect(provider.url());
  EXPECT_EQ(post(), "reply_malformed");
}

TEST_F(Https, NobodyThereIsUnreachable) {
  std::string url;
  {
    MockProvider provider([](auto, auto const&) { return http_reply(200, ""); });
    url = provider.url();
  }
  connect(url);
  EXPECT_EQ(post(), "unreachable");
}

TEST_F(Https, ANameWithoutAnAddressIsUnresolvedOrLate) {
  options.timeout = 2s;
  connect("https://florin-no-such-host.invalid");
  auto const start = Steady::now();
  auto const result = post();
  EXPECT_TRUE(result == "unresolved" || result == "timeout") << result;
  EXPECT_LT(Steady::now() - start, 10s);
}

Awaitable<void> drop(HttpsClient* client) {
  HttpsClient::Request post{"/path", "", "text/plain", "ping"};
  (void)co_await client->send(std::move(post));
}

TEST_F(Https, WaitsThatEndWithTheContextAreSafe) {
  MockProvider provider([](auto, auto const&) { return MockReply{"", false, true}; });
  for (bool const client_first : {true, false}) {
    auto own = std::make_unique<boost::asio::io_context>();
    HttpsOptions few;
    few.base_url = provider.url();
    few.connections_max = 2;
    auto one = HttpsClient::make(*own, few).value().release();
    for (int i = 0; i < 6; ++i) boost::asio::co_spawn(*own, drop(one), boost::asio::detached);
    own->run_for(100ms);
    if (client_first) {
      delete one;
      own.reset();
    } else {
      own.reset();
      delete one;
    }
  }
}

// ---- TLS
// -------------------------------------------------------------------------------------------------------------

struct HttpsTls : Https {
  test_support::TempFolder folder;
  std::string file(std::string const& name, std::string const& text) {
    std::string const path = folder.path() / name;
    std::ofstream(path) << text;
    return path;
  }
  static std::string url(MockProvider const& provider) {
    return "https://localhost:" + std::to_string(provider.port());
  }
};

TEST_F(HttpsTls, TakesACertificateThatTheAuthorityVouchesForAndNamesTheHost) {
  auto const own = test_support::self_signed("localhost");
  MockProvider provider([](auto, auto const&) { return http_reply(200, "x"); }, own.certificate, own.key);
  options.ca_file = file("ca.pem", own.certificate);
  connect(url(provider));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post(), "200 x");
  EXPECT_EQ(provider.server_name(), "localhost");
}

TEST_F(HttpsTls, RefusesASelfSignedCertificate) {
  auto const own = test_support::self_signed("localhost");
  MockProvider provider([](auto, auto const&) { return http_reply(200, "x"); }, own.certificate, own.key);
  connect(url(provider));  // the system's authorities
  EXPECT_EQ(post(), "tls");
  EXPECT_TRUE(provider.requests().empty());
}

TEST_F(HttpsTls, RefusesACertificateOfAnotherHost) {
  auto const other = test_support::self_signed("api.example.com");
  MockProvider provider([](auto, auto const&) { return http_reply(200, "x"); }, other.certificate, other.key);
  options.ca_file = file("ca.pem", other.certificate);
  connect(url(provider));
  EXPECT_EQ(post(), "tls");
  EXPECT_TRUE(provider.requests().empty());
}

TEST_F(HttpsTls, SpeaksTlsToNobodyElse) {
  MockProvider plain([](auto, auto const&) { return http_reply(200, "x"); });
  options.timeout = 2s;
  connect(url(plain));
  auto const result = post();
  EXPECT_TRUE(result == "tls" || result == "timeout") << result;
  EXPECT_TRUE(plain.requests().empty());
}

TEST_F(HttpsTls, AHandshakeThatNeverComesIsLate) {
  boost::asio::ip::tcp::acceptor silent(io, {boost::asio::ip::address_v4::loopback(), 0});
  options.timeout = 200ms;
  connect("https://127.0.0.1:" + std::to_string(silent.local_endpoint().port()));
  EXPECT_EQ(post(), "timeout");
}

// ---- settings
// --------------------------------------------------------------------------------------------------------

TEST(BaseUrl, IsSchemeHostPortAndPrefix) {
  auto const base = parse_base_url("https://api.twilio.com").value();
  EXPECT_TRUE(base.tls);
  EXPECT_EQ(base.host, "api.twilio.com");
  EXPECT_EQ(base.port, "443");
  EXPECT_EQ(base.path, "");
  EXPECT_EQ(parse_base_url("https://h:8443/a/b/").value().port, "8443");
  EXPECT_EQ(parse_base_url("https://h:8443/a/b/").value().path, "/a/b");
  EXPECT_EQ(parse_base_url("http://[::1]:80").value().host, "::1");
  EXPECT_EQ(parse_base_url("http://localhost").value().port, "80");
  EXPECT_FALSE(parse_base_url("http://127.0.0.9:1").value().tls);
}

TEST(BaseUrl, WithoutTlsOnlyLoopback) {
  for (char const* url : {"http://api.twilio.com", "http://10.0.0.1", "http://localhost.example.com", "http://0.0.0.0",
                          "http://127.0.0.1.example.com", "http://127.0.0.1@example.com", "http://[::2]"}) {
    EXPECT_FALSE(parse_base_url(url)) << url;
  }
}

TEST(BaseUrl, NothingElseIsTaken) {
  for (char const* url : {"",
                          "api.twilio.com",
                          "ftp://h",
                          "https://",
                          "https:///x",
                          "https://h:",
                          "https://h:0",
                          "https://h:65536",
                          "https://h:1x",
                          "https://h:-1",
                          "https://user@h",
                          "https://h/?q",
                          "https://h/#f",
                          "https://h /",
                          "https://[::1",
                          "https://[h]",
                          "https://[::1]x",
                          "https://[127.0.0.1]",
                          "https://h:00000",
                          "https://h:000443",
                          "https://[::1]8080",
                          "https://h\\x"}) {
    EXPECT_FALSE(parse_base_url(url)) << url;
  }
}

TEST_F(Https, SettingsThatCannotWorkAreNamed) {
  auto const refused = [&](HttpsOptions const& given) {
    auto made = HttpsClient::make(io, given);
    return made.ok() ? std::string() : made.error().substr(0, made.error().find(':'));
  };
  options.base_url = "https://h";
  EXPECT_EQ(refused(options), "");
  HttpsOptions bad = options;
  bad.base_url = "http://h";
  EXPECT_EQ(refused(bad), "base_url");
  bad = options;
  bad.timeout = 0ms;
  EXPECT_EQ(refused(bad), "timeout");
  bad = options;
  bad.connections_max = 0;
  EXPECT_EQ(refused(bad), "connections_max");
  bad = options;
  bad.ca_file = "/nonexistent/ca.pem";
  EXPECT_EQ(refused(bad), "ca_file");
}

}  // namespace
}  // namespace florin::sagas
