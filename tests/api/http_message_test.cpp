// message, router, errors and reply: everything around a request that needs no socket.
#include <memory>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "api/http/errors.h"
#include "api/http/reply.h"
#include "api/http/request_head.h"
#include "api/http/router.h"
#include "tests/support/fixed_clock.h"

namespace florin::api {
namespace {

TEST(Readable, IsUtf8BehindWholeEscapes) {
  for (auto const* good :
       {"", "/a/b", "/a/%C3%A9%40b.example", "x=1&y=%e2%82%ac+z", "/caf\xc3\xa9", "/%25ff", "q=%00"}) {
    EXPECT_TRUE(is_readable(good)) << good;
  }
  for (auto const* bad : {"/%ff%40example.com/minor", "email=%ff%40b.example", "/\xff", "/%c3", "/%c3/%a9",
                          "a=%c3&b=%a9", "/%ed%a0%80", "/%c0%ae", "/%zz", "/%", "/a%4", "email=%f5%80%80%80"}) {
    EXPECT_FALSE(is_readable(bad)) << bad;
  }
}

TEST(QueryValue, FindsTheFirstOfItsName) {
  Request request;
  request.query = "limit=5&cursor=a%26b+c&flag&limit=7&bad=%zz";
  EXPECT_EQ(request.query_value("limit"), "5");
  EXPECT_EQ(request.query_value("cursor"), "a&b c");
  EXPECT_EQ(request.query_value("flag"), "");
  EXPECT_EQ(request.query_value("lim"), std::nullopt);
  EXPECT_EQ(request.query_value("bad"), std::nullopt);
}

TEST(BearerToken, HasASchemeInAnyCaseAndBlanksBehindIt) {
  for (auto const* header : {"Bearer t0ken", "bearer t0ken", "BEARER   t0ken", "beaReR t0ken"}) {
    EXPECT_EQ(bearer_token(header), "t0ken") << header;
  }
  for (auto const* header :
       {"", "Bearer", "Bearer ", "Basic t0ken", "Bearert0ken", "Bearer\tt0ken", " Bearer t0ken", "t0ken"}) {
    EXPECT_EQ(bearer_token(header), "") << header;
  }
}

TEST(EntityTag, IsNamedByAListOrByAStar) {
  for (auto const* header : {"\"a\"", "W/\"a\"", "\"b\", \"a\"", "\"b\",\tW/\"a\" ", "*"}) {
    EXPECT_TRUE(names_tag(header, "\"a\"")) << header;
  }
  for (auto const* header : {"", "a", "\"b\"", "\"A\"", "\"ab\"", "w/\"a\""})
    EXPECT_FALSE(names_tag(header, "\"a\"")) << header;
}

TEST(Gates, TheLongestPrefixDecides) {
  Router router;
  EXPECT_EQ(router.gate_of("/api/x"), nullptr);
  router.add_gate("/api/", [](Request const&) -> std::optional<Response> { return std::nullopt; });
  router.add_gate("/api/admin/",
                  [](Request const& request) { return std::optional(error_response(request, 403, "NO", "No.")); });
  ASSERT_NE(router.gate_of("/api/x"), nullptr);
  EXPECT_FALSE((*router.gate_of("/api/x"))(Request{}));
  EXPECT_EQ((*router.gate_of("/api/admin/x"))(Request{})->status, 403);
  EXPECT_EQ(router.gate_of("/apis"), nullptr);
}

Handler handler() {
  return [](Request const&, PathValues const&) -> Awaitable<Response> { co_return Response{}; };
}

class Routes : public ::testing::Test {
 protected:
  Routes() {
    router.add(Method::get, "/", handler());
    router.add(Method::get, "/api/player/{player_id}", handler());
    router.add(Method::get, "/api/player/by-email/{email}", handler());
    router.add(Method::get, "/api/player/by-email/{email}/history", handler());
    router.add(Method::post, "/api/player/batch", handler());
    router.add(Method::put, "/admin/games/{id}", handler());
    router.add(Method::get, "/admin/games/{id}", handler());
    router.add(Method::del, "/a/{x}/{y}/{z}/{w}", handler());
  }
  [[nodiscard]] std::string route(std::string_view path) const {
    return std::string(router.find(Method::get, path).route);
  }
  Router router;
};

TEST_F(Routes, LiteralsBeatNames) {
  EXPECT_EQ(route("/api/player/17"), "/api/player/{player_id}");
  EXPECT_EQ(route("/api/player/by-email/a@b"), "/api/player/by-email/{email}");
  EXPECT_EQ(route("/api/player/by-email/a@b/history"), "/api/player/by-email/{email}/history");
  EXPECT_EQ(route("/"), "/");
  // A literal that leads nowhere falls back to the name.
  EXPECT_EQ(route("/api/player/by-email"), "/api/player/{player_id}");
}

TEST_F(Routes, ValuesComeInOrderAndRaw) {
  auto const match = router.find(Method::del, "/a/1/b%20c/3/4");
  ASSERT_NE(match.handler, nullptr);
  ASSERT_EQ(match.values.count, 4u);
  EXPECT_EQ(match.values.values[1], "b%20c");
  EXPECT_EQ(match.values.values[3], "4");
}

TEST_F(Routes, UnknownPathsMatchNothing) {
  for (auto const* path : {"", "api", "/api", "/api/", "/api/player", "/api/player/", "/api/player/1/",
                           "/api/player//x", "/api/player/1/2", "//", "/API/player/1"}) {
    auto const match = router.find(Method::get, path);
    EXPECT_EQ(match.handler, nullptr) << path;
    EXPECT_TRUE(match.allow.empty()) << path;
  }
}

TEST_F(Routes, AWrongMethodTellsTheRightOnes) {
  auto const match = router.find(Method::post, "/admin/games/5");
  EXPECT_EQ(match.handler, nullptr);
  EXPECT_EQ(match.allow, "GET, HEAD, PUT");
  EXPECT_EQ(router.find(Method::other, "/api/player/by-email/x").allow, "GET, HEAD");
  EXPECT_EQ(router.find(Method::get, "/api/player/batch").allow, "POST") << "the literal wins whatever the method";
}

TEST(LoggablePath, NeverHoldsAnythingPersonal) {
  Request request;
  request.path = "/api/player-balances/player/by-email/someone@example.com";
  EXPECT_EQ(loggable_path(request), "/api/player-balances/…");
  request.path = "/someone@example.com/x";
  EXPECT_EQ(loggable_path(request), "/*/x");
  request.path = "/api/ivsdk_A1";
  EXPECT_EQ(loggable_path(request), "/api/*");
  request.path = "";
  EXPECT_EQ(loggable_path(request), "");
  request.route = "/api/{email}";
  EXPECT_EQ(loggable_path(request), "/api/{email}");
}

TEST(ErrorResponse, IsTheEnvelope) {
  Request request;
  request.id = 0xabcdef;
  Response const response = error_response(request, 429, "SLOW_DOWN", "Too \"fast\".", {{"extra", "[1]"}}, 7);
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.retry_after_seconds, 7);
  Request as_body;
  as_body.body = response.body;
  as_body.content_type = response.content_type;
  auto body = JsonBody::parse(as_body);
  ASSERT_EQ(body.error(), nullptr) << body.error()->message << response.body;
  EXPECT_EQ(body.required_string("status", 10), "error");
  EXPECT_EQ(body.required_string("error", 20), "Too \"fast\".");
  EXPECT_EQ(body.required_string("message", 20), "Too \"fast\".");
  EXPECT_EQ(body.required_string("error_code", 20), "SLOW_DOWN");
  std::string const id(body.required_string("error_id", 40));
  EXPECT_EQ(id.size(), 4u + 8 + 1 + 16);
  EXPECT_EQ(id.substr(12), "_0000000000abcdef");
  EXPECT_TRUE(domain::parse_iso8601(body.required_string("timestamp", 40)));
  EXPECT_EQ(body.required_integer("retry_after", 0, 10), 7);
  EXPECT_TRUE(body.has("extra"));
  EXPECT_EQ(body.error(), nullptr);
}

TEST(ErrorResponse, AnUnauthorisedReplyHasItsChallenge) {
  auto const response = unauthorized_response(Request{}, R"(Bearer realm="here")", "NO_TOKEN", "No.");
  EXPECT_EQ(response.status, 401);
  EXPECT_NE(response.body.find(R"("error_code":"NO_TOKEN")"), std::string::npos) << response.body;
  std::string head;
  append_head(head, response, 1, {});
  EXPECT_NE(head.find("\r\nWWW-Authenticate: Bearer realm=\"here\"\r\n"), std::string::npos) << head;
  EXPECT_TRUE(error_response(Request{}, 403, "NO", "No.").challenge.empty());
}

TEST(ErrorResponse, OnlyTheServersOwnErrorsAreLoggedAsErrors) {
  auto const is_logged_as_error = [](int status, int retry_after) {
    std::ostringstream said;
    auto const before = spdlog::default_logger();
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("here", std::make_shared<spdlog::sinks::ostream_sink_mt>(said)));
    (void)error_response(Request{}, status, "CODE", "Message.", {}, retry_after);
    spdlog::set_default_logger(before);
    EXPECT_NE(said.str().find(" CODE"), std::string::npos) << status;
    return said.str().find("[error]") != std::string::npos;
  };
  for (int const of_the_client : {400, 401, 404, 429, 501, 505}) EXPECT_FALSE(is_logged_as_error(of_the_client, 0));
  for (int const of_the_server : {500, 502, 503}) EXPECT_TRUE(is_logged_as_error(of_the_server, 0));
  EXPECT_FALSE(is_logged_as_error(503, 1)) << "it passes by itself";
}

TEST(ErrorResponse, TellsTheTimeOfItsEnvironment) {
  test_support::FixedClock const production(1'800'000'000);
  test_support::FixedClock const sandbox(1'900'000'000);
  Router router;
  EXPECT_EQ(router.clock_of("/api/x"), nullptr);
  router.add_clock("", production);
  router.add_clock("/sandbox/", sandbox);
  EXPECT_EQ(router.clock_of("/api/x"), &production);
  EXPECT_EQ(router.clock_of(""), &production);
  EXPECT_EQ(router.clock_of("/sandbox/api/x"), &sandbox);
  Request request;
  request.clock = router.clock_of("/sandbox/api/x");
  auto const body = error_response(request, 404, "NOT_FOUND", "Nothing.").body;
  EXPECT_NE(body.find(R"("timestamp":"2030-03-17T17:46:40Z")"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("error_id":"ERR_20300317_)"), std::string::npos) << body;
}

TEST(BodyErrorResponse, NamesTheField) {
  Response const response = body_error_response(Request{}, {400, "INVALID_AMOUNT", "amount", "No."});
  EXPECT_NE(response.body.find(R"("field":"amount")"), std::string::npos);
}

TEST(Reply, HasAllItsHeaders) {
  Response response;
  response.status = 503;
  response.body = "abc";
  response.position = 42;
  response.retry_after_seconds = 3;
  response.allow = "GET";
  std::string out;
  append_head(out, response, 0x1f, {false, false, "today", "View-Position"});
  EXPECT_EQ(out,
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
            "Request-Id: 000000000000001f\r\nDate: today\r\nContent-Length: 3\r\nView-Position: 42\r\n"
            "Retry-After: 3\r\nAllow: GET\r\nConnection: close\r\n\r\n");
}

TEST(Reply, SaysNoPositionWithoutAName) {
  Response response;
  response.position = 42;
  std::string out;
  append_head(out, response, 1, {});
  EXPECT_EQ(out.find("42"), std::string::npos) << out;
}

constexpr OwnHeader kOwn[] = {{"x-color", 0}, {"x-colour", 0}, {"x-size", kOwnHeadersMax - 1}};

ParsedHead head_with(std::string const& headers, std::span<OwnHeader const> own = kOwn) {
  static std::string text;  // views point into it
  text = "GET / HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
  return parse_head(text, own);
}

TEST(OwnHeaders, ComeToTheirPlacesByNamesInAnyCase) {
  auto const parsed = head_with("X-SIZE: 7\r\nx-Colour:\r\nX-Shape: round\r\n");
  ASSERT_FALSE(parsed.refusal);
  EXPECT_EQ(parsed.head.own[kOwnHeadersMax - 1], "7");
  EXPECT_EQ(parsed.head.own[0], "");
  EXPECT_NE(parsed.head.own[0].data(), nullptr) << "it came, and was empty";
  EXPECT_EQ(parsed.head.own[1].data(), nullptr);
}

TEST(OwnHeaders, OnePlaceTakesOne) {
  for (auto const* twice :
       {"X-Size: 7\r\nX-Size: 7\r\n", "X-Color: a\r\nX-Colour: b\r\n", "X-Color:\r\nX-Color: a\r\n"}) {
    EXPECT_TRUE(head_with(twice).refusal) << twice;
  }
  EXPECT_FALSE(head_with("X-Size: 7\r\nX-Color: 7\r\n").refusal);
  EXPECT_FALSE(head_with("X-Size: 7\r\nX-Size: 7\r\n", {}).refusal) << "nobody reads it";
}

TEST(Reply, WritesHttpDates) {
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(1709251199), "Thu, 29 Feb 2024 23:59:59 GMT");
}

}  // namespace
}  // namespace florin::api
