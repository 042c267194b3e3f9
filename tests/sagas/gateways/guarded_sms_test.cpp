#include "sagas/gateways/guarded_sms.h"

#include <gtest/gtest.h>

#include "sagas/gateways/sandbox_phone.h"
#include "tests/sagas/run.h"
#include "tests/support/fixed_clock.h"
#include "tests/support/two_hands_clock.h"

namespace florin::sagas {
namespace {

struct Guarded : testing::Test {
  test_support::FixedClock clock;
  SandboxPhone phone{clock, {}};
  GuardedSms sms{phone, clock, [] { return std::uint64_t{0}; }};
  boost::asio::io_context io;

  SmsResult send(std::string to = "+15551234567") {
    TextMessage message{std::move(to), "hello", "key"};
    return test_support::run(io, sms.send(std::move(message)));
  }
};

TEST_F(Guarded, PassesTextsAndAnswersOn) {
  EXPECT_EQ(send().outcome, SmsResult::Outcome::sent);
  EXPECT_EQ(send("+15005550001"), SmsResult::refused("21211"));
  EXPECT_EQ(phone.messages("+15551234567").size(), 1u);
  EXPECT_TRUE(sms.available());
  EXPECT_EQ(sms.retry_after_seconds(), 0);
}

TEST_F(Guarded, StopsAskingAProviderThatIsDownAndComesBackByAProbe) {
  phone.set_down(true);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(sms.available());
    EXPECT_EQ(send(), SmsResult::unavailable("sandbox_down"));
  }
  EXPECT_FALSE(sms.available());
  EXPECT_EQ(sms.retry_after_seconds(), 3);  // half of 5 s, rounded up
  phone.set_down(false);
  EXPECT_EQ(send(), SmsResult::unavailable("circuit_open"));
  EXPECT_TRUE(phone.messages("+15551234567").empty());
  clock.advance(3 * domain::kMicrosPerSecond);
  EXPECT_TRUE(sms.available());
  EXPECT_EQ(send().outcome, SmsResult::Outcome::sent);
  EXPECT_TRUE(sms.available());
}

// The wait is of a steady clock: whoever sets the machine's clock neither prolongs nor ends it.
TEST(GuardedSmsTime, IsShutForSecondsAndNotForTheHoursByWhichAClockWasSet) {
  test_support::Machine machine;
  eventstore::LedgerClock const clock(machine.reader());
  SandboxPhone phone(clock, {});
  GuardedSms sms(phone, clock, [] { return std::uint64_t{0}; });
  boost::asio::io_context io;
  phone.set_down(true);
  for (int i = 0; i < 5; ++i) {
    TextMessage message{"+15551234567", "hello", "key"};
    (void)test_support::run(io, sms.send(std::move(message)));
  }
  for (auto const jump : {7'200, -14'400, 7'200}) {
    machine.set_wall_by(jump);
    EXPECT_FALSE(sms.available());
    EXPECT_EQ(sms.retry_after_seconds(), 3);
  }
  machine.set_wall_by(-7'200);
  machine.pass_seconds(3);
  EXPECT_TRUE(sms.available());
}

TEST_F(Guarded, RefusedNumbersDoNotOpenIt) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(send("+15005550001").outcome, SmsResult::Outcome::refused);
  EXPECT_TRUE(sms.available());
}

}  // namespace
}  // namespace florin::sagas
