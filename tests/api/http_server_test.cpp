// The server as a client on a raw socket meets it.
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "api/http/errors.h"
#include "api/http/server.h"
#include "tests/api/raw_client.h"

namespace florin::api {
namespace {

using testing::RawClient;
using testing::RawReply;

class Countdown final : public BodyStream {
 public:
  Countdown(int pieces, std::size_t size, bool breaks) : pieces_(pieces), size_(size), breaks_(breaks) {}
  bool pull(std::string& out) override {
    if (pieces_ == 0) {
      if (breaks_) throw std::runtime_error("the view went away");
      return false;
    }
    out.assign(size_, static_cast<char>('0' + pieces_ % 10));
    --pieces_;
    return true;
  }

 private:
  int pieces_;
  std::size_t size_;
  bool breaks_;
};

class HttpServer : public ::testing::Test {
 protected:
  HttpServer() {
    options.port = 0;
    options.io_threads = 2;
    options.body_limit = 1000;
    router.add(Method::get, "/hello", [](Request const&, PathValues const&) -> Awaitable<Response> {
      Response response;
      response.body = "hello";
      response.position = 9;
      co_return response;
    });
    router.add(Method::post, "/echo/{word}",
               [](Request const& request, PathValues const& values) -> Awaitable<Response> {
                 Response response;
                 response.body = std::string(values.values[0]) + "|" + std::string(request.body) + "|" +
                                 std::string(request.query) + "|" + std::string(request.game_key) + "|" +
                                 std::string(request.content_type) + "|" + std::string(request.min_position);
                 co_return response;
               });
    router.add(Method::get, "/throws", [](Request const&, PathValues const&) -> Awaitable<Response> {
      throw std::runtime_error("secret@example.com");
      co_return Response{};
    });
    router.add(Method::get, "/large", [](Request const&, PathValues const&) -> Awaitable<Response> {
      Response response;
      response.body.assign(kLarge, 'L');
      co_return response;
    });
    router.add(Method::get, "/waits", [this](Request const& request, PathValues const&) -> Awaitable<Response> {
      Completion<int> done(*request.inbox);
      handed_over.set_value(done.completer());
      auto const status = co_await done.wait(3600);
      Response response;
      response.status = status.value_or(503);
      co_return response;
    });
    for (bool const breaks : {false, true}) {
      router.add(Method::get, breaks ? "/broken" : "/stream",
                 [breaks](Request const&, PathValues const&) -> Awaitable<Response> {
                   Response response;
                   response.content_type = "application/x-ndjson";
                   response.stream = std::make_unique<Countdown>(3, 10, breaks);
                   co_return response;
                 });
    }
    router.add(Method::get, "/endless", [](Request const&, PathValues const&) -> Awaitable<Response> {
      Response response;
      response.stream = std::make_unique<Countdown>(1'000'000'000, 65536, false);
      co_return response;
    });
  }

  ~HttpServer() override { stop(); }

  std::uint16_t start() {
    server = std::make_unique<Server>(options, router, workers);
    server->start();
    return server->port();
  }
  void stop() {
    if (server) server->stop(5);
    server.reset();
  }

  // Sends `bytes`, expects an error reply with this status and code, and the end of the connection.
  void expect_refusal(std::string_view bytes, int status, std::string_view code = "INVALID_REQUEST") {
    if (!server) start();
    RawClient client(server->port());
    client.send_if_open(bytes);
    auto const reply = client.read_reply();
    ASSERT_TRUE(reply) << bytes;
    EXPECT_EQ(reply->status, status) << bytes << reply->body;
    EXPECT_NE(reply->body.find("\"error_code\":\"" + std::string(code) + "\""), std::string::npos) << reply->body;
    EXPECT_NE(reply->body.find("\"error_id\":\"ERR_"), std::string::npos) << reply->body;
    EXPECT_NE(reply->body.find("\"timestamp\":\""), std::string::npos) << reply->body;
    EXPECT_EQ(reply->header("Connection"), "close");
    EXPECT_EQ(reply->header("Request-Id").size(), 16u);
    client.shutdown_send();
    EXPECT_TRUE(client.closed()) << "what follows must never be read as a request";
  }

  static constexpr std::size_t kLarge = 16'000'000;
  ServerOptions options;
  Router router;
  WorkerPool workers{2};
  std::promise<Completer<int>> handed_over;
  std::unique_ptr<Server> server;
};

constexpr std::string_view kGet = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(HttpServer, ARouteTakesABodyUpToItsOwnLimit) {
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

TEST_F(HttpServer, RefusesAChunkedBodyPastTheLimit) {
  std::string bytes = "POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_refusal(bytes + "fffffff\r\n", 413, "PAYLOAD_TOO_LARGE");
  for (int i = 0; i < 11; ++i) bytes += "64\r\n" + std::string(100, 'c') + "\r\n";
  expect_refusal(bytes, 413, "PAYLOAD_TOO_LARGE");
}

TEST_F(HttpServer, RefusesMalformedChunks) {
  std::string const head = "POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_refusal(head + "xyz\r\n", 400);
  expect_refusal(head + "3\r\nabcd\r\n0\r\n\r\n", 400);
  expect_refusal(head + "10000000000000000\r\n", 400);
  expect_refusal(head + std::string(40'000, '0'), 400);
}

TEST_F(HttpServer, RefusesAmbiguousFraming) {
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

TEST_F(HttpServer, RefusesAMissingOrSecondHost) {
  expect_refusal("GET /hello HTTP/1.1\r\n\r\n", 400);
  expect_refusal("GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400);
  expect_refusal("GET /hello HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400);
  expect_refusal("GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n", 400);
}

TEST_F(HttpServer, RefusesTwoKeys) {
  expect_refusal("GET /hello HTTP/1.1\r\nHost: a\r\nX-Game-Secret-Key: a\r\nX-Game-Secret-Key: b\r\n\r\n", 400);
  expect_refusal("GET /hello HTTP/1.1\r\nHost: a\r\nX-Game-Secret-Key:\r\nX-Game-Secret-Key: b\r\n\r\n", 400);
}

TEST_F(HttpServer, RefusesMalformedRequests) {
  for (auto const* bytes :
       {"GARBAGE\r\n\r\n", "GET  /hello HTTP/1.1\r\nHost: x\r\n\r\n", "GET /hello HTTP/2.0\r\nHost: x\r\n\r\n",
        "GET /hello\r\n\r\n", "GET hello HTTP/1.1\r\nHost: x\r\n\r\n", "G@T /hello HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /hel\x01lo HTTP/1.1\r\nHost: x\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: x\r\nA: 1\r\n folded\r\n\r\n", "GET /hello HTTP/1.1\nHost: x\n\r\n\r\n",
        "\r\n\r\n\r\n\r\n", "\x16\x03\x01\x02\x01\r\n\r\n"}) {
    expect_refusal(bytes, 400);
  }
}

TEST_F(HttpServer, RefusesOversizedHeaders) {
  expect_refusal("GET /hello HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n", 431,
                 "HEADERS_TOO_LARGE");
  expect_refusal("GET /" + std::string(20'000, 'a'), 431, "HEADERS_TOO_LARGE");
}

TEST_F(HttpServer, RefusesAnOversizedBodyBeforeReadingIt) {
  expect_refusal("POST /echo/w HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413, "PAYLOAD_TOO_LARGE");
  // A client that sends all of it regardless still gets to read why.
  expect_refusal("POST /echo/w HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + std::string(2'000'000, 'x'),
                 413, "PAYLOAD_TOO_LARGE");
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

TEST_F(HttpServer, ClosesOnARequestThatEndsHalfWay) {
  RawClient client(start());
  client.send("POST /echo/w HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab");
  client.shutdown_send();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(HttpServer, GivesUpOnSlowHeadersAndBodies) {
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

TEST_F(HttpServer, ClosesIdleConnections) {
  options.idle_seconds = 1;
  RawClient silent(start());
  RawClient after_one(server->port());
  after_one.send(kGet);
  ASSERT_TRUE(after_one.read_reply());
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(after_one.closed());
}

TEST_F(HttpServer, GivesUpOnAClientThatNeverReadsItsReply) {
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

TEST_F(HttpServer, TurnsAwayConnectionsOverTheLimit) {
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
