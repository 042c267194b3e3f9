#include "sagas/gateways/stripe_signature.h"

#include <gtest/gtest.h>

#include "sagas/gateways/stripe_event.h"

namespace florin::sagas {
namespace {

using domain::Timestamp;
using Check = StripeSignatureCheck;

constexpr std::string_view kSecret = "whsec_test_secret";
constexpr std::string_view kBody = R"({"id":"evt_1"})";
constexpr std::int64_t kSeconds = 1'800'000'000;
Timestamp const kNow = Timestamp::from_seconds(kSeconds);

Check check(std::string const& header, std::string_view body = kBody, Timestamp now = kNow,
            std::string_view secret = kSecret) {
  return check_stripe_signature(secret, header, body, now);
}

TEST(StripeSignature, ItsOwnAreGoodForTheirSecretTimeAndBody) {
  std::string const header = stripe_signature(kSecret, kBody, kNow);
  EXPECT_EQ(check(header), Check::good);
  EXPECT_EQ(check(header, "{}"), Check::wrong);
  EXPECT_EQ(check(header, kBody, kNow, "other"), Check::wrong);
  EXPECT_EQ(check(header, kBody, kNow, ""), Check::wrong);
  std::string moved = header;
  moved[2] = '2';
  EXPECT_EQ(check(moved), Check::wrong);
}

TEST(StripeSignature, IsGoodForFiveMinutesBothWays) {
  std::string const header = stripe_signature(kSecret, kBody, kNow);
  EXPECT_EQ(check(header, kBody, Timestamp::from_seconds(kSeconds + 300)), Check::good);
  EXPECT_EQ(check(header, kBody, Timestamp::from_seconds(kSeconds - 300)), Check::good);
  EXPECT_EQ(check(header, kBody, Timestamp::from_seconds(kSeconds + 301)), Check::stale);
  EXPECT_EQ(check(header, kBody, Timestamp::from_seconds(kSeconds - 301)), Check::stale);
  EXPECT_EQ(check(header, "{}", Timestamp::from_seconds(kSeconds + 301)), Check::wrong);
}

TEST(StripeSignature, OneGoodOfSeveralIsEnoughAndOtherSchemesAreNotRead) {
  std::string const header = stripe_signature(kSecret, kBody, kNow);
  std::string const time = header.substr(0, header.find(','));
  std::string const good = header.substr(header.find(',') + 1);
  std::string const bad = "v1=" + std::string(64, '0');
  EXPECT_EQ(check(time + "," + bad + "," + good), Check::good);
  EXPECT_EQ(check(good + "," + time + ",v0=x"), Check::good);
  EXPECT_EQ(check(time + ",v0=" + good.substr(3)), Check::wrong);
  std::string crowd = time;
  for (int i = 0; i < 8; ++i) crowd += "," + bad;
  EXPECT_EQ(check(crowd + "," + good), Check::wrong);
}

TEST(StripeSignature, HostileHeadersAreWrong) {
  std::string const header = stripe_signature(kSecret, kBody, kNow);
  for (std::string const& bad :
       {std::string(), std::string(","), std::string("t="), std::string("v1="), std::string("t=,v1="),
        std::string("t=-1,v1=0"), std::string("t=99999999999999999999,v1=0"), std::string("t=1 ,v1=0"), "t=1," + header,
        header + std::string(1024, ','), header.substr(0, header.size() - 1), header + "0"}) {
    EXPECT_EQ(check(bad), Check::wrong) << bad.substr(0, 80);
  }
  std::string const large(kStripeBodyMax + 1, 'x');
  EXPECT_EQ(check(stripe_signature(kSecret, large, kNow), large), Check::wrong);
}

std::string event(std::string const& object) {
  return R"({"id":"evt_1","object":"event","data":{"object":)" + object + "}}";
}
std::optional<std::string> about(std::string const& object) {
  auto const read = read_stripe_event(event(object));
  if (!read) return std::nullopt;
  return read.value().event ? read.value().event->reference : "none";
}

TEST(StripeEvent, NamesThePaymentItIsAbout) {
  EXPECT_EQ(about(R"({"object":"payment_intent","id":"pi_1"})"), "pi_1");
  EXPECT_EQ(about(R"({"object":"charge","id":"ch_1","payment_intent":"pi_2"})"), "pi_2");
  EXPECT_EQ(about(R"({"object":"refund","payment_intent":{"id":"pi_3"}})"), "pi_3");
  EXPECT_EQ(about(R"({"object":"dispute","payment_intent":"pi_4"})"), "pi_4");
  EXPECT_EQ(about(R"({"object":"charge","payment_intent":null})"), "none");
  EXPECT_EQ(about(R"({"object":"plan","id":"price_1"})"), "none");
  EXPECT_EQ(about(R"({"object":"payment_intent","id":"pi_1/../x"})"), std::nullopt);
  EXPECT_EQ(about(R"({"object":"charge","payment_intent":5})"), std::nullopt);
  EXPECT_EQ(about("[]"), std::nullopt);
  EXPECT_FALSE(read_stripe_event("").ok());
  EXPECT_FALSE(read_stripe_event(std::string_view()).ok());  // no body: a null pointer
  EXPECT_FALSE(read_stripe_event(std::string(5000, '[')).ok());
}

TEST(StripeEvent, IsReadOnlyWhenItsSignatureIsGood) {
  std::string const body = event(R"({"object":"payment_intent","id":"pi_1"})");
  auto const read = [](std::string const& signature, std::string const& text, Timestamp now) {
    auto const callback = read_stripe_callback(kSecret, signature, text, now);
    return callback.ok() ? std::nullopt : std::optional(callback.error());
  };
  std::string const good = stripe_signature(kSecret, body, kNow);
  EXPECT_EQ(read(good, body, kNow), std::nullopt);
  EXPECT_EQ(read(good, "{", kNow), CallbackFault::unsigned_post);
  EXPECT_EQ(read(good, body, kNow + 301 * domain::kMicrosPerSecond), CallbackFault::stale);
  EXPECT_EQ(read(stripe_signature(kSecret, "{", kNow), "{", kNow), CallbackFault::malformed);
}

}  // namespace
}  // namespace florin::sagas
