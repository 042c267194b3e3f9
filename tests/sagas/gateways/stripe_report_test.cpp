// What replies mean, without a socket. The whole adapter, with a provider's replies over TLS, is in stripe_test.cpp.
#include "sagas/gateways/stripe_report.h"

#include <gtest/gtest.h>

namespace florin::sagas::stripe {
namespace {

Verdict verdict(unsigned status, std::string body) {
  simdjson::dom::parser parser;
  HttpsReply const reply{status, std::move(body), false};
  return verdict_of(reply, parse(parser, reply.body));
}

TEST(StripeVerdict, OnlyAWholeReplyIsGood) {
  EXPECT_EQ(verdict(200, "{}").kind, Verdict::Kind::good);
  auto const portal = verdict(200, "<html>");
  EXPECT_EQ(portal.kind, Verdict::Kind::unknown);
  EXPECT_EQ(portal.code, "reply_malformed");
  EXPECT_TRUE(portal.reached);
}

TEST(StripeVerdict, WhatIsAboutTheKeyOrTheServerIsNotAboutTheCall) {
  for (unsigned const status : {401U, 403U, 408U, 429U, 500U, 503U}) {
    auto const read = verdict(status, R"({"error":{"type":"invalid_request_error","code":"resource_missing"}})");
    EXPECT_EQ(read.kind, Verdict::Kind::unknown) << status;
    EXPECT_FALSE(read.reached) << status;
  }
}

TEST(StripeVerdict, ADeclinedPaymentIsLookedAt) {
  auto const declined =
      verdict(402, R"({"error":{"type":"card_error","code":"card_declined","payment_intent":{"id":"pi_123"}}})");
  EXPECT_EQ(declined.kind, Verdict::Kind::look_at_payment);
  EXPECT_EQ(declined.reference, "pi_123");
  auto const went_on = verdict(
      400,
      R"({"error":{"type":"invalid_request_error","code":"payment_intent_unexpected_state","payment_intent":{"id":"pi_7"}}})");
  EXPECT_EQ(went_on.kind, Verdict::Kind::look_at_payment);
  EXPECT_EQ(went_on.reference, "pi_7");
}

TEST(StripeVerdict, ACodeIsATokenOrIsNotRepeated) {
  auto const odd = verdict(400, R"({"error":{"type":"invalid_request_error","code":"4242 4242"}})");
  EXPECT_EQ(odd.kind, Verdict::Kind::refused);
  EXPECT_EQ(odd.code, "invalid_request_error");
}

TEST(StripeEvents, ThePageIsTurnedAndOneThatCannotBeReadHoldsUpNoOther) {
  simdjson::dom::parser parser;
  std::string const body = R"({"has_more":true,"data":[
      {"object":"event","id":"evt_3","type":"charge.refunded","data":{"object":{"object":"charge","payment_intent":"pi_3"}}},
      {"object":"event","id":"evt_2","type":"charge.refunded","data":7},
      {"object":"event","id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"object":"payment_intent","id":"pi_1"}}}]})";
  auto const page = events_of(*parse(parser, body));
  ASSERT_TRUE(page.ok()) << page.error();
  ASSERT_EQ(page.value().events.size(), 2u);
  EXPECT_EQ(page.value().events[0].event_id, "evt_1");
  EXPECT_EQ(page.value().events[0].reference, "pi_1");
  EXPECT_EQ(page.value().events[1].event_id, "evt_3");
  EXPECT_EQ(page.value().next, "evt_1") << "the next page begins behind the oldest";
}

TEST(StripeEvents, APageWithoutAnEndIsNone) {
  simdjson::dom::parser parser;
  EXPECT_FALSE(events_of(*parse(parser, R"({"data":[]})")).ok());
  EXPECT_FALSE(events_of(*parse(parser, R"({"has_more":true,"data":[]})")).ok());
  auto const empty = events_of(*parse(parser, R"({"has_more":false,"data":[]})"));
  ASSERT_TRUE(empty.ok());
  EXPECT_TRUE(empty.value().events.empty() && empty.value().next.empty());
}

}  // namespace
}  // namespace florin::sagas::stripe
