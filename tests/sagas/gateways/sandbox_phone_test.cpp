#include "sagas/gateways/sandbox_phone.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "sagas/gateways/twilio_inbound.h"
#include "tests/sagas/run.h"
#include "tests/support/fixed_clock.h"

namespace florin::sagas {
namespace {

constexpr char kAlice[] = "+15551230001";
constexpr char kBob[] = "+15551230002";

std::vector<std::string> bodies(std::vector<SandboxText> const& texts) {
  std::vector<std::string> out;
  for (auto const& text : texts) out.push_back(text.body);
  return out;
}

struct Sandbox : testing::Test {
  test_support::FixedClock clock;
  boost::asio::io_context io;

  SmsResult send(SandboxPhone& phone, std::string to, std::string body) {
    TextMessage message{std::move(to), std::move(body), "key"};
    return test_support::run(io, phone.send(std::move(message)));
  }
};

TEST_F(Sandbox, KeepsTextsNewestLastWithIdAndTime) {
  SandboxPhone phone(clock, {});
  auto const first = send(phone, kAlice, "one");
  clock.advance(5);
  send(phone, kBob, "two");
  send(phone, kAlice, "three");
  EXPECT_EQ(bodies(phone.messages(kAlice)), (std::vector<std::string>{"one", "three"}));
  EXPECT_EQ(bodies(phone.messages()), (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(bodies(phone.messages(2)), (std::vector<std::string>{"two", "three"}));
  EXPECT_TRUE(phone.messages("+15559999999").empty());
  auto const texts = phone.messages(kAlice);
  EXPECT_EQ(first, SmsResult::sent(texts[0].id));
  EXPECT_EQ(texts[0].id.size(), 34u);
  EXPECT_TRUE(texts[0].id.starts_with("SM"));
  EXPECT_EQ(texts[0].to, kAlice);
  EXPECT_EQ(texts[1].at, texts[0].at + 5);
}

TEST_F(Sandbox, KeepsTheNewestOfAPhone) {
  SandboxPhone phone(clock, {});
  for (int i = 0; i < 60; ++i) send(phone, kAlice, std::to_string(i));
  auto const kept = bodies(phone.messages(kAlice));
  EXPECT_EQ(kept.size(), 50u);
  EXPECT_EQ(kept.front(), "10");
  EXPECT_EQ(kept.back(), "59");
}

TEST_F(Sandbox, PastItsBytesForgetsThePhonesTextedLeastRecently) {
  SandboxPhoneOptions options;
  options.bytes_max = 3 * (256 + 12 + 1);
  SandboxPhone phone(clock, options);
  send(phone, kAlice, "1");
  send(phone, kBob, "2");
  send(phone, kAlice, "3");
  send(phone, "+15551230003", "4");  // Bob goes, though Alice's first is older
  EXPECT_TRUE(phone.messages(kBob).empty());
  EXPECT_EQ(bodies(phone.messages()), (std::vector<std::string>{"1", "3", "4"}));
  send(phone, "+15551230004", std::string(2000, 'x'));  // over the bound alone: kept, alone
  EXPECT_EQ(phone.messages().size(), 1u);
  send(phone, kBob, "5");
  EXPECT_EQ(bodies(phone.messages()), (std::vector<std::string>{"5"}));
}

TEST_F(Sandbox, RefusesNumbersAndTextsAsTheProviderDoes) {
  SandboxPhone phone(clock, {});
  EXPECT_EQ(send(phone, "5551234567", "x"), SmsResult::refused("21211"));
  EXPECT_EQ(send(phone, "+1555123456789012", "x"), SmsResult::refused("21211"));
  EXPECT_EQ(send(phone, "+15005550009", "x"), SmsResult::refused("21614"));
  EXPECT_EQ(send(phone, kAlice, ""), SmsResult::refused("21602"));
  EXPECT_EQ(send(phone, kAlice, std::string(6401, 'x')), SmsResult::refused("21617"));
  EXPECT_TRUE(phone.messages().empty());
}

TEST_F(Sandbox, FaultsComeOnDemand) {
  SandboxPhone phone(clock, {});
  phone.fail_next(2);
  EXPECT_EQ(send(phone, kAlice, "1"), SmsResult::unavailable("sandbox_failure"));
  EXPECT_EQ(send(phone, kAlice, "2"), SmsResult::unavailable("sandbox_failure"));
  EXPECT_EQ(send(phone, kAlice, "3").outcome, SmsResult::Outcome::sent);
  phone.drop_next(1);
  EXPECT_EQ(send(phone, kAlice, "4").outcome, SmsResult::Outcome::sent);
  phone.lose_answer_next(1);
  EXPECT_EQ(send(phone, kAlice, "5"), SmsResult::unavailable("sandbox_answer_lost"));
  phone.set_down(true);
  EXPECT_EQ(send(phone, kAlice, "6"), SmsResult::unavailable("sandbox_down"));
  phone.set_down(false);
  EXPECT_EQ(send(phone, kAlice, "7").outcome, SmsResult::Outcome::sent);
  EXPECT_EQ(bodies(phone.messages(kAlice)), (std::vector<std::string>{"3", "5", "7"}));
}

TEST_F(Sandbox, RepliesAreSignedPostsThatTheInboundReaderTakes) {
  SandboxPhoneOptions options;
  options.webhook_url = "https://florin.example/webhooks/sms/inbound";
  options.auth_token = "secret";
  SandboxPhone phone(clock, options);
  auto const post = phone.reply(kAlice, "YES 123456 & \"ü\"");
  EXPECT_EQ(post.url, options.webhook_url);
  auto const text = read_twilio_inbound("secret", post.url, post.body, post.signature);
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(text.value().from, kAlice);
  EXPECT_EQ(text.value().to, options.number);
  EXPECT_EQ(text.value().body, "YES 123456 & \"ü\"");
  EXPECT_EQ(text.value().message_id, post.message_id);
  EXPECT_NE(phone.reply(kAlice, "YES").message_id, post.message_id);

  auto const outcome = [&](std::string_view token, std::string const& url, std::string const& body) {
    auto const read = read_twilio_inbound(token, url, body, post.signature);
    return read.ok() ? std::nullopt : std::optional(read.error());
  };
  EXPECT_EQ(outcome("other", post.url, post.body), InboundError::forged);
  EXPECT_EQ(outcome("", post.url, post.body), InboundError::forged);
  EXPECT_EQ(outcome("secret", post.url + "/", post.body), InboundError::forged);
  EXPECT_EQ(outcome("secret", post.url, post.body + "&x=y"), InboundError::forged);
  EXPECT_EQ(outcome("secret", post.url, post.body + "&"), InboundError::malformed);
}

TEST_F(Sandbox, TextsBackWhatTheWebhookAnswered) {
  SandboxPhone phone(clock, {});
  for (auto const* silent : {"", "<Response></Response>", "<Message>", "</Message><Message>"})
    phone.take_answer(kBob, silent);
  EXPECT_TRUE(phone.messages(kBob).empty());
  phone.take_answer(kBob, "<?xml version=\"1.0\"?><Response><Message>Reply YES or NO.</Message></Response>");
  EXPECT_EQ(bodies(phone.messages(kBob)), std::vector<std::string>{"Reply YES or NO."});
  EXPECT_TRUE(phone.messages(kAlice).empty());
}

TEST_F(Sandbox, ManyThreadsMayUseIt) {
  SandboxPhone phone(clock, {});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&phone, i] {
      boost::asio::io_context own;
      for (int j = 0; j < 40; ++j) {
        TextMessage message{"+1555123000" + std::to_string(i), std::to_string(j), "key"};
        (void)test_support::run(own, phone.send(std::move(message)));
        (void)phone.messages(kAlice);
        (void)phone.reply(kAlice, "YES");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  auto const all = phone.messages();
  std::set<std::string> ids;
  for (auto const& text : all) ids.insert(text.id);
  EXPECT_EQ(all.size(), 160u);
  EXPECT_EQ(ids.size(), 160u);
}

}  // namespace
}  // namespace florin::sagas
