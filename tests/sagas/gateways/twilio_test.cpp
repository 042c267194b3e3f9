// What Twilio's replies mean. tests/e2e/gateways holds the requests against Twilio's own description.
#include "sagas/gateways/twilio.h"

#include <gtest/gtest.h>

#include "sagas/gateways/form.h"
#include "tests/sagas/gateways/mock_provider.h"
#include "tests/sagas/run.h"

namespace florin::sagas {
namespace {

using namespace std::chrono_literals;
using test_support::http_reply;
using test_support::MockProvider;
using test_support::MockReply;

constexpr char kAccount[] = "AC0123456789abcdef0123456789abcdef";
constexpr char kMessage[] = "SM0123456789abcdef0123456789abcdef";
constexpr char kService[] = "MG0123456789abcdef0123456789abcdef";

std::string created(std::string const& sid = kMessage) { return R"({"sid": ")" + sid + R"(", "status": "queued"})"; }

struct Twilio : testing::Test {
  boost::asio::io_context io;
  TwilioConfig config = {kAccount, "the-secret", "", "+15005550006", "", "", 5000ms, 4, ""};

  SmsResult send(MockProvider const& provider, TextMessage message = {"+15551234567", "Code 1 & 2 = ü", "key"}) {
    config.base_url = provider.url();
    auto gateway = TwilioGateway::make(io, config);
    EXPECT_TRUE(gateway.ok());
    return test_support::run(io, gateway.value()->send(std::move(message)));
  }
  SmsResult result_of(MockReply const& reply) {
    MockProvider const provider([&](auto, auto const&) { return reply; });
    return send(provider);
  }
  std::string refused_setting() {
    auto made = TwilioGateway::make(io, config);
    if (made.ok()) return "";
    EXPECT_EQ(made.error().find("the-secret"), std::string::npos);
    return made.error().substr(0, made.error().find(':'));
  }
};

TEST_F(Twilio, PostsTheMessageWithTheAccountsCredentials) {
  MockProvider const provider([](auto, auto const&) { return http_reply(201, created()); });
  EXPECT_EQ(send(provider), SmsResult::sent(kMessage));
  auto const request = provider.requests().at(0);
  EXPECT_EQ(request.method_string(), "POST");
  EXPECT_EQ(request.target(), std::string("/2010-04-01/Accounts/") + kAccount + "/Messages.json");
  EXPECT_EQ(request["Content-Type"], "application/x-www-form-urlencoded");
  EXPECT_EQ(request["Authorization"], "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjp0aGUtc2VjcmV0");
  EXPECT_EQ(decode_form(request.body()).value(),
            (Form{{"To", "+15551234567"}, {"Body", "Code 1 & 2 = ü"}, {"From", "+15005550006"}}));
}

TEST_F(Twilio, AnApiKeySignsInInTheAccountsPlace) {
  config.api_key_sid = "SK0123456789abcdef0123456789abcdef";
  MockProvider const provider([](auto, auto const&) { return http_reply(201, created()); });
  EXPECT_EQ(send(provider).outcome, SmsResult::Outcome::sent);
  auto const request = provider.requests().at(0);
  EXPECT_EQ(request["Authorization"], "Basic U0swMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjp0aGUtc2VjcmV0");
  EXPECT_NE(request.target().find(kAccount), std::string::npos);
}

TEST_F(Twilio, AMessagingServiceChoosesTheSender) {
  config.from = "";
  config.messaging_service_sid = kService;
  MockProvider const provider([](auto, auto const&) { return http_reply(200, created()); });
  EXPECT_EQ(send(provider), SmsResult::sent(kMessage));
  EXPECT_EQ(decode_form(provider.requests().at(0).body()).value(),
            (Form{{"To", "+15551234567"}, {"Body", "Code 1 & 2 = ü"}, {"MessagingServiceSid", kService}}));
}

TEST_F(Twilio, ARefusedNumberCarriesTwiliosCode) {
  EXPECT_EQ(result_of(http_reply(400, R"({"code": 21211, "message": "The 'To' number +15551234567 is not valid."})")),
            SmsResult::refused("21211"));
  EXPECT_EQ(result_of(http_reply(403, R"({"code": 21408})")), SmsResult::refused("21408"));
  EXPECT_EQ(result_of(http_reply(410, "<html>")), SmsResult::refused("http_410"));
  EXPECT_EQ(result_of(http_reply(400, R"({"code": "+15551234567"})")), SmsResult::refused("http_400"));
}

TEST_F(Twilio, WhatMayPassIsUnavailable) {
  EXPECT_EQ(result_of(http_reply(429, R"({"code": 20429})")), SmsResult::unavailable("20429"));
  EXPECT_EQ(result_of(http_reply(408, "")), SmsResult::unavailable("http_408"));
  EXPECT_EQ(result_of(http_reply(500, "")), SmsResult::unavailable("http_500"));
  EXPECT_EQ(result_of(http_reply(503, "{}")), SmsResult::unavailable("http_503"));
  EXPECT_EQ(result_of(http_reply(301, "", "Location: http://127.0.0.1:1/\r\n")), SmsResult::unavailable("http_301"));
}

TEST_F(Twilio, OurOwnAccountBeingWrongIsNotTheNumbersFault) {
  EXPECT_EQ(result_of(http_reply(401, R"({"code": 20003})")), SmsResult::unavailable("20003"));
  EXPECT_EQ(result_of(http_reply(404, R"({"code": 20404})")), SmsResult::unavailable("20404"));
}

TEST_F(Twilio, OnlyAMessageIdMeansSent) {
  EXPECT_EQ(result_of(http_reply(201, "{}")), SmsResult::unavailable("no_sid"));
  EXPECT_EQ(result_of(http_reply(200, "<html>portal</html>")), SmsResult::unavailable("no_sid"));
  EXPECT_EQ(result_of(http_reply(201, created("+15551234567"))), SmsResult::unavailable("no_sid"));
  EXPECT_EQ(result_of(http_reply(201, R"({"sid": 5})")), SmsResult::unavailable("no_sid"));
  EXPECT_EQ(result_of(http_reply(204, "")), SmsResult::unavailable("http_204"));
}

TEST_F(Twilio, FaultsOfTheConnectionAreUnavailable) {
  EXPECT_EQ(result_of({"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"sid\"", true, false}),
            SmsResult::unavailable("broken"));
  EXPECT_EQ(result_of(http_reply(201, std::string(70'000, ' '))), SmsResult::unavailable("reply_too_large"));
  config.timeout = 200ms;
  EXPECT_EQ(result_of({"", false, true}), SmsResult::unavailable("timeout"));
}

TEST_F(Twilio, UsesItsConnectionsAgain) {
  MockProvider const provider([](auto, auto const&) { return http_reply(201, created()); });
  config.base_url = provider.url();
  auto gateway = TwilioGateway::make(io, config);
  for (int i = 0; i < 4; ++i) {
    TextMessage message{"+15551234567", "x", "key"};
    EXPECT_EQ(test_support::run(io, gateway.value()->send(std::move(message))), SmsResult::sent(kMessage));
  }
  EXPECT_EQ(provider.connections(), 1u);
}

TEST_F(Twilio, RefusesASelfSignedCertificate) {
  auto const own = test_support::self_signed("localhost");
  MockProvider const provider([](auto, auto const&) { return http_reply(201, created()); }, own.certificate, own.key);
  config.base_url = "https://localhost:" + std::to_string(provider.port());
  auto gateway = TwilioGateway::make(io, config);
  TextMessage message{"+15551234567", "x", "key"};
  EXPECT_EQ(test_support::run(io, gateway.value()->send(std::move(message))), SmsResult::unavailable("tls"));
  EXPECT_TRUE(provider.requests().empty());
}

TEST_F(Twilio, SettingsThatCannotWorkAreNamedWithoutTheirValues) {
  config.base_url = "https://api.twilio.com";
  EXPECT_EQ(refused_setting(), "");
  auto const with = [this](auto change) {
    TwilioConfig const before = config;
    change(config);
    std::string const setting = refused_setting();
    config = before;
    return setting;
  };
  EXPECT_EQ(with([](auto& c) { c.account_sid = "AC12"; }), "account_sid");
  EXPECT_EQ(with([](auto& c) { c.account_sid = "AC../../../../../../../../../../.."; }), "account_sid");
  EXPECT_EQ(with([](auto& c) { c.auth_token = ""; }), "auth_token");
  EXPECT_EQ(with([](auto& c) { c.api_key_sid = kAccount; }), "api_key_sid");
  EXPECT_EQ(with([](auto& c) { c.from = ""; }), "from");
  EXPECT_EQ(with([](auto& c) { c.messaging_service_sid = "MG1"; }), "messaging_service_sid");
  EXPECT_EQ(with([](auto& c) { c.base_url = "http://api.twilio.com"; }), "base_url");
}

}  // namespace
}  // namespace florin::sagas
