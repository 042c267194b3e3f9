// HTTP/1.1 as RFC 9110 and RFC 9112 have it: raw requests, the reply's status, and whether the connection goes on.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/api/http_server_fixture.h"

namespace florin::api {
namespace {

using testing::kGet;
using testing::RawClient;
using testing::RawReply;

enum class Then { stays, ends };

class HttpProtocol : public testing::HttpServerFixture {
 protected:
  // One request on a connection of its own; the reply's head without a body for HEAD, 204 and 304.
  RawReply expect(std::string_view bytes, int status, Then then) {
    SCOPED_TRACE(::testing::PrintToString(std::string(bytes)));
    if (!server) start();
    RawClient client(server->port());
    client.send_if_open(bytes);
    bool const bodiless = bytes.starts_with("HEAD ") || status == 304;
    auto const reply = client.read_reply(bodiless);
    if (!reply) {
      ADD_FAILURE() << "no reply";
      return {};
    }
    EXPECT_EQ(reply->status, status) << reply->body;
    EXPECT_NE(reply->header("Date"), "");
    EXPECT_EQ(reply->header("Connection"), then == Then::ends ? "close" : "");
    if (then == Then::stays) {
      client.send_if_open(kGet);
      auto const next = client.read_reply();
      EXPECT_TRUE(next && next->body == "hello") << "the connection goes on where the request ended";
    } else {
      client.send_if_open(kGet);
      client.shutdown_send();
      EXPECT_TRUE(client.closed()) << "what follows is never read as a request";
    }
    return *reply;
  }

  static std::string get(std::string_view target, std::string_view host = "Host: x\r\n") {
    return "GET " + std::string(target) + " HTTP/1.1\r\n" + std::string(host) + "\r\n";
  }
  static std::string chunked(std::string_view chunks) {
    return "POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks);
  }
};

TEST_F(HttpProtocol, NoControlCharacterPassesInAChunksExtensionOrATrailer) {
  using namespace std::string_literals;
  for (auto const& control : {"\n"s, "\0"s, "\x7f"s, "\r"s, "\x01"s, "\x0b"s, "\x1f"s, "\x08"s, "\r\n"s}) {
    for (auto const& line :
         {"3;a=\"" + control + "\"", "3;a=\"\\" + control + "\"", "3;a=" + control, "3;" + control, "3" + control}) {
      if (line == "3\r\n") continue;
      expect(chunked(line + "\r\nabc\r\n0\r\n\r\n"), 400, Then::ends);
    }
    if (control == "\r\n") continue;
    expect(chunked("3\r\nabc\r\n0;a=\"" + control + "\"\r\n\r\n"), 400, Then::ends);
    expect(chunked("3\r\nabc\r\n0\r\nTrailer: a" + control + "b\r\n\r\n"), 400, Then::ends);
    expect(chunked("3\r\nabc\r\n0\r\nTra" + control + "iler: ab\r\n\r\n"), 400, Then::ends);
  }
  // The worst of it: a proxy that ends lines at LF would see another request within the quotes.
  expect(chunked("23;a=\"\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n\"\r\n" + std::string(0x23, 'x') + "\r\n0\r\n\r\n"),
         400, Then::ends);
}

TEST_F(HttpProtocol, ChunksAreOfTheRfcsGrammar) {
  for (auto const* good :
       {"3\r\nabc\r\n0\r\n\r\n", "003\r\nabc\r\n0000\r\n\r\n", "3;a\r\nabc\r\n0\r\n\r\n",
        "3;a=b;c=\"d e\\\"\t\xc3\xa9\"\r\nabc\r\n0;z\r\n\r\n", "3 ; a = b\r\nabc\r\n0\r\n\r\n", "0\r\n\r\n",
        "0\r\nA: b\r\nC:d\r\n\r\n", "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"}) {
    expect(chunked(good), 200, Then::stays);
  }
  for (auto const* bad : {"3 \r\nabc\r\n0\r\n\r\n",
                          " 3\r\nabc\r\n0\r\n\r\n",
                          "0x3\r\nabc\r\n0\r\n\r\n",
                          "+3\r\nabc\r\n0\r\n\r\n",
                          "3;\r\nabc\r\n0\r\n\r\n",
                          "3;a=\r\nabc\r\n0\r\n\r\n",
                          "3;a=\"b\r\nabc\r\n0\r\n\r\n",
                          "3;a=b c\r\nabc\r\n0\r\n\r\n",
                          "3,a\r\nabc\r\n0\r\n\r\n",
                          "3\nabc\r\n0\r\n\r\n",
                          "3\r\nabc\n0\r\n\r\n",
                          "3\r\nabcd\r\n0\r\n\r\n",
                          "3\r\nab\r\n\r\n0\r\n\r\n",
                          "\r\nabc\r\n0\r\n\r\n",
                          ";a\r\nabc\r\n0\r\n\r\n",
                          "3\r\nabc\r\n0\r\n folded: a\r\n\r\n",
                          "3\r\nabc\r\n0\r\nnocolon\r\n\r\n",
                          "3\r\nabc\r\n0\r\nA : b\r\n\r\n",
                          "3\r\nabc\r\n0\r\nA: b\n\r\n",
                          "3\r\nabc\r\n0\r\n\n"}) {
    expect(chunked(bad), 400, Then::ends);
  }
  // However they are cut up, extensions and trailers are bounded.
  std::string many;
  for (int i = 0; i < 100; ++i) many += "1;a=" + std::string(200, 'e') + "\r\nz\r\n";
  expect(chunked(many + "0\r\n\r\n"), 400, Then::ends);
  std::string trailers;
  for (int i = 0; i < 100; ++i) trailers += "A: " + std::string(200, 'e') + "\r\n";
  expect(chunked("0\r\n" + trailers + "\r\n"), 400, Then::ends);
}

TEST_F(HttpProtocol, LinesEndWithCrlfAndAreNeverFolded) {
  using namespace std::string_literals;
  for (auto const* bytes : {"GET /hello HTTP/1.1\nHost: x\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nHost: x\n\r\n",
                            "GET /hello HTTP/1.1\nHost: x\n\n",
                            "GET /hello HTTP/1.1\r\nHost: x\r\n\n",
                            "\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
                            "GET /hello HTTP/1.1\r\r\nHost: x\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nHost: x\r\r\n\r\n",
                            "GET /hello HTTP/1.1\rHost: x\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nHost: x\r\nA: 1\r\n folded\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nHost: x\r\nA:\r\n folded\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nHost: x\r\nA:\r\n\tfolded\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nHost:\r\n x\r\n\r\n",
                            "GET /hello HTTP/1.1\r\n Host: x\r\n\r\n",
                            "POST /echo/w HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n 3\r\n\r\nabc",
                            "POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
                            "POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nHost: x\r\nA: b\x0b\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nHost: x\r\nA\x01: b\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n",
                            "GET /hello HTTP/1.1\r\nHost : x\r\n\r\n",
                            "GET\t/hello HTTP/1.1\r\nHost: x\r\n\r\n",
                            "GET /hello  HTTP/1.1\r\nHost: x\r\n\r\n",
                            " GET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
                            "GET /hello HTTP/1.1 \r\nHost: x\r\n\r\n",
                            "GET /hel\x7flo HTTP/1.1\r\nHost: x\r\n\r\n",
                            "\x16\x03\x01\x02"}) {
    expect(bytes, 400, Then::ends);
  }
  expect("GET /hello HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n"s, 400, Then::ends);
  expect("\r\nGET /hello HTTP/1.1\r\nHost: x\r\nA:\t b \xe9\t\r\nB:\r\n\r\n", 200, Then::stays);
}

TEST_F(HttpProtocol, TargetsAreOfTheFourForms) {
  struct Case {
    std::string bytes;
    int status;
    Then then;
  };
  for (auto const& [bytes, status, then] : std::vector<Case>{
           {get("/hello"), 200, Then::stays},
           {get("/hello?a=/?b"), 200, Then::stays},
           {get("http://x/hello"), 200, Then::stays},
           {get("HTTPS://example.com:8443/hello?q"), 200, Then::stays},
           {get("http://elsewhere/hello", "Host: here\r\n"), 200, Then::stays},  // the Host is not looked at
           {get("http://x"), 404, Then::stays},                                  // "/", where nothing is
           {get("http://x?q"), 404, Then::stays},
           {get("http://[::1]:80/hello"), 200, Then::stays},
           {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 204, Then::stays},
           {"OPTIONS http://x HTTP/1.1\r\nHost: x\r\n\r\n", 204, Then::stays},
           {"OPTIONS http://x/hello HTTP/1.1\r\nHost: x\r\n\r\n", 405, Then::stays},
           {"OPTIONS /hello HTTP/1.1\r\nHost: x\r\n\r\n", 405, Then::stays},
           {get("*"), 400, Then::ends},
           {get("foo?u=://x/hello"), 400, Then::ends},
           {get("foo"), 400, Then::ends},
           {get("http"), 400, Then::ends},
           {get("http:/x"), 400, Then::ends},
           {get("ftp://x/hello"), 400, Then::ends},
           {get("://x/hello"), 400, Then::ends},
           {get("http:///hello"), 400, Then::ends},
           {get("http://"), 400, Then::ends},
           {get("http://?q"), 400, Then::ends},
           {get("http://:80/hello"), 400, Then::ends},
           {get("http://u@x/hello"), 400, Then::ends},
           {get("http://x:port/hello"), 400, Then::ends},
           {get("http://[::1/hello"), 400, Then::ends},
           {get("x:80"), 400, Then::ends},
           {get("/hello#a"), 400, Then::ends},
           {get("/hel\\lo"), 400, Then::ends},
           {get("?q"), 400, Then::ends},
           {"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 501, Then::ends},
       }) {
    expect(bytes, status, then);
  }
}

TEST_F(HttpProtocol, HostsAreOfTheUrisGrammar) {
  for (auto const* host :
       {"x", "example.com", "example.com:8080", "example.com:", "127.0.0.1", "127.0.0.1:80", "[::1]",
        "[2001:db8::1]:443", "[::ffff:192.0.2.1]", "a_b.c-d", "%41b", "xn--bcher-kva.example", "", "X.", "a:65535"}) {
    expect(get("/hello", "Host: " + std::string(host) + "\r\n"), 200, Then::stays);
  }
  for (auto const* host : {"###",
                           "[::1",
                           "::1",
                           "a:port",
                           "\"a\"",
                           "a b",
                           "a,b",
                           "a, b",
                           "u@a",
                           "a/b",
                           "http://a",
                           "a:80:80",
                           "a:65536",
                           "a:-1",
                           "[]",
                           "[::g]",
                           "[::1]x",
                           "[1.2.3.4]",
                           "[::1%25lo]",
                           "%4",
                           "%zz",
                           ":80",
                           "\xc3\xa4.example",
                           "a\\b",
                           "a?b",
                           "a#b",
                           "<a>",
                           "a|b",
                           "[v1.x]"}) {
    expect(get("/hello", "Host: " + std::string(host) + "\r\n"), 400, Then::ends);
  }
  expect("GET /hello HTTP/1.1\r\n\r\n", 400, Then::ends);
  expect("GET /hello HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400, Then::ends);
}

TEST_F(HttpProtocol, VersionsOfOneAreOneAndOthersAreNotSpoken) {
  for (char const minor : std::string_view("123456789")) {
    auto const version = std::string("HTTP/1.") + minor;
    expect("GET /hello " + version + "\r\nHost: x\r\n\r\n", 200, Then::stays);
    expect("GET /hello " + version + "\r\n\r\n", 400, Then::ends);
  }
  for (auto const* version : {"HTTP/2.0", "HTTP/0.9", "HTTP/3.1", "HTTP/9.9"}) {
    auto const reply = expect("GET /hello " + std::string(version) + "\r\nHost: x\r\n\r\n", 505, Then::ends);
    EXPECT_NE(reply.body.find("HTTP_VERSION_NOT_SUPPORTED"), std::string::npos);
  }
  expect("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, Then::ends);
  for (auto const* version :
       {"HTTP/1.10", "HTTP/1", "HTTP/11", "http/1.1", "HTTP/1,1", "HTTP/x.1", "HTTPS/1.1", "HTTP/1.1a"}) {
    expect("GET /hello " + std::string(version) + "\r\nHost: x\r\n\r\n", 400, Then::ends);
  }
}

TEST_F(HttpProtocol, UnknownMethodsAndCodingsAreNotImplemented) {
  for (auto const* method : {"BREW", "get", "PROPFIND", "M-SEARCH"}) {
    auto const reply =
        expect(std::string(method) + " /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 501, Then::stays);
    EXPECT_NE(reply.body.find("NOT_IMPLEMENTED"), std::string::npos);
  }
  for (auto const* method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}) {
    auto const reply = expect(std::string(method) + " /hello HTTP/1.1\r\nHost: x\r\n\r\n", 405, Then::stays);
    EXPECT_EQ(reply.header("Allow"), "GET, HEAD");
  }
  auto const coded = [](std::string_view coding) {
    return "POST /echo/w HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + std::string(coding) + "\r\n\r\n0\r\n\r\n";
  };
  for (auto const* coding : {"gzip", "gzip, chunked", "identity", "xchunked", "chunke"})
    expect(coded(coding), 501, Then::ends);
  for (auto const* coding : {"", "chunked, chunked", "chunked, gzip", ",chunked", "chunked,", "chunked;a=b",
                             "\"chunked\"", "chunked chunked",
                             "\x0b"
                             "chunked"}) {
    expect(coded(coding), 400, Then::ends);
  }
  expect(coded("CHUNKED"), 200, Then::stays);
}

TEST_F(HttpProtocol, SizesHaveTheirOwnStatus) {
  expect("GET /" + std::string(20'000, 'a'), 414, Then::ends);
  expect("GET /hello?" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, Then::ends);
  expect(std::string(20'000, 'a'), 400, Then::ends);
  expect("GET /hello HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n", 431, Then::ends);
  auto const length = [](std::string_view digits) {
    return "POST /echo/w HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::string(digits) + "\r\n\r\nabc";
  };
  expect(length("0000000000000000000000003"), 200, Then::stays);
  expect(length("99999999999999999999"), 413, Then::ends);
  expect(length("18446744073709551619"), 413, Then::ends);  // 3, by a counter that wraps around
  for (auto const* digits : {"", "+3", "-3", "0x3", "3 3", "3,3", "3.0", "\xd9\xa3"})
    expect(length(digits), 400, Then::ends);
}

TEST_F(HttpProtocol, ABodyIsAskedForOnlyWhenItWillBeRead) {
  auto const waiting = [](std::string_view path, std::string_view headers = "Content-Type: application/json\r\n",
                          std::string_view method = "POST") {
    return std::string(method) + " " + std::string(path) +
           " HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n" + std::string(headers) + "\r\n";
  };
  std::string const key = "X-Game-Secret-Key: k1\r\n";
  std::string const json = "Content-Type: application/json\r\n";
  expect(waiting("/nothing"), 404, Then::ends);
  EXPECT_EQ(expect(waiting("/hello"), 405, Then::ends).header("Allow"), "GET, HEAD");
  expect(waiting("/echo/w", json, "BREW"), 501, Then::ends);
  EXPECT_NE(expect(waiting("/keyed/small"), 401, Then::ends).header("WWW-Authenticate"), "");
  expect(waiting("/keyed/small", json + "X-Game-Secret-Key: k2\r\n"), 401, Then::ends);
  expect(waiting("/keyed/small", key + "Content-Type: text/plain\r\n"), 415, Then::ends);
  expect(waiting("/keyed/small", key), 415, Then::ends);
  expect("POST /echo/w HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n", 413, Then::ends);
  expect("POST /echo/w HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 3\r\n\r\n", 417, Then::ends);
  for (std::string const& framed :
       {waiting("/keyed/small", key + json), waiting("/echo/w"),
        "POST /echo/w HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n" +
            std::string()}) {
    RawClient client(server->port());
    client.send(framed);
    ASSERT_EQ(client.read_reply()->status, 100) << framed;
    client.send(framed.find("chunked") == std::string::npos ? "abc" : "3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(client.read_reply()->status, 200) << framed;
    client.send(kGet);
    EXPECT_EQ(client.read_reply()->body, "hello");
  }
  // HTTP/1.0 knows no 100, and without a body there is nothing to wait for.
  RawClient old(server->port());
  old.send("POST /echo/w HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(old.read_reply()->status, 200);
  expect("GET /hello HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n", 200, Then::stays);
}

TEST_F(HttpProtocol, ALargeBodyIsNotReadForAStranger) {
  options.body_limit = 8 << 20;
  std::string const json = "Content-Type: application/json\r\n";
  std::string const chunks = "Transfer-Encoding: chunked\r\n\r\n";
  for (auto const& framing : {std::string("Content-Length: 8000000\r\n\r\n"), chunks}) {
    auto const head = "POST /keyed/bulk HTTP/1.1\r\nHost: x\r\n" + json;
    expect(head + framing, 401, Then::ends);
    expect(head + "X-Game-Secret-Key: k2\r\n" + framing, 401, Then::ends);
  }
  // A small one is, so that the connection goes on.
  expect("POST /keyed/bulk HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n" + json + "\r\nabc", 401, Then::stays);
  RawClient known(server->port());
  known.send("POST /keyed/bulk HTTP/1.1\r\nHost: x\r\nX-Game-Secret-Key: k1\r\nContent-Length: 8000000\r\n" + json +
             "\r\n" + std::string(8'000'000, 'b') + std::string(kGet));
  EXPECT_EQ(known.read_reply()->body, "8000000");
  EXPECT_EQ(known.read_reply()->body, "hello");
}

// A large body's head that waits for "100 Continue".
std::string bulk(std::string_view path, std::string_view headers, std::size_t size) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
         std::string(headers) + "\r\nExpect: 100-continue\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}
constexpr std::string_view kKey = "X-Game-Secret-Key: k1";
constexpr std::string_view kNextKey = "X-Game-Secret-Key: k1-next";
constexpr std::string_view kOtherKey = "X-Game-Secret-Key: k3";

TEST_F(HttpProtocol, LargeBodiesTogetherAreBounded) {
  constexpr std::size_t kSize = std::size_t{32} << 20;
  options.body_limit = kSize;
  start();
  auto const head = bulk("/keyed/bulk", kKey, kSize);
  RawClient first(server->port());
  RawClient second(server->port());
  first.send(head);
  ASSERT_EQ(first.read_reply()->status, 100);
  second.send(bulk("/keyed/bulk", kOtherKey, kSize));
  ASSERT_EQ(second.read_reply()->status, 100);
  auto const reply = expect(head, 503, Then::ends);
  EXPECT_NE(reply.body.find("SERVER_BUSY"), std::string::npos);
  EXPECT_EQ(reply.header("Retry-After"), "1");
  first.send(std::string(kSize, 'b'));
  EXPECT_EQ(first.read_reply()->body, std::to_string(kSize));
  first.send(head);
  EXPECT_EQ(first.read_reply()->status, 100) << "what the first body took was given back";
  // Strangers have a budget of their own.
  RawClient stranger(server->port());
  stranger.send(bulk("/open/bulk", "A: b", 4 << 20));
  EXPECT_EQ(stranger.read_reply()->status, 100);
}

TEST_F(HttpProtocol, OneCallersLargeBodiesHaveAShare) {
  options.body_limit = 8 << 20;
  start();
  RawClient first(server->port());
  RawClient second(server->port());
  for (auto* client : {&first, &second}) {
    client->send(bulk("/keyed/bulk", kKey, 8 << 20));
    ASSERT_EQ(client->read_reply()->status, 100);
  }
  expect(bulk("/keyed/bulk", kKey, 100'000), 503, Then::ends);
  expect(bulk("/keyed/bulk", kNextKey, 100'000), 503, Then::ends);
  RawClient other(server->port());
  other.send(bulk("/keyed/bulk", kOtherKey, 8 << 20));
  EXPECT_EQ(other.read_reply()->status, 100) << "another game's body is read";
  RawClient third(server->port());
  third.send(bulk("/keyed/bulk", std::string(kOtherKey) + "\r\nAuthorization: Bearer x", 8 << 20));
  EXPECT_EQ(third.read_reply()->status, 100);
  expect(bulk("/keyed/bulk", std::string(kOtherKey) + "\r\nAuthorization: Bearer y", 100'000), 503, Then::ends);
}

TEST_F(HttpProtocol, OneStrangersLargeBodiesHaveAShare) {
  options.trusted_proxies = TrustedProxies({asio::ip::make_address("127.0.0.1")});
  options.body_limit = 8 << 20;
  start();
  RawClient first(server->port());
  first.send(bulk("/open/bulk", "X-Forwarded-For: 2001:db8::1", 4 << 20));
  ASSERT_EQ(first.read_reply()->status, 100);
  expect(bulk("/open/bulk", "X-Forwarded-For: 2001:db8::2", 100'000), 503, Then::ends);
  RawClient second(server->port());
  second.send(bulk("/open/bulk", "X-Forwarded-For: 2001:db8:0:1::1", 100'000));
  EXPECT_EQ(second.read_reply()->status, 100) << "another network's body is read";
}

TEST_F(HttpProtocol, ALargeBodyIsGivenBackBeforeItsReplyIsRead) {
  options.body_limit = 8 << 20;
  start();
  RawClient first(server->port());
  RawClient second(server->port());
  for (auto* client : {&first, &second}) {
    client->send(bulk("/keyed/bulk/fixed", kKey, 8 << 20));
    ASSERT_EQ(client->read_reply()->status, 100);
    client->send(std::string(8 << 20, 'b') + std::string(kGet));
    ASSERT_TRUE(client->peek());
  }
  RawClient third(server->port());
  third.send(bulk("/keyed/bulk", kKey, 8 << 20));
  EXPECT_EQ(third.read_reply()->status, 100);
  EXPECT_EQ(first.read_reply()->body, document());
  EXPECT_EQ(first.read_reply()->body, "hello") << "what came behind the body was kept";
}

TEST_F(HttpProtocol, RepliesWithoutContentEndWithTheirHead) {
  for (int const status : {204, 304}) {
    for (auto const* method : {"GET", "HEAD"}) {
      auto const reply =
          expect(std::string(method) + " /status/" + std::to_string(status) + " HTTP/1.1\r\nHost: x\r\n\r\n", status,
                 Then::stays);
      EXPECT_EQ(reply.header("Content-Length"), "");
      EXPECT_EQ(reply.header("Content-Type"), "");
    }
  }
  EXPECT_EQ(expect("HEAD /fixed HTTP/1.1\r\nHost: x\r\n\r\n", 200, Then::stays).header("Content-Length"),
            std::to_string(kFixed));
  // A stream's length is not known, so HTTP/1.0 ends it by closing: also when only the head was asked for.
  RawClient old(server->port());
  old.send("HEAD /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + std::string(kGet));
  EXPECT_EQ(old.read_reply(true)->header("Connection"), "close");
  EXPECT_TRUE(old.closed());
}

TEST_F(HttpProtocol, ConnectionOptionsAreAListInAnyCase) {
  for (auto const* headers : {"Connection: close\r\n", "Connection: Close\r\n", "Connection: x , close\r\n",
                              "Connection: x\r\nconnection: CLOSE\r\n", "Connection: keep-alive, close\r\n"}) {
    expect(get("/hello", "Host: x\r\n" + std::string(headers)), 200, Then::ends);
  }
  expect(get("/hello", "Host: x\r\nConnection: closed, not-close\r\n"), 200, Then::stays);
}

}  // namespace
}  // namespace florin::api
