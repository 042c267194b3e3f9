// What Stripe's replies mean. They are built from Stripe's own fixtures (tests/e2e/gateways/stripe_fixtures.json).
#include "sagas/gateways/stripe.h"

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <gtest/gtest.h>
#include <simdjson.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "sagas/gateways/form.h"
#include "sagas/gateways/stripe_signature.h"
#include "tests/sagas/gateways/mock_provider.h"
#include "tests/sagas/run.h"

namespace florin::sagas {
namespace {

using namespace std::chrono_literals;
using domain::DisputeStatus;
using domain::OrderId;
using domain::PaymentStatus;
using domain::RefundStatus;
using domain::Usd;
using test_support::http_reply;
using test_support::MockProvider;
using test_support::MockReply;

constexpr char kPayment[] = "pi_1PgafyB7WZ01zgkWSjxsAJo3";  // the fixture's
auto const kOrderedAt = domain::Timestamp::from_micros(1'770'000'000'000'001);
auto const kAskedAt = domain::Timestamp::from_micros(1'770'000'000'000'002);
using Changes = std::map<std::string, std::string>;  // a field at the top, its value as JSON

// A resource of the fixtures with some of its top fields changed.
std::string resource(std::string const& name, Changes const& changes = {}) {
  std::ifstream file(FLORIN_STRIPE_FIXTURES);
  std::string const text{std::istreambuf_iterator<char>(file), {}};
  simdjson::dom::parser parser;
  simdjson::dom::object fields;
  EXPECT_EQ(parser.parse(text)["resources"][name].get(fields), simdjson::SUCCESS) << name;
  std::string out;
  Changes left = changes;
  for (auto const field : fields) {
    std::string const key(field.key);
    auto const changed = left.find(key);
    out += (out.empty() ? "{\"" : ",\"") + key + "\":";
    out += changed == left.end() ? simdjson::minify(field.value) : changed->second;
    left.erase(key);
  }
  for (auto const& [key, value] : left) out += ",\"" + key + "\":" + value;
  return out + "}";
}

constexpr char kMetadata[] = R"({"florin_server":"test-1","florin_order":"42-1770000000000001"})";

std::string intent(std::string const& status, Changes changes = {}) {
  changes.try_emplace("status", "\"" + status + "\"");
  changes.try_emplace("last_payment_error", "null");
  changes.try_emplace("next_action", "null");
  changes.try_emplace("metadata", kMetadata);
  return resource("payment_intent", changes);
}

std::string paid_intent(std::string const& fee = R"({"object":"balance_transaction","currency":"usd","fee":62})") {
  std::string const charge = resource("charge", {{"balance_transaction", fee}});
  return intent("succeeded", {{"amount_received", "1099"}, {"latest_charge", charge}});
}

std::string list(std::string const& data, bool more = false) {
  return R"({"object":"list","has_more":)" + std::string(more ? "true" : "false") + R"(,"data":[)" + data + "]}";
}

std::string refund_of(std::string const& id, std::string const& status, std::string const& metadata = "{}") {
  return resource("refund", {{"id", "\"" + id + "\""}, {"status", "\"" + status + "\""}, {"metadata", metadata}});
}

std::string dispute_of(std::string const& status, std::string const& booked) {
  return resource("dispute", {{"status", "\"" + status + "\""}, {"balance_transactions", booked}});
}

std::string error_of(std::string const& type, std::string const& code, std::string const& more = {}) {
  return R"({"error":{"type":")" + type + R"(","code":")" + code + "\"" + more + "}}";
}

struct Stripe : testing::Test {
  boost::asio::io_context io;
  StripeConfig config = {"sk_test_secret", "whsec_secret", "test-1", "", 5000ms, 4, 300s, ""};
  std::map<std::string, MockReply> replies;  // by the start of "METHOD target"; the longest that fits
  std::vector<MockProvider::Request> requests;

  template <class Call>
  auto ask(Call call) {
    MockProvider const provider([this](auto, MockProvider::Request const& request) {
      std::string const line = std::string(request.method_string()) + " " + std::string(request.target());
      MockReply const* best = nullptr;
      for (auto const& [start, reply] : replies) {
        if (line.starts_with(start)) best = &reply;  // in order: a longer one comes later
      }
      return best == nullptr ? http_reply(500, "") : *best;
    });
    config.base_url = provider.url();
    auto gateway = StripeGateway::make(io, config);
    EXPECT_TRUE(gateway.ok());
    auto answer = test_support::run(io, call(*gateway.value()));
    requests = provider.requests();
    return answer;
  }
  PaymentAnswer open() {
    return ask([](StripeGateway& gateway) {
      CreatePayment request{"key-1", OrderId(42), Usd::from_minor(1099), "109.90 Gold & more", kOrderedAt};
      return gateway.create(std::move(request));
    });
  }
  PaymentAnswer confirm() {
    return ask([](StripeGateway& gateway) {
      ConfirmPayment request{"key-2", kPayment, "pm_card_visa", "https://florin.example/back?a=b"};
      return gateway.confirm(std::move(request));
    });
  }
  PaymentAnswer retrieve(std::string reference = kPayment) {
    return ask([&](StripeGateway& gateway) { return gateway.retrieve(reference); });
  }
  PaymentAnswer cancel() {
    return ask([](StripeGateway& gateway) { return gateway.cancel(kPayment); });
  }
  PaymentAnswer refund() {
    return ask([](StripeGateway& gateway) {
      RefundPayment request{"key-3", kPayment, domain::RefundId(77), Usd::from_minor(100), kAskedAt};
      return gateway.refund(std::move(request));
    });
  }
  PaymentAnswer is_credited_without_a_fee() {
    PaymentAnswer answer = retrieve();
    EXPECT_EQ(answer.outcome, PaymentOutcome::answered) << answer.code;
    EXPECT_EQ(answer.payment.status, PaymentStatus::succeeded);
    EXPECT_EQ(answer.payment.usd, Usd::from_minor(1099));
    EXPECT_EQ(answer.payment.fee, Usd());
    return answer;
  }
  MethodAnswer tokenize() {
    return ask([](StripeGateway& gateway) {
      Card card{"4242424242424242", "12", "2031", "123"};
      return gateway.tokenize(std::move(card));
    });
  }
  EventsAnswer list_events(std::string from = "") {
    return ask([&](StripeGateway& gateway) {
      return gateway.list_events(domain::Timestamp::from_seconds(1'800'000'000), from);
    });
  }
  void is_paid(std::string const& refunds = "", std::string const& disputes = "") {
    replies["GET /v1/payment_intents/"] = http_reply(200, paid_intent());
    replies["GET /v1/refunds"] = http_reply(200, list(refunds));
    replies["GET /v1/disputes"] = http_reply(200, list(disputes));
  }
};

TEST_F(Stripe, OpensAPaymentUnderItsKeyAndTag) {
  replies["POST /v1/payment_intents"] = http_reply(200, intent("requires_payment_method"));
  auto const answer = open();
  EXPECT_EQ(answer.outcome, PaymentOutcome::answered) << answer.code;
  EXPECT_EQ(answer.payment.status, PaymentStatus::unconfirmed);
  EXPECT_EQ(answer.payment.reference, kPayment);
  EXPECT_EQ(answer.payment.order, OrderId(42));
  EXPECT_EQ(answer.payment.ordered_at, kOrderedAt);
  EXPECT_EQ(answer.payment.usd, Usd::from_minor(1099));
  EXPECT_TRUE(answer.client_secret.empty());
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0]["Authorization"], "Bearer sk_test_secret");
  EXPECT_EQ(requests[0]["Idempotency-Key"], "key-1");
  EXPECT_EQ(requests[0]["Stripe-Version"], "2024-06-20");
  EXPECT_EQ(decode_form(requests[0].body()).value(), (Form{{"amount", "1099"},
                                                           {"currency", "usd"},
                                                           {"payment_method_types[]", "card"},
                                                           {"capture_method", "automatic"},
                                                           {"description", "109.90 Gold & more"},
                                                           {"metadata[florin_server]", "test-1"},
                                                           {"metadata[florin_order]", "42-1770000000000001"}}));
}

TEST_F(Stripe, AnAnswerFromMemoryIsNotBelieved) {
  replies["POST /v1/payment_intents"] =
      http_reply(200, intent("requires_payment_method"), "Idempotent-Replayed: true\r\n");
  is_paid();
  EXPECT_EQ(open().payment.status, PaymentStatus::succeeded);
  EXPECT_EQ(requests.size(), 4u);
}

TEST_F(Stripe, ConfirmsAndReportsTheFee) {
  replies["POST /v1/payment_intents/"] = http_reply(200, paid_intent());
  auto const answer = confirm();
  EXPECT_EQ(answer.payment.status, PaymentStatus::succeeded);
  EXPECT_EQ(answer.payment.fee, Usd::from_minor(62));
  EXPECT_EQ(requests.at(0).target(), std::string("/v1/payment_intents/") + kPayment + "/confirm");
  EXPECT_EQ(decode_form(requests[0].body()).value(), (Form{{"payment_method", "pm_card_visa"},
                                                           {"return_url", "https://florin.example/back?a=b"},
                                                           {"expand[]", "latest_charge.balance_transaction"}}));
}

TEST_F(Stripe, ADeclineIsAnAnswer) {
  std::string const declined = intent(
      "requires_payment_method",
      {{"last_payment_error", R"({"type":"card_error","code":"card_declined","decline_code":"insufficient_funds"})"}});
  replies["POST /v1/payment_intents/"] = http_reply(
      402,
      error_of("card_error", "card_declined", R"(,"decline_code":"insufficient_funds","payment_intent":)" + declined));
  replies["GET /v1/payment_intents/"] = http_reply(200, declined);
  auto const answer = confirm();
  EXPECT_EQ(answer.outcome, PaymentOutcome::answered);
  EXPECT_EQ(answer.payment.status, PaymentStatus::declined);
  EXPECT_EQ(answer.payment.decline_code, "insufficient_funds");
}

TEST_F(Stripe, TheBanksQuestionComesWithASecretAndAPlace) {
  replies["POST /v1/payment_intents/"] =
      http_reply(200, intent("requires_action", {{"next_action", R"({"type":"redirect_to_url","redirect_to_url":)"
                                                                 R"({"url":"https://hooks.stripe.com/3ds"}})"}}));
  auto const answer = confirm();
  EXPECT_EQ(answer.payment.status, PaymentStatus::requires_action);
  EXPECT_EQ(answer.client_secret, "pi_1PgafyB7WZ01zgkWSjxsAJo3_secret_Dm43xiq1k0ywrRRjDoi8y1gkM");
  EXPECT_EQ(answer.redirect_url, "https://hooks.stripe.com/3ds");
}

TEST_F(Stripe, EveryStatusHasItsMeaning) {
  auto const status = [&](std::string const& named, Changes changes = {}) {
    replies["GET /v1/payment_intents/"] = http_reply(200, intent(named, std::move(changes)));
    return retrieve().payment.status;
  };
  EXPECT_EQ(status("requires_payment_method"), PaymentStatus::unconfirmed);
  EXPECT_EQ(status("requires_payment_method", {{"last_payment_error", R"({"type":"card_error"})"}}),
            PaymentStatus::declined);
  EXPECT_EQ(status("requires_confirmation"), PaymentStatus::unconfirmed);
  EXPECT_EQ(status("requires_action"), PaymentStatus::requires_action);
  EXPECT_EQ(status("processing"), PaymentStatus::processing);
  EXPECT_EQ(status("canceled"), PaymentStatus::cancelled);
  replies["GET /v1/payment_intents/"] = http_reply(200, intent("something_new"));
  EXPECT_EQ(retrieve().outcome, PaymentOutcome::unknown);
}

TEST_F(Stripe, ALookTellsOfRefundsAndDisputes) {
  is_paid(
      refund_of("re_2", "pending") + "," + refund_of("re_1", "succeeded", R"({"florin_refund":"77-1770000000000002"})"),
      dispute_of("warning_needs_response", "[]") + "," +
          dispute_of("won",
                     R"([{"currency":"usd","amount":-200,"fee":1500},{"currency":"usd","amount":200,"fee":-1500}])"));
  auto const answer = retrieve();
  ASSERT_EQ(answer.outcome, PaymentOutcome::answered) << answer.code;
  ASSERT_EQ(answer.payment.refunds.size(), 2u);
  EXPECT_EQ(answer.payment.refunds[0], (domain::RefundReport{"re_1", domain::RefundId(77), Usd::from_minor(100),
                                                             RefundStatus::succeeded, kAskedAt}));
  EXPECT_EQ(answer.payment.refunds[1].refund, domain::RefundId());
  EXPECT_EQ(answer.payment.refunds[1].status, RefundStatus::pending);
  ASSERT_EQ(answer.payment.disputes.size(), 1u);
  EXPECT_EQ(answer.payment.disputes[0].status, DisputeStatus::won);
  EXPECT_EQ(answer.payment.disputes[0].fee, Usd()) << "it came back";
  EXPECT_EQ(requests.at(2).target(), std::string("/v1/disputes?payment_intent=") + kPayment + "&limit=100");
}

TEST_F(Stripe, DisputesAreOpenUntilTheyAreDecided) {
  auto const status = [&](std::string const& named) {
    is_paid("", dispute_of(named, R"([{"currency":"usd","amount":-200,"fee":1500}])"));
    return retrieve().payment.disputes.at(0).status;
  };
  EXPECT_EQ(status("needs_response"), DisputeStatus::open);
  EXPECT_EQ(status("under_review"), DisputeStatus::open);
  EXPECT_EQ(status("lost"), DisputeStatus::lost);
  EXPECT_EQ(status("a_new_status"), DisputeStatus::open);
  EXPECT_EQ(status("won"), DisputeStatus::open) << "nothing was reinstated yet";
  for (std::string const named : {"needs_response", "won", "a_new_status"}) {
    is_paid("", dispute_of(named, "[]"));
    auto const answer = retrieve();
    EXPECT_EQ(answer.outcome, PaymentOutcome::answered) << named << ": " << answer.code;
    EXPECT_TRUE(answer.payment.disputes.empty()) << named;
  }
}

TEST_F(Stripe, OfADisputeMoreMayComeBackThanWasTaken) {
  is_paid("",
          dispute_of("won",
                     R"([{"currency":"usd","amount":-200,"fee":1500},{"currency":"usd","amount":200,"fee":-1513}])"));
  auto const answer = retrieve();
  ASSERT_EQ(answer.payment.disputes.size(), 1u) << answer.code;
  EXPECT_EQ(answer.payment.disputes[0].fee, -Usd::from_minor(13));
}

TEST_F(Stripe, OfADisputeWhatWasWithdrawnCounts) {
  auto const disputed = [&](std::string const& named, std::string const& booked) {
    is_paid("", dispute_of(named, booked));
    return retrieve().payment.disputes.at(0);
  };
  std::string const withdrawn = R"({"currency":"usd","amount":-203,"fee":1500})";
  EXPECT_EQ(disputed("lost", "[" + withdrawn + "]").withheld, Usd::from_minor(203)) << "after the bank's conversion";
  auto const partly = disputed("won", "[" + withdrawn + R"(,{"currency":"usd","amount":80,"fee":0}])");
  EXPECT_EQ(partly.withheld, Usd::from_minor(123));
  EXPECT_EQ(partly.status, DisputeStatus::won) << "a part of it";
  for (std::string const booked :
       {R"([{"currency":"usd","fee":1500}])", R"([{"currency":"usd","amount":"x","fee":1500}])",
        R"([{"currency":"usd","amount":-99999999999999999,"fee":1500}])"}) {
    is_paid("", dispute_of("lost", booked));
    EXPECT_EQ(retrieve().outcome, PaymentOutcome::unknown) << booked;
  }
}

// Each word after a dispute was decided is one more entry: what it withholds, its fee and how many there are follow.
TEST_F(Stripe, ADisputeIsWhatItsEntriesAddUpTo) {
  struct Word {
    char const* entry;
    char const* status;
    std::int64_t withheld;
    std::int64_t fee;
    DisputeStatus meant;
  };
  std::string booked;
  std::uint32_t entries = 0;
  for (auto const& word :
       {Word{R"({"currency":"usd","amount":-200,"fee":1500})", "needs_response", 200, 1500, DisputeStatus::open},
        Word{"", "lost", 200, 1500, DisputeStatus::lost},
        Word{R"({"currency":"usd","amount":200,"fee":0})", "won", 0, 1500, DisputeStatus::won},
        Word{R"({"currency":"usd","amount":-200,"fee":1500})", "lost", 200, 3000, DisputeStatus::lost},
        Word{R"({"currency":"usd","amount":150,"fee":0})", "won", 50, 3000, DisputeStatus::won},
        Word{R"({"currency":"usd","amount":0,"fee":20})", "won", 50, 3020, DisputeStatus::won},
        // More comes back than was taken: it lessens the fee.
        Word{R"({"currency":"usd","amount":53,"fee":-1500})", "won", 0, 1517, DisputeStatus::won}}) {
    SCOPED_TRACE(booked + word.entry);
    if (*word.entry != '\0') {
      booked += (booked.empty() ? "" : ",") + std::string(word.entry);
      ++entries;
    }
    is_paid("", dispute_of(word.status, "[" + booked + "]"));
    auto const answer = retrieve();
    ASSERT_EQ(answer.payment.disputes.size(), 1u) << answer.code;
    auto const& dispute = answer.payment.disputes[0];
    EXPECT_EQ(dispute.withheld, Usd::from_minor(word.withheld));
    EXPECT_EQ(dispute.fee, Usd::from_minor(word.fee));
    EXPECT_EQ(dispute.status, word.meant);
    EXPECT_EQ(dispute.entries, entries);
  }
}

TEST_F(Stripe, NoFeeIsInvented) {
  for (std::string const booked : {"null", "\"txn_1\""}) {
    is_paid();
    replies["GET /v1/payment_intents/"] = http_reply(200, paid_intent(booked));
    config.fee_patience = 300s;
    auto const waits = retrieve();
    EXPECT_EQ(waits.code, "fee_pending") << booked;
    EXPECT_TRUE(waits.reached);
    config.fee_patience = 0ms;
    is_credited_without_a_fee();
  }
}

TEST_F(Stripe, WhoPaidIsCreditedInWhateverCurrencyTheAccountSettles) {
  is_paid("", dispute_of("needs_response", R"([{"currency":"eur","amount":-190,"fee":1500}])"));
  replies["GET /v1/payment_intents/"] = http_reply(200, paid_intent(R"({"currency":"eur","fee":62})"));
  auto const answer = is_credited_without_a_fee();
  ASSERT_EQ(answer.payment.disputes.size(), 1u);
  EXPECT_EQ(answer.payment.disputes[0].fee, Usd());
  EXPECT_EQ(answer.payment.disputes[0].withheld, Usd::from_minor(1'000)) << "its amount, in dollars";
  is_paid("", dispute_of("won",
                         R"([{"currency":"eur","amount":-190,"fee":1500},{"currency":"eur","amount":190,"fee":0}])"));
  auto const back = retrieve();
  ASSERT_EQ(back.payment.disputes.size(), 1u) << back.code;
  EXPECT_EQ(back.payment.disputes[0].withheld, Usd());
  EXPECT_EQ(back.payment.disputes[0].status, DisputeStatus::won);
}

TEST_F(Stripe, AFeeThatIsMissingIsSaidOnceForEachPayment) {
  is_paid();
  replies["GET /v1/payment_intents/"] = http_reply(200, paid_intent(R"({"currency":"eur","fee":62})"));
  std::ostringstream said;
  auto const before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("here", std::make_shared<spdlog::sinks::ostream_sink_mt>(said)));
  ask([](StripeGateway& gateway) -> Awaitable<PaymentAnswer> {
    std::string reference = kPayment;
    (void)co_await gateway.retrieve(reference);
    PaymentAnswer second = co_await gateway.retrieve(reference);
    co_return second;
  });
  spdlog::set_default_logger(before);
  std::string const text = said.str();
  EXPECT_NE(text.find(kPayment), std::string::npos);
  EXPECT_EQ(text.find(kPayment), text.rfind(kPayment));
}

TEST_F(Stripe, AnotherServersPaymentHasNoOrderOfOurs) {
  replies["GET /v1/payment_intents/"] =
      http_reply(200, intent("processing", {{"metadata", R"({"florin_server":"test-2","florin_order":"42"})"}}));
  EXPECT_EQ(retrieve().payment.order, OrderId());
  // Whatever it is besides: nobody reads it, and nobody asks for what hangs on it.
  std::string const eur = resource("charge", {{"balance_transaction", R"({"currency":"eur","fee":62})"}});
  std::vector<Changes> const others = {{{"status", "\"requires_capture\""}},
                                       {{"status", "\"succeeded\""}, {"latest_charge", eur}},
                                       {{"status", "\"succeeded\""}, {"latest_charge", "null"}},
                                       {{"status", "\"processing\""}, {"amount", "100000000000"}},
                                       {{"metadata", "{}"}, {"status", "\"succeeded\""}},
                                       {{"metadata", "null"}, {"status", "\"succeeded\""}}};
  for (Changes changes : others) {
    changes.try_emplace("metadata", R"({"florin_server":"test-2","florin_order":"42-1770000000000001"})");
    replies["GET /v1/payment_intents/"] = http_reply(200, resource("payment_intent", changes));
    auto const answer = retrieve();
    EXPECT_EQ(answer.outcome, PaymentOutcome::answered) << changes["status"] << answer.code;
    EXPECT_EQ(answer.payment.order, OrderId());
    EXPECT_EQ(requests.size(), 1u);
  }
  replies["GET /v1/payment_intents/"] = http_reply(200, intent("processing", {{"currency", "\"eur\""}}));
  EXPECT_FALSE(retrieve().payment.in_usd);
}

TEST_F(Stripe, APaymentThatNamesAnOrderInNoFormOfOursHasNone) {
  for (std::string const order : {"42", "42-", "-1", "0-1", "42-01", "042-1", "42-1-1", "42--1", "42-x", "42- 1",
                                  "42-9007199254740992", "9007199254740992-1", ""}) {
    std::string const metadata = R"({"florin_server":"test-1","florin_order":")" + order + "\"}";
    replies["GET /v1/payment_intents/"] = http_reply(200, intent("processing", {{"metadata", metadata}}));
    auto const answer = retrieve();
    EXPECT_EQ(answer.outcome, PaymentOutcome::answered) << order;
    EXPECT_EQ(answer.payment.order, OrderId()) << order;
    EXPECT_EQ(answer.payment.ordered_at, domain::Timestamp()) << order;
  }
}

TEST_F(Stripe, WhatIsRefusedAndWhatIsUnknown) {
  auto const outcome_of = [&](unsigned status, std::string const& body) {
    replies["POST /v1/payment_intents/"] = http_reply(status, body);
    auto const answer = confirm();
    EXPECT_NE(answer.outcome, PaymentOutcome::answered);
    bool const known = answer.outcome == PaymentOutcome::refused;
    return (known ? "refused " : answer.reached ? "reached " : "unknown ") + answer.code;
  };
  std::string const bad = error_of("invalid_request_error", "resource_missing");
  EXPECT_EQ(outcome_of(404, bad), "refused resource_missing");
  EXPECT_EQ(outcome_of(400, error_of("invalid_request_error", "parameter_missing")), "refused parameter_missing");
  EXPECT_EQ(outcome_of(400, error_of("idempotency_error", "")), "reached idempotency_error");
  for (unsigned const status : {408u, 429u, 500u, 503u}) {
    EXPECT_TRUE(outcome_of(status, bad).starts_with("unknown ")) << status;
  }
  EXPECT_EQ(outcome_of(401, error_of("invalid_request_error", "")), "unknown http_401");
  EXPECT_EQ(outcome_of(403, error_of("invalid_request_error", "more_permissions_required")), "unknown http_403");
  EXPECT_EQ(outcome_of(401, "<html>"), "unknown http_401");
  EXPECT_EQ(outcome_of(409, error_of("invalid_request_error", "lock_timeout")), "reached lock_timeout");
  EXPECT_EQ(outcome_of(404, "<html>not Stripe</html>"), "reached http_404");
  EXPECT_EQ(outcome_of(200, "<html>portal</html>"), "reached reply_malformed");
  EXPECT_EQ(outcome_of(200, "{}"), "reached reply_malformed");
  EXPECT_EQ(outcome_of(302, ""), "reached http_302");
  EXPECT_EQ(outcome_of(500, error_of("api_error", "4242 4242")), "unknown api_error");
  EXPECT_EQ(retrieve("pi_1/../../x").code, "resource_missing");
  EXPECT_TRUE(requests.empty());
  config.timeout = 200ms;
  replies["POST /v1/payment_intents/"] = {"", false, true};
  auto const late = confirm();
  EXPECT_EQ(late.code, "timeout");
  EXPECT_FALSE(late.reached);
}

TEST_F(Stripe, OneDeadlineForAllCalls) {
  is_paid();
  replies["GET /v1/refunds"] = {"", false, true};
  config.timeout = 300ms;
  auto const begun = std::chrono::steady_clock::now();
  EXPECT_EQ(retrieve().code, "timeout");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

TEST_F(Stripe, CancelsOrFindsItPaid) {
  replies["POST /v1/payment_intents/"] = http_reply(200, intent("canceled"));
  EXPECT_EQ(cancel().payment.status, PaymentStatus::cancelled);
  replies["POST /v1/payment_intents/"] = http_reply(
      400,
      error_of("invalid_request_error", "payment_intent_unexpected_state", ",\"payment_intent\":" + paid_intent()));
  is_paid();
  EXPECT_EQ(cancel().payment.status, PaymentStatus::succeeded);
  replies["GET /v1/payment_intents/"] = http_reply(200, intent("processing"));
  EXPECT_EQ(cancel().code, "not_cancelled_yet");
}

TEST_F(Stripe, RefundsAndReportsThePaymentAfterwards) {
  std::string const made = refund_of("re_1", "succeeded", R"({"florin_refund":"77-1770000000000002"})");
  is_paid(made);
  replies["POST /v1/refunds"] = http_reply(200, made);
  auto const answer = refund();
  ASSERT_EQ(answer.payment.refunds.size(), 1u);
  EXPECT_EQ(answer.payment.refunds[0].refund, domain::RefundId(77));
  EXPECT_EQ(requests.at(0)["Idempotency-Key"], "key-3");
  EXPECT_EQ(
      decode_form(requests[0].body()).value(),
      (Form{{"payment_intent", kPayment}, {"amount", "100"}, {"metadata[florin_refund]", "77-1770000000000002"}}));
  replies["POST /v1/refunds"] = http_reply(400, error_of("invalid_request_error", "charge_already_refunded"));
  EXPECT_EQ(refund().code, "charge_already_refunded");
  replies["POST /v1/refunds"] = http_reply(200, made);
  replies["GET /v1/refunds"] = http_reply(200, list(made, true));
  EXPECT_EQ(refund().code, "list_too_long");
}

TEST_F(Stripe, TakesACardOrSaysWhatIsWrongWithIt) {
  replies["POST /v1/payment_methods"] = http_reply(200, resource("payment_method"));
  auto const good = tokenize();
  EXPECT_EQ(good.method, "pm_1Pgc75B7WZ01zgkWlHVgdEGJ");
  EXPECT_EQ(only_value(decode_form(requests.at(0).body()).value(), "card[exp_year]") != nullptr, true);
  auto const outcome_of = [&](unsigned status, std::string const& body) {
    replies["POST /v1/payment_methods"] = http_reply(status, body);
    auto const answer = tokenize();
    bool const known = answer.outcome == PaymentOutcome::refused;
    return (known ? "refused " : answer.reached ? "reached " : "unknown ") + answer.code;
  };
  EXPECT_EQ(outcome_of(402, error_of("card_error", "incorrect_number")), "refused incorrect_number");
  EXPECT_EQ(outcome_of(402, error_of("card_error", "card_declined", R"(,"decline_code":"test_mode_live_card")")),
            "refused test_mode_live_card");
  EXPECT_EQ(outcome_of(400, error_of("invalid_request_error", "parameter_unknown")), "reached parameter_unknown");
}

std::string event(std::string const& id, std::string const& object, std::string const& created = "1800000000") {
  return resource("event", {{"id", "\"" + id + "\""}, {"created", created}, {"data", R"({"object":)" + object + "}"}});
}

TEST_F(Stripe, ListsChangesOldestFirstPageByPage) {
  replies["GET /v1/events"] =
      http_reply(200, list(event("evt_3", R"({"object":"dispute","payment_intent":"pi_3"})", "1800000060") + "," +
                               event("evt_2", R"({"object":"charge","payment_intent":null})") + "," +
                               event("evt_1", intent("succeeded")),
                           true));
  auto const answer = list_events("evt_9");
  ASSERT_EQ(answer.outcome, PaymentOutcome::answered) << answer.code;
  ASSERT_EQ(answer.events.size(), 2u);
  EXPECT_EQ(answer.events[0].reference, kPayment);
  EXPECT_EQ(answer.events[1].event_id, "evt_3");
  EXPECT_EQ(answer.events[0].created, domain::Timestamp::from_seconds(1'800'000'000));
  EXPECT_EQ(answer.events[1].created, domain::Timestamp::from_seconds(1'800'000'060));
  EXPECT_TRUE(answer.more);
  EXPECT_EQ(answer.next, "evt_1");
  std::string const target(requests.at(0).target());
  EXPECT_NE(target.find("created%5Bgte%5D=1800000000"), std::string::npos);
  EXPECT_NE(target.find("&starting_after=evt_9"), std::string::npos);
  EXPECT_EQ(requests[0].method_string(), "GET");
  EXPECT_EQ(list_events("../x").outcome, PaymentOutcome::refused);
  replies["GET /v1/events"] = http_reply(200, "{}");
  EXPECT_TRUE(list_events().reached);
  replies["GET /v1/events"] = http_reply(503, "{}");
  EXPECT_FALSE(list_events().reached);
}

// Or every poll would end at it, and nobody would hear of the others again.
TEST_F(Stripe, AnEventThatCannotBeReadHoldsUpNoneOfTheOthers) {
  replies["GET /v1/events"] = http_reply(200, list(event("evt_3", intent("succeeded")) + "," +
                                                       event("evt_2", R"({"object":"charge","payment_intent":"?"})") +
                                                       "," + event("evt_1", intent("succeeded")),
                                                   true));
  auto const answer = list_events();
  ASSERT_EQ(answer.outcome, PaymentOutcome::answered) << answer.code;
  ASSERT_EQ(answer.events.size(), 2u);
  EXPECT_EQ(answer.events[0].event_id, "evt_1");
  EXPECT_EQ(answer.events[1].event_id, "evt_3");
  EXPECT_EQ(answer.next, "evt_1");
}

TEST_F(Stripe, SettingsThatCannotWorkAreNamedWithoutTheirValues) {
  auto const with = [this](auto change) {
    StripeConfig changed = config;
    changed.base_url = "https://api.stripe.com";
    change(changed);
    auto made = StripeGateway::make(io, changed);
    return made.ok() ? std::string() : made.error().substr(0, made.error().find(':'));
  };
  EXPECT_EQ(with([](auto&) {}), "");
  EXPECT_EQ(with([](auto& c) { c.secret_key = "pk_live_1"; }), "secret_key");
  EXPECT_EQ(with([](auto& c) { c.secret_key = "sk_1\r\nX: y"; }), "secret_key");
  EXPECT_EQ(with([](auto& c) { c.webhook_secret = ""; }), "webhook_secret");
  EXPECT_EQ(with([](auto& c) { c.server_tag = "a b"; }), "server_tag");
  EXPECT_EQ(with([](auto& c) { c.base_url = "http://api.stripe.com"; }), "base_url");
}

}  // namespace
}  // namespace florin::sagas
