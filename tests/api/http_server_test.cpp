// The server as a client on a raw socket meets it: replies, connections, streams, and its end.
#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/http_server_fixture.h"

namespace florin::api {
namespace {

using testing::kGet;
using testing::RawClient;

class HttpServer : public testing::HttpServerFixture {};

TEST_F(HttpServer, KeepsAReplysKeepaliveUntilItIsSent) {
  auto const held = std::make_shared<std::atomic<bool>>(false);
  router.add(Method::get, "/held", [held](Request const&, PathValues const&) -> Awaitable<Response> {
    Response response;
    response.body.assign(kLarge, 'L');
    *held = true;
    response.keepalive = std::shared_ptr<void>(nullptr, [held](void*) { *held = false; });
    co_return response;
  });
  RawClient client(start());
  client.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!*held) std::this_thread::yield();
  EXPECT_TRUE(*held) << "the reply is larger than what the kernel takes";
  EXPECT_EQ(client.read_reply()->body.size(), kLarge);
  client.send(kGet);
  EXPECT_EQ(client.read_reply()->body, "hello");
  EXPECT_FALSE(*held);
}

TEST_F(HttpServer, AnswersWithItsHeaders) {
  RawClient client(start());
  client.send(kGet);
  auto const reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "hello");
  EXPECT_EQ(reply->header("Request-Id").size(), 16u);
  EXPECT_EQ(reply->header("Florin-Position"), "9");
  EXPECT_EQ(reply->header("Connection"), "");
  EXPECT_NE(reply->header("Date"), "");
}

TEST_F(HttpServer, KeepsTheConnectionAndGivesEachRequestItsId) {
  RawClient client(start());
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    client.send(kGet);
    auto const reply = client.read_reply();
    ASSERT_TRUE(reply);
    ids.push_back(reply->header("Request-Id"));
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST_F(HttpServer, HandsOverPathQueryHeadersAndBody) {
  RawClient client(start());
  client.send(
      "POST /echo/a%40b?x=1 HTTP/1.1\r\nhost: x\r\nx-game-secret-key:  k1 \r\nContent-Type: application/json\r\n"
      "FLORIN-MIN-POSITION: 7\r\nContent-Length: 4\r\n\r\nbody");
  auto const reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "a%40b|body|x=1|k1|application/json|7");
}

TEST_F(HttpServer, BelievesXForwardedForOfTrustedProxiesOnly) {
  constexpr std::string_view kForged =
      "GET /client HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 6.6.6.6, "
      "203.0.113.7\r\n\r\n";
  {
    RawClient client(start());
    client.send(kForged);
    EXPECT_EQ(client.read_reply()->body, "127.0.0.1") << "nobody is trusted";
  }
  stop();
  options.trusted_proxies = TrustedProxies({asio::ip::make_address("127.0.0.1")});
  RawClient client(start());
  client.send(kForged);
  EXPECT_EQ(client.read_reply()->body, "203.0.113.7") << "the proxy's word, not the client's";
  client.send("GET /client HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: who knows\r\n\r\n");
  EXPECT_EQ(client.read_reply()->body, "127.0.0.1");
  client.send("GET /client HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read_reply()->body, "127.0.0.1") << "nothing is left of the request before";
}

TEST_F(HttpServer, ReadsARequestThatComesByteByByte) {
  RawClient client(start());
  for (char const byte : std::string_view("\r\nPOST /echo/w HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")) {
    client.send({&byte, 1});
  }
  auto const reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "w|abc||||");
}

TEST_F(HttpServer, AnswersPipelinedRequestsInOrder) {
  RawClient client(start());
  std::string bytes;
  for (int i = 0; i < 50; ++i) {
    std::string const body(static_cast<std::size_t>(i * 7 % 50), static_cast<char>('a' + i % 26));
    bytes += "POST /echo/" + std::to_string(i) +
             " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  client.send(bytes);
  for (int i = 0; i < 50; ++i) {
    auto const reply = client.read_reply();
    ASSERT_TRUE(reply);
    std::string const body(static_cast<std::size_t>(i * 7 % 50), static_cast<char>('a' + i % 26));
    EXPECT_EQ(reply->body, std::to_string(i) + "|" + body + "||||");
  }
}

TEST_F(HttpServer, AcceptsChunkedBodiesWithinTheLimit) {
  RawClient client(start());
  std::string const head = "POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  client.send(head + "3\r\nabc\r\n10;ext=1\r\n0123456789abcdef\r\n0\r\nTrailer: Host\r\n\r\n" + std::string(kGet));
  auto reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "w|abc0123456789abcdef||||");
  reply = client.read_reply();
  ASSERT_TRUE(reply) << "the next request starts where the trailers end";
  EXPECT_EQ(reply->body, "hello");
  // Byte by byte, many small chunks.
  std::string chunks;
  for (int i = 0; i < 900; ++i) chunks += "1\r\nz\r\n";
  for (char const byte : head + chunks + "0\r\n\r\n") client.send({&byte, 1});
  reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "w|" + std::string(900, 'z') + "||||");
}

TEST_F(HttpServer, AnswersUnknownPathsAndMethods) {
  RawClient client(start());
  client.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
  auto reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 404);
  EXPECT_NE(reply->body.find("\"NOT_FOUND\""), std::string::npos);
  EXPECT_NE(reply->body.find(reply->header("Request-Id")), std::string::npos) << "the error_id ends in it";
  client.send("DELETE /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 405);
  EXPECT_EQ(reply->header("Allow"), "GET, HEAD");
  client.send("OPTIONS /echo/x HTTP/1.1\r\nHost: x\r\n\r\n");
  reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 405);
  EXPECT_EQ(reply->header("Allow"), "POST");
}

TEST_F(HttpServer, HeadHasTheHeadersOfGetAndNoBody) {
  RawClient client(start());
  client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nHEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  auto reply = client.read_reply(true);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->header("Content-Length"), "5");
  ASSERT_TRUE(client.read_reply(true));
  client.send(kGet);
  reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "hello");
}

TEST_F(HttpServer, ClosesWhenAskedTo) {
  RawClient client(start());
  client.send("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  auto const reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->header("Connection"), "close");
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpServer, Http10ClosesUnlessAskedToStay) {
  start();
  RawClient once(server->port());
  once.send("GET /hello HTTP/1.0\r\n\r\n");
  auto reply = once.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "hello");
  EXPECT_TRUE(once.closed());
  RawClient staying(server->port());
  for (int i = 0; i < 2; ++i) {
    staying.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    reply = staying.read_reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->header("Connection"), "keep-alive");
  }
}

TEST_F(HttpServer, AcceptsAbsoluteTargets) {
  RawClient client(start());
  client.send("GET http://example.com/hello?a=b HTTP/1.1\r\nHost: example.com\r\n\r\n");
  auto const reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "hello");
}

TEST_F(HttpServer, TellsAClientThatWaitsToGoOn) {
  RawClient client(start());
  client.send("POST /echo/w HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  auto reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 100);
  client.send("abc");
  reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "w|abc||||");
  // With the body already there nobody waits.
  client.send("POST /echo/w HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
  reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  expect_refusal("POST /echo/w HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n", 413,
                 "PAYLOAD_TOO_LARGE");
  expect_refusal("POST /echo/w HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nContent-Length: 3\r\n\r\n", 417,
                 "EXPECTATION_FAILED");
}

TEST_F(HttpServer, AHandlerThatThrowsIsAnInternalErrorWithoutItsText) {
  RawClient client(start());
  client.send("GET /throws HTTP/1.1\r\nHost: x\r\n\r\n");
  auto reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 500);
  EXPECT_NE(reply->body.find("INTERNAL_ERROR"), std::string::npos);
  EXPECT_EQ(reply->body.find("secret"), std::string::npos);
  client.send(kGet);
  EXPECT_TRUE(client.read_reply()) << "the connection goes on";
}

TEST_F(HttpServer, AnswersAHalfOpenClient) {
  RawClient client(start());
  client.send(kGet);
  client.shutdown_send();
  auto const reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "hello");
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpServer, SendsLargeRepliesWhole) {
  RawClient client(start());
  for (int i = 0; i < 2; ++i) {
    client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    auto const reply = client.read_reply();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, std::string(kLarge, 'L'));
  }
}

TEST_F(HttpServer, StreamsChunked) {
  RawClient client(start());
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(kGet));
  auto reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(reply->header("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(reply->body, "333333333322222222221111111111");
  reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "hello");
}

TEST_F(HttpServer, StreamsToHttp10UntilTheClose) {
  RawClient client(start());
  client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  auto const reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->header("Transfer-Encoding"), "");
  EXPECT_EQ(reply->header("Connection"), "close");
  EXPECT_EQ(reply->body, "333333333322222222221111111111");
}

TEST_F(HttpServer, CutsABrokenStream) {
  start();
  RawClient client(server->port());
  client.send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_FALSE(client.read_reply()) << "no last chunk";
  RawClient old(server->port());
  old.send("GET /broken HTTP/1.0\r\n\r\n");
  bool reset = false;
  (void)old.read_to_end(&reset);
  EXPECT_TRUE(reset) << "an orderly close would look like the end of the body";
}

TEST_F(HttpServer, AwaitsAnotherThread) {
  RawClient client(start());
  client.send("GET /waits HTTP/1.1\r\nHost: x\r\n\r\n");
  handed_over.get_future().get().complete(201);
  auto const reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 201);
}

TEST_F(HttpServer, StopFinishesTheRequestAtHandAndClosesIdleConnections) {
  options.io_threads = 1;  // so that the idle one's end tells that the busy one's thread is draining, too
  start();
  RawClient idle(server->port());
  idle.send(kGet);
  ASSERT_TRUE(idle.read_reply());
  RawClient busy(server->port());
  busy.send("GET /waits HTTP/1.1\r\nHost: x\r\n\r\n");
  auto completer = handed_over.get_future().get();
  std::thread stopping([this] { server->stop(60); });
  EXPECT_TRUE(idle.closed());
  completer.complete(200);
  auto const reply = busy.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->header("Connection"), "close");
  stopping.join();
}

TEST_F(HttpServer, StopFinishesTheReplyThatIsBeingRead) {
  options.io_threads = 1;  // so that the idle one's end tells that the reader's thread is draining, too
  start();
  RawClient idle(server->port());
  idle.send(kGet);
  ASSERT_TRUE(idle.read_reply());
  RawClient reader(server->port());
  reader.send("GET /fixed HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(reader.peek());
  std::thread stopping([this] { server->stop(60); });
  EXPECT_TRUE(idle.closed());
  EXPECT_EQ(reader.read_reply()->body.size(), kFixed);
  stopping.join();
}

TEST_F(HttpServer, StopDoesNotWaitForeverForARequest) {
  start();
  RawClient stuck(server->port());
  stuck.send("GET /waits HTTP/1.1\r\nHost: x\r\n\r\n");
  auto completer = handed_over.get_future().get();
  RawClient endless(server->port());
  endless.shrink_receive_buffer();
  endless.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
  server->stop(0);
  server.reset();
  completer.complete(200);  // too late, dropped
  EXPECT_NE(stuck.read_to_end().substr(0, 12), "HTTP/1.1 200");
}

TEST_F(HttpServer, AnAddressInUseIsToldAtStart) {
  start();
  ServerOptions second = options;
  second.port = server->port();
  Server other(second, router, workers);
  EXPECT_THROW(other.start(), std::system_error);
}

TEST_F(HttpServer, ManyClientsAtOnceEachGetTheirOwnReplies) {
  start();
  std::vector<std::thread> clients;
  for (int c = 0; c < 16; ++c) {
    clients.emplace_back([this, c] {
      RawClient client(server->port());
      for (int i = 0; i < 200; ++i) {
        std::string const body = std::to_string(c) + "-" + std::to_string(i);
        client.send("POST /echo/" + body + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n" + body);
        auto const reply = client.read_reply();
        ASSERT_TRUE(reply);
        ASSERT_EQ(reply->body, body + "|" + body + "||||");
      }
    });
  }
  for (auto& client : clients) client.join();
}
}  // namespace
}  // namespace florin::api
