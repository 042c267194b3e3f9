// What the server refuses, and where its patience ends: framing, malformed requests, sizes, deadlines, connections.
#include <chrono>
#include <future>
#include <string>
#include <thread>

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
      kServerBodyLimit);
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
  expect_refusal(head + "10000000000000000\r\n", 400);
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
  expect_refusal(start + "Content-Length: 99999999999999999999\r\n\r\n", 400);
  expect_refusal(start + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400);
  expect_refusal(start + "Transfer-Encoding: identity\r\n\r\n", 400);
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
       {"GARBAGE\r\n\r\n", "GET  /hello HTTP/1.1\r\nHost: x\r\n\r\n", "GET /hello HTTP/2.0\r\nHost: x\r\n\r\n",
        "GET /hello\r\n\r\n", "GET hello HTTP/1.1\r\nHost: x\r\n\r\n", "G@T /hello HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /hel\x01lo HTTP/1.1\r\nHost: x\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nA: 1\r\n folded\r\n\r\n", "GET /hello HTTP/1.1\nHost: x\n\r\n\r\n",
        "\r\n\r\n\r\n\r\n", "\x16\x03\x01\x02\x01\r\n\r\n"}) {
    expect_refusal(bytes, 400);
  }
}

TEST_F(HttpServerLimits, RefusesOversizedHeaders) {
  expect_refusal("GET /hello HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n", 431,
                 "HEADERS_TOO_LARGE");
  expect_refusal("GET /" + std::string(20'000, 'a'), 431, "HEADERS_TOO_LARGE");
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
}  // namespace
}  // namespace florin::api
