// What the server refuses, and where its patience ends: framing, malformed requests, sizes, deadlines, connections.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/http_server_fixture.h"

namespace florin::api {
namespace {

using testing::kGet;
using testing::RawClient;

class HttpServerLimits : public testing::HttpServerFixture {};

TEST_F(HttpServerLimits, ARouteTakesABodyUpToItsOwnLimit) {
  options.body_limit = 1 << 20;
  router.add(
      Method::post, "/bulk",
      [](Request const& request, PathValues const&) -> Awaitable<Response> {
        Response response;
        response.body = std::to_string(request.body.size());
        co_return response;
      },
      kServerBodyLimit, Takes::any);
  auto const post = [](std::string_view path, std::size_t size) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  };
  RawClient client(start());
  client.send(post("/bulk", 1 << 20) + std::string(1 << 20, 'b'));
  EXPECT_EQ(client.read_reply()->body, "1048576");
  client.send(post("/echo/w", kBodyLimit) + std::string(kBodyLimit, 'b'));
  EXPECT_EQ(client.read_reply()->status, 200);

  expect_refusal(post("/bulk", (1 << 20) + 1), 413, "PAYLOAD_TOO_LARGE");
  expect_refusal(post("/echo/w", kBodyLimit + 1), 413, "PAYLOAD_TOO_LARGE");
  expect_refusal(post("/nowhere", kBodyLimit + 1), 413, "PAYLOAD_TOO_LARGE");
  expect_refusal("POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n", 413,
                 "PAYLOAD_TOO_LARGE");
  // Many chunks, each of them small.
  std::string chunks = "POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 17; ++i) chunks += "1000\r\n" + std::string(4096, 'c') + "\r\n";
  expect_refusal(chunks, 413, "PAYLOAD_TOO_LARGE");
}

TEST_F(HttpServerLimits, RefusesAChunkedBodyPastTheLimit) {
  std::string bytes = "POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_refusal(bytes + "fffffff\r\n", 413, "PAYLOAD_TOO_LARGE");
  for (int i = 0; i < 11; ++i) bytes += "64\r\n" + std::string(100, 'c') + "\r\n";
  expect_refusal(bytes, 413, "PAYLOAD_TOO_LARGE");
}

TEST_F(HttpServerLimits, RefusesMalformedChunks) {
  std::string const head = "POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_refusal(head + "xyz\r\n", 400);
  expect_refusal(head + "3\r\nabcd\r\n0\r\n\r\n", 400);
  expect_refusal(head + "10000000000000000\r\n", 413, "PAYLOAD_TOO_LARGE");
  expect_refusal(head + std::string(40'000, '0'), 400);
}

TEST_F(HttpServerLimits, RefusesAmbiguousFraming) {
  std::string const start = "POST /echo/w HTTP/1.1\r\nHost: x\r\n";
  expect_refusal(start + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400);
  expect_refusal(start + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
  expect_refusal("POST /echo/w HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
  expect_refusal(start + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400);
  expect_refusal(start + "Content-Length: 5, 5\r\n\r\nhello", 400);
  expect_refusal(start + "Content-Length: +5\r\n\r\nhello", 400);
  expect_refusal(start + "Content-Length: \r\n\r\n", 400);
  expect_refusal(start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
  expect_refusal(start + "Content-Length : 5\r\n\r\nhello", 400);
}

TEST_F(HttpServerLimits, RefusesAMissingOrSecondHost) {
  expect_refusal("GET /hello HTTP/1.1\r\n\r\n", 400);
  expect_refusal("GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400);
  expect_refusal("GET /hello HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400);
  expect_refusal("GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n", 400);
}

TEST_F(HttpServerLimits, RefusesTwoKeys) {
  expect_refusal("GET /hello HTTP/1.1\r\nHost: a\r\nX-Game-Secret-Key: a\r\nX-Game-Secret-Key: b\r\n\r\n", 400);
  expect_refusal("GET /hello HTTP/1.1\r\nHost: a\r\nX-Game-Secret-Key:\r\nX-Game-Secret-Key: b\r\n\r\n", 400);
}

TEST_F(HttpServerLimits, RefusesMalformedRequests) {
  for (auto const* bytes :
       {"GARBAGE\r\n\r\n", "GET  /hello HTTP/1.1\r\nHost: x\r\n\r\n", "GET /hello\r\n\r\n",
        "GET hello HTTP/1.1\r\nHost: x\r\n\r\n", "G@T /hello HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /hel\x01lo HTTP/1.1\r\nHost: x\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nA: 1\r\n folded\r\n\r\n", "GET /hello HTTP/1.1\nHost: x\n\r\n\r\n",
        "\r\n\r\n\r\n\r\n", "\x16\x03\x01\x02\x01\r\n\r\n"}) {
    expect_refusal(bytes, 400);
  }
}

TEST_F(HttpServerLimits, RefusesOversizedHeaders) {
  expect_refusal("GET /hello HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n", 431,
                 "HEADERS_TOO_LARGE");
}

TEST_F(HttpServerLimits, RefusesAnOversizedBodyBeforeReadingIt) {
  expect_refusal("POST /echo/w HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413, "PAYLOAD_TOO_LARGE");
  // A client that sends all of it regardless still gets to read why.
  expect_refusal("POST /echo/w HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + std::string(2'000'000, 'x'),
                 413, "PAYLOAD_TOO_LARGE");
}

TEST_F(HttpServerLimits, ClosesOnARequestThatEndsHalfWay) {
  RawClient client(start());
  client.send("POST /echo/w HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab");
  client.shutdown_send();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServerLimits, GivesUpOnSlowHeadersAndBodies) {
  options.request_seconds = 1;
  start();
  for (auto const* bytes : {"GET /hello HT", "POST /echo/w HTTP/1.1\r\nHost: x\r\nContent-Length: 300\r\n\r\na",
                            "POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e7\r\na"}) {
    RawClient client(server->port());
    client.send(bytes);
    // Dripping does not help: the deadline is the whole request's.
    std::promise<void> over;
    std::thread drip([&client, stop = over.get_future()] {
      while (stop.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) client.send_if_open("a");
    });
    auto const reply = client.read_reply();
    over.set_value();
    drip.join();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 408);
    client.shutdown_send();
    EXPECT_TRUE(client.closed());
  }
}

TEST_F(HttpServerLimits, ClosesIdleConnections) {
  options.idle_seconds = 1;
  RawClient silent(start());
  RawClient after_one(server->port());
  after_one.send(kGet);
  ASSERT_TRUE(after_one.read_reply());
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(after_one.closed());
}

TEST_F(HttpServerLimits, GivesUpOnAClientThatNeverReadsItsReply) {
  options.reply_seconds = 1;
  start();
  for (auto const* path : {"/large", "/endless"}) {
    RawClient client(server->port());
    client.shrink_receive_buffer();
    client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    while (server->connections() != 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_LT(client.read_to_end().size(), kLarge) << "the reply was cut, and seen to be";
  }
}

TEST_F(HttpServerLimits, TurnsAwayConnectionsOverTheLimit) {
  options.max_connections = 2;
  start();
  {
    RawClient first(server->port());
    RawClient second(server->port());
    for (auto* client : {&first, &second}) {
      client->send(kGet);
      ASSERT_TRUE(client->read_reply());
    }
    RawClient third(server->port());
    third.send(kGet);
    auto const reply = third.read_reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 503);
    EXPECT_NE(reply->header("Retry-After"), "");
    EXPECT_NE(reply->body.find("\"retry_after\":"), std::string::npos);
    third.shutdown_send();
    EXPECT_TRUE(third.closed());
  }
  while (server->connections() != 0) std::this_thread::yield();
  RawClient fourth(server->port());
  fourth.send(kGet);
  auto const reply = fourth.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
}

TEST_F(HttpServerLimits, OneAddressHasItsShareOfConnections) {
  options.max_connections_per_address = 2;
  start();
  {
    RawClient first(server->port());
    RawClient second(server->port());
    for (auto* client : {&first, &second}) {
      client->send(kGet);
      ASSERT_TRUE(client->read_reply());
    }
    expect_refusal(kGet, 503, "TOO_MANY_CONNECTIONS");
  }
  while (server->connections() != 0) std::this_thread::yield();
  RawClient later(server->port());
  later.send(kGet);
  EXPECT_EQ(later.read_reply()->status, 200) << "what ended counts no more";
}

TEST_F(HttpServerLimits, ATrustedProxyHasAsManyConnectionsAsItLikes) {
  options.max_connections_per_address = 1;
  options.trusted_proxies = TrustedProxies({asio::ip::make_address("127.0.0.1")});
  start();
  RawClient first(server->port());
  RawClient second(server->port());
  for (auto* client : {&first, &second}) {
    client->send(kGet);
    EXPECT_EQ(client->read_reply()->status, 200);
  }
}

// What the kernel holds for all connections of the server: the transmit queues of its sockets.
std::vector<std::size_t> transmit_queues(std::uint16_t port) {
  std::ifstream table("/proc/net/tcp");
  std::vector<std::size_t> queues;
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, state, queued;
    fields >> number >> local >> remote >> state >> queued;
    constexpr auto kEstablished = "01";
    if (state != kEstablished || std::stoul(local.substr(local.find(':') + 1), nullptr, 16) != port) continue;
    queues.push_back(std::stoul(queued.substr(0, queued.find(':')), nullptr, 16));
  }
  return queues;
}

TEST_F(HttpServerLimits, AReaderThatStopsHoldsLittleOfTheKernelsMemory) {
  options.reply_seconds = 3;  // long enough for all of them to wait at once on a busy machine
  start();
  constexpr std::size_t kReaders = 20;
  std::vector<std::unique_ptr<RawClient>> readers;
  for (std::size_t i = 0; i < kReaders; ++i) {
    readers.push_back(std::make_unique<RawClient>(server->port()));
    readers.back()->shrink_receive_buffer();
    readers.back()->send(i % 2 == 0 ? "GET /fixed HTTP/1.1\r\nHost: x\r\n\r\n"
                                    : "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  while (server->connections() < kReaders) std::this_thread::yield();
  // Until the server gives them up.
  std::size_t most = 0;
  std::size_t waiting = 0;
  while (server->connections() != 0) {
    auto const queues = transmit_queues(server->port());
    waiting = std::max(waiting, queues.size());
    for (auto const queue : queues) most = std::max(most, queue);
  }
  EXPECT_GE(waiting, kReaders / 2);
  EXPECT_GT(most, 0u);
  EXPECT_LE(most, std::size_t{192} << 10);
}

TEST_F(HttpServerLimits, RepliesToStrangersThatWaitAreBoundedByAddress) {
  options.strangers_replies = 8;  // of which one address has a quarter
  options.trusted_proxies = TrustedProxies({asio::ip::make_address("127.0.0.1")});
  options.io_threads = 1;  // a request is looked at when the one before it waits
  start();
  auto const ask = [](RawClient& client, std::string_view path, std::string_view address = "198.51.100.1") {
    client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nX-Game-Secret-Key: k1\r\nX-Forwarded-For: " +
                std::string(address) + "\r\n\r\n");
    // Something of the reply has come: the rest waits.
    return client.peek();
  };
  RawClient first(server->port());
  RawClient second(server->port());
  EXPECT_TRUE(ask(first, "/fixed"));
  EXPECT_TRUE(ask(second, "/fixed"));
  RawClient third(server->port());
  (void)ask(third, "/fixed");
  bool reset = false;
  EXPECT_LT(third.read_to_end(&reset).size(), kFixed);
  EXPECT_TRUE(reset);
  RawClient elsewhere(server->port());
  EXPECT_TRUE(ask(elsewhere, "/fixed", "198.51.100.2"));
  EXPECT_EQ(elsewhere.read_reply()->body.size(), kFixed) << "another address has its own";
  RawClient known(server->port());
  EXPECT_TRUE(ask(known, "/keyed/fixed"));
  EXPECT_EQ(known.read_reply()->body.size(), kFixed) << "who has a key is not counted";
  EXPECT_EQ(first.read_reply()->body.size(), kFixed);
  RawClient fourth(server->port());
  EXPECT_TRUE(ask(fourth, "/fixed"));
  EXPECT_EQ(fourth.read_reply()->body.size(), kFixed);
}

TEST_F(HttpServerLimits, PipelinedRepliesThatNobodyReadsDoNotPileUp) {
  options.reply_seconds = 1;
  start();
  RawClient client(server->port());
  client.shrink_receive_buffer();
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += "GET /fixed HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(bytes);
  while (server->connections() != 0) std::this_thread::yield();
  EXPECT_LT(client.read_to_end().size(), 2 * kFixed);
}
}  // namespace
}  // namespace florin::api
