// A server with small routes of its own, for the tests that meet it as a client on a raw socket.
#pragma once

#include <future>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "api/http/errors.h"
#include "api/http/server.h"
#include "api/routes/headers.h"
#include "tests/api/raw_client.h"

namespace florin::api::testing {

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

class HttpServerFixture : public ::testing::Test {
 protected:
  HttpServerFixture() {
    options.port = 0;
    options.io_threads = 2;
    options.body_limit = 1000;
    router.add(Method::get, "/hello", [](Request const&, PathValues const&) -> Awaitable<Response> {
      Response response;
      response.body = "hello";
      response.position = 9;
      co_return response;
    });
    router.add(
        Method::post, "/echo/{word}",
        [](Request const& request, PathValues const& values) -> Awaitable<Response> {
          Response response;
          response.body = std::string(values.values[0]) + "|" + std::string(request.body) + "|" +
                          std::string(request.query) + "|" + std::string(request.own[kGameKey]) + "|" +
                          std::string(request.content_type) + "|" + std::string(request.own[kMinPosition]);
          co_return response;
        },
        kBodyLimit, Takes::any);
    // Behind a gate: with the keys "k1" and "k1-next" of one game, and "k3" of which the gate does not say whose it is.
    auto const gate = [](Request const& request) -> std::optional<Response> {
      auto const key = request.own[kGameKey];
      if (key.starts_with("k1") && request.caller != nullptr) *request.caller = 1;
      if (key == "k1" || key == "k1-next" || key == "k3") return std::nullopt;
      return unauthorized_response(request, "Key", "MISSING_KEY", "Send the key.");
    };
    auto const size = [gate](Request const& request, PathValues const&) -> Awaitable<Response> {
      if (auto refused = gate(request)) co_return std::move(*refused);
      Response response;
      response.body = std::to_string(request.body.size());
      co_return response;
    };
    router.add_gate("/keyed/", gate);
    router.add(Method::post, "/keyed/small", size);
    router.add(Method::post, "/keyed/bulk", size, kServerBodyLimit, Takes::json);
    router.add(
        Method::post, "/keyed/bulk/fixed",
        [gate](Request const& request, PathValues const&) -> Awaitable<Response> {
          if (auto refused = gate(request)) co_return std::move(*refused);
          Response response;
          response.fixed_body = document();
          co_return response;
        },
        kServerBodyLimit, Takes::json);
    router.add(
        Method::post, "/open/bulk",
        [](Request const& request, PathValues const&) -> Awaitable<Response> {
          Response response;
          response.body = std::to_string(request.body.size());
          co_return response;
        },
        kServerBodyLimit, Takes::any);
    router.add(Method::get, "/keyed/fixed", [gate](Request const& request, PathValues const&) -> Awaitable<Response> {
      if (auto refused = gate(request)) co_return std::move(*refused);
      Response response;
      response.fixed_body = document();
      co_return response;
    });
    for (int const status : {204, 304}) {
      router.add(Method::get, "/status/" + std::to_string(status),
                 [status](Request const&, PathValues const&) -> Awaitable<Response> {
                   Response response;
                   response.status = status;
                   response.body = "never sent";
                   co_return response;
                 });
    }
    router.add(Method::get, "/fixed", [](Request const&, PathValues const&) -> Awaitable<Response> {
      Response response;
      response.fixed_body = document();
      co_return response;
    });
    router.add(Method::get, "/client", [](Request const& request, PathValues const&) -> Awaitable<Response> {
      Response response;
      response.body = request.client;
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

  ~HttpServerFixture() override { stop(); }

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
  static constexpr std::size_t kFixed = 4'000'000;
  static std::string_view document() {
    static std::string const text(kFixed, 'F');
    return text;
  }
  ServerOptions options;
  Router router{kRouterOptions};
  WorkerPool workers{2};
  std::promise<Completer<int>> handed_over;
  std::unique_ptr<Server> server;
};

inline constexpr std::string_view kGet = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

}  // namespace florin::api::testing
