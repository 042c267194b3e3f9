#include "sagas/gateways/stripe.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <simdjson.h>
#include <spdlog/spdlog.h>

#include "eventstore/runtime/runtime.h"
#include "sagas/gateways/form.h"
#include "sagas/gateways/stripe_event.h"
#include "sagas/gateways/stripe_report.h"

namespace florin::sagas {
namespace {

using domain::PaymentStatus;
using namespace stripe;

constexpr std::string_view kVersion = "2024-06-20";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kExpand = "expand%5B%5D=latest_charge.balance_transaction";
// Fifty events of at most 20 KB are 1 MB.
constexpr std::size_t kReplyMax = std::size_t{2} << 20;
constexpr std::size_t kKeyMax = 255;  // Stripe's
// One page of refunds or disputes; a payment with more is nothing we made.
constexpr std::string_view kListPage = "&limit=100";
constexpr std::string_view kEventsPage = "limit=50";
constexpr std::size_t kFeesMax = 1'000;

constexpr std::array<std::string_view, 15> kEventTypes = {"payment_intent.succeeded",
                                                          "payment_intent.payment_failed",
                                                          "payment_intent.canceled",
                                                          "payment_intent.requires_action",
                                                          "payment_intent.processing",
                                                          "charge.updated",
                                                          "charge.refunded",
                                                          "refund.created",
                                                          "refund.updated",
                                                          "refund.failed",
                                                          "charge.dispute.created",
                                                          "charge.dispute.updated",
                                                          "charge.dispute.closed",
                                                          "charge.dispute.funds_withdrawn",
                                                          "charge.dispute.funds_reinstated"};

bool is_header_value(std::string_view text, std::size_t size_max) {
  return !text.empty() && text.size() <= size_max &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  });
}

// Answers about the card itself; everything else that tokenize is refused is our set-up.
bool is_about_the_card(std::string_view code) {
  return code.starts_with("incorrect_") || code.starts_with("invalid_") || code == "expired_card";
}

}  // namespace

Result<std::unique_ptr<StripeGateway>, std::string> StripeGateway::make(asio::io_context& io,
                                                                        StripeConfig const& config) {
  bool const key = config.secret_key.starts_with("sk_") || config.secret_key.starts_with("rk_");
  if (!key || !is_header_value(config.secret_key, 256)) return fail(std::string("secret_key: sk_… or rk_…"));
  if (!is_header_value(config.webhook_secret, 256)) return fail(std::string("webhook_secret: is needed"));
  if (!is_tag(config.server_tag)) return fail(std::string("server_tag: 1 to 64 letters, digits, _ and -"));
  HttpsOptions options;
  options.base_url = config.base_url;
  options.timeout = config.timeout;
  options.connections_max = config.connections_max;
  options.reply_bytes_max = kReplyMax;
  options.ca_file = config.ca_file;
  auto client = FLORIN_TRY(HttpsClient::make(io, std::move(options)));
  return std::unique_ptr<StripeGateway>(new StripeGateway(config, std::move(client)));
}

StripeGateway::StripeGateway(StripeConfig const& config, std::unique_ptr<HttpsClient> client)
    : authorization_("Bearer " + config.secret_key),
      webhook_secret_(config.webhook_secret),
      server_tag_(config.server_tag),
      timeout_(config.timeout),
      fee_patience_(config.fee_patience),
      client_(std::move(client)) {}

Awaitable<StripeGateway::Reply> StripeGateway::get(std::string target, Deadline until) {
  HttpsClient::Request request;
  request.target = std::move(target);
  request.authorization = authorization_;
  request.method = HttpsClient::Method::get;
  request.headers.push_back({"Stripe-Version", std::string(kVersion)});
  request.deadline = until;
  return client_->send(std::move(request));
}

Awaitable<StripeGateway::Reply> StripeGateway::post(std::string target, std::string body, IdempotencyKey key,
                                                    Deadline until) {
  HttpsClient::Request request;
  request.target = std::move(target);
  request.authorization = authorization_;
  request.content_type = kFormType;
  request.body = std::move(body);
  request.headers.push_back({"Stripe-Version", std::string(kVersion)});
  if (!key.empty()) request.headers.push_back({"Idempotency-Key", std::move(key)});
  request.deadline = until;
  return client_->send(std::move(request));
}

void StripeGateway::fee_missing(std::string const& reference, std::string_view why) {
  if (fee_told_.size() >= kFeesMax) fee_told_.clear();
  if (!fee_told_.insert(reference).second) return;
  spdlog::error("cards: payment {}: {}; its fee counts as zero here and is to be booked by hand", reference, why);
}

PaymentAnswer StripeGateway::answer_of(stripe::ReadPayment read) {
  std::string const& reference = read.answer.payment.reference;
  switch (read.fee) {
    case Fee::known: fee_pending_since_.erase(reference); break;
    case Fee::not_dollars: fee_missing(reference, "the fee is not in dollars"); break;
    case Fee::pending: {
      if (fee_pending_since_.size() >= kFeesMax) fee_pending_since_.clear();
      auto const now = eventstore::machine().now();
      auto const since = fee_pending_since_.try_emplace(reference, now).first->second;
      if (now - since < fee_patience_) return unusable("fee_pending");
      fee_missing(reference, "no fee is booked for it");
      break;
    }
  }
  return std::move(read.answer);
}

Awaitable<PaymentAnswer> StripeGateway::retrieve_until(std::string reference, Deadline until) {
  Reply const paid = co_await get("/v1/payment_intents/" + reference + "?" + std::string(kExpand), until);
  if (!paid) co_return unreplied(paid.error());
  simdjson::dom::parser parser;
  auto const payment = parse(parser, paid.value().body);
  Verdict verdict = verdict_of(paid.value(), payment);
  if (verdict.kind == Verdict::Kind::refused) co_return refused(std::move(verdict.code));
  if (verdict.kind != Verdict::Kind::good) co_return unknown(std::move(verdict));
  auto read = payment_of(*payment, server_tag_);
  if (!read) co_return unusable(read.error());
  PaymentAnswer answer = answer_of(std::move(read).value());
  if (answer.outcome != PaymentOutcome::answered) co_return answer;
  if (answer.payment.reference != reference) co_return unusable("reply_malformed");
  if (!answer.payment.order || answer.payment.status != PaymentStatus::succeeded) co_return answer;

  std::string const query = "?payment_intent=" + reference + std::string(kListPage);
  Reply const refunded = co_await get("/v1/refunds" + query, until);
  if (!refunded) co_return unreplied(refunded.error());
  auto const refund_list = parse(parser, refunded.value().body);
  Verdict refund_verdict = verdict_of(refunded.value(), refund_list);
  if (refund_verdict.kind != Verdict::Kind::good) co_return unknown(std::move(refund_verdict));
  auto refunds = refunds_of(*refund_list);
  if (!refunds) co_return unusable(refunds.error());
  answer.payment.refunds = std::move(refunds).value();

  Reply const disputed = co_await get("/v1/disputes" + query, until);
  if (!disputed) co_return unreplied(disputed.error());
  auto const dispute_list = parse(parser, disputed.value().body);
  Verdict dispute_verdict = verdict_of(disputed.value(), dispute_list);
  if (dispute_verdict.kind != Verdict::Kind::good) co_return unknown(std::move(dispute_verdict));
  bool foreign = false;
  auto disputes = disputes_of(*dispute_list, foreign);
  if (!disputes) co_return unusable(disputes.error());
  if (foreign) fee_missing(answer.payment.reference, "a dispute's fee is not in dollars");
  answer.payment.disputes = std::move(disputes).value();
  co_return answer;
}

// What a post about a payment came to. `reference`: the payment's, when it was known before.
Awaitable<PaymentAnswer> StripeGateway::interpret(Reply reply, std::string reference, Deadline until) {
  if (!reply) co_return unreplied(reply.error());
  std::string current;
  {
    simdjson::dom::parser parser;
    auto const document = parse(parser, reply.value().body);
    Verdict verdict = verdict_of(reply.value(), document);
    if (verdict.kind == Verdict::Kind::unknown) co_return unknown(std::move(verdict));
    if (verdict.kind == Verdict::Kind::refused) co_return refused(std::move(verdict.code));
    if (verdict.kind == Verdict::Kind::look_at_payment) {
      current = std::move(verdict.reference);
    } else {
      auto read = payment_of(*document, server_tag_);
      if (!read) co_return unusable(read.error());
      current = read.value().answer.payment.reference;
      bool const asked = reference.empty() || reference == current;
      if (!asked) co_return unusable("reply_malformed");
      if (!reply.value().replayed) co_return answer_of(std::move(read).value());
    }
  }
  if (!reference.empty() && current != reference) co_return unusable("reply_malformed");
  PaymentAnswer answer = co_await retrieve_until(std::move(current), until);
  co_return answer;
}

Awaitable<PaymentAnswer> StripeGateway::create(CreatePayment request) {
  if (!is_header_value(request.key, kKeyMax)) co_return refused("parameter_invalid");
  Deadline const until = deadline();
  Form const form = {{"amount", std::to_string(request.usd.minor())},
                     {"currency", "usd"},
                     {"payment_method_types[]", "card"},
                     {"capture_method", "automatic"},  // the newer automatic_async books the fee later
                     {"description", request.description},
                     {"metadata[florin_server]", server_tag_},
                     {"metadata[florin_order]", name_of(request.order.position(), request.ordered_at)}};
  std::string body = encode_form(form);
  Reply reply = co_await post("/v1/payment_intents", std::move(body), std::move(request.key), until);
  std::string none;
  PaymentAnswer answer = co_await interpret(std::move(reply), std::move(none), until);
  co_return answer;
}

Awaitable<PaymentAnswer> StripeGateway::confirm(ConfirmPayment request) {
  if (!is_header_value(request.key, kKeyMax)) co_return refused("parameter_invalid");
  if (!is_payment_reference(request.reference)) co_return refused("resource_missing");
  Deadline const until = deadline();
  Form const form = {{"payment_method", request.method},
                     {"return_url", request.return_url},
                     {"expand[]", "latest_charge.balance_transaction"}};
  std::string body = encode_form(form);
  std::string target = "/v1/payment_intents/" + request.reference + "/confirm";
  Reply reply = co_await post(std::move(target), std::move(body), std::move(request.key), until);
  PaymentAnswer answer = co_await interpret(std::move(reply), std::move(request.reference), until);
  co_return answer;
}

Awaitable<PaymentAnswer> StripeGateway::retrieve(std::string reference) {
  if (!is_payment_reference(reference)) co_return refused("resource_missing");
  PaymentAnswer answer = co_await retrieve_until(std::move(reference), deadline());
  co_return answer;
}

Awaitable<PaymentAnswer> StripeGateway::cancel(std::string reference) {
  if (!is_payment_reference(reference)) co_return refused("resource_missing");
  Deadline const until = deadline();
  std::string target = "/v1/payment_intents/" + reference + "/cancel";
  IdempotencyKey none;  // a payment is cancelled once, however often it is asked for
  std::string body;
  Reply reply = co_await post(std::move(target), std::move(body), std::move(none), until);
  PaymentAnswer answer = co_await interpret(std::move(reply), std::move(reference), until);
  if (answer.outcome != PaymentOutcome::answered) co_return answer;
  bool const ended =
      answer.payment.status == PaymentStatus::cancelled || answer.payment.status == PaymentStatus::succeeded;
  if (!ended) co_return unusable("not_cancelled_yet");
  co_return answer;
}

Awaitable<PaymentAnswer> StripeGateway::refund(RefundPayment request) {
  if (!is_header_value(request.key, kKeyMax)) co_return refused("parameter_invalid");
  if (!is_payment_reference(request.reference)) co_return refused("resource_missing");
  Deadline const until = deadline();
  Form const form = {{"payment_intent", request.reference},
                     {"amount", std::to_string(request.usd.minor())},
                     {"metadata[florin_refund]", name_of(request.refund.position(), request.asked_at)}};
  std::string body = encode_form(form);
  Reply const reply = co_await post("/v1/refunds", std::move(body), std::move(request.key), until);
  if (!reply) co_return unreplied(reply.error());
  {
    simdjson::dom::parser parser;
    auto const document = parse(parser, reply.value().body);
    Verdict verdict = verdict_of(reply.value(), document);
    if (verdict.kind == Verdict::Kind::unknown) co_return unknown(std::move(verdict));
    if (verdict.kind != Verdict::Kind::good) co_return refused(std::move(verdict.code));
    if (text_of(*document, "object") != "refund") co_return unusable("reply_malformed");
  }
  PaymentAnswer answer = co_await retrieve_until(std::move(request.reference), until);
  // The refund was made, so a payment that is not there is a reply that cannot be.
  if (answer.outcome == PaymentOutcome::refused) co_return unusable(std::move(answer.code));
  co_return answer;
}

Awaitable<MethodAnswer> StripeGateway::tokenize(Card card) {
  MethodAnswer answer;
  Form const form = {{"type", "card"},
                     {"card[number]", std::move(card.number)},
                     {"card[exp_month]", std::move(card.month)},
                     {"card[exp_year]", std::move(card.year)},
                     {"card[cvc]", std::move(card.cvc)}};
  std::string body = encode_form(form);
  IdempotencyKey none;
  Reply const reply = co_await post("/v1/payment_methods", std::move(body), std::move(none), deadline());
  if (!reply) {
    answer.code = https_fault_name(reply.error());
    answer.reached = is_reply(reply.error());
    co_return answer;
  }
  simdjson::dom::parser parser;
  auto const document = parse(parser, reply.value().body);
  Verdict verdict = verdict_of(reply.value(), document);
  if (verdict.kind == Verdict::Kind::good) {
    std::string_view const method = text_of(*document, "id");
    if (!is_stripe_token(method) || !method.starts_with("pm_")) {
      answer.code = "reply_malformed";
      answer.reached = true;
      co_return answer;
    }
    answer.outcome = PaymentOutcome::answered;
    answer.method = method;
    co_return answer;
  }
  bool const the_card = reply.value().status == 402 || is_about_the_card(verdict.code);
  if (verdict.kind == Verdict::Kind::refused && the_card) answer.outcome = PaymentOutcome::refused;
  answer.code = std::move(verdict.code);
  answer.reached = verdict.reached;
  co_return answer;
}

Awaitable<EventsAnswer> StripeGateway::list_events(domain::Timestamp since, std::string from) {
  EventsAnswer answer;
  if (!from.empty() && !is_stripe_token(from)) {
    answer.outcome = PaymentOutcome::refused;
    answer.code = "resource_missing";
    co_return answer;
  }
  std::string target = "/v1/events?" + std::string(kEventsPage);
  target += "&created%5Bgte%5D=" + std::to_string(since.micros() / domain::kMicrosPerSecond);
  for (std::string_view const type : kEventTypes) target.append("&types%5B%5D=").append(type);
  if (!from.empty()) target += "&starting_after=" + from;
  Reply const reply = co_await get(std::move(target), deadline());
  if (!reply) {
    answer.code = https_fault_name(reply.error());
    answer.reached = is_reply(reply.error());
    co_return answer;
  }
  simdjson::dom::parser parser;
  auto const document = parse(parser, reply.value().body);
  Verdict verdict = verdict_of(reply.value(), document);
  if (verdict.kind != Verdict::Kind::good) {
    if (verdict.kind == Verdict::Kind::refused) answer.outcome = PaymentOutcome::refused;
    answer.code = std::move(verdict.code);
    answer.reached = verdict.reached;
    co_return answer;
  }
  auto page = events_of(*document);
  if (!page) {
    answer.code = page.error();
    answer.reached = true;
    co_return answer;
  }
  answer.outcome = PaymentOutcome::answered;
  answer.events = std::move(page.value().events);
  answer.next = std::move(page.value().next);
  answer.more = !answer.next.empty();
  co_return answer;
}

Result<Callback, CallbackFault> StripeGateway::read_callback(std::string_view signature, std::string_view body,
                                                             domain::Timestamp now) const {
  return read_stripe_callback(webhook_secret_, signature, body, now);
}

}  // namespace florin::sagas
