#include "sagas/gateways/stripe.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <simdjson.h>
#include <spdlog/spdlog.h>

#include "domain/ids.h"
#include "sagas/gateways/form.h"
#include "sagas/gateways/stripe_event.h"

namespace florin::sagas {
namespace {

using domain::DisputeStatus;
using domain::Money;
using domain::PaymentStatus;
using domain::RefundStatus;
using simdjson::dom::element;

constexpr std::string_view kVersion = "2024-06-20";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
constexpr std::string_view kExpand = "expand%5B%5D=latest_charge.balance_transaction";
// Fifty events of at most 20 KB are 1 MB.
constexpr std::size_t kReplyMax = std::size_t{2} << 20;
constexpr std::int64_t kCentsMax = 99'999'999;  // Stripe's: eight digits
constexpr std::size_t kUrlMax = 4096;
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

// A value to go on with, or why there is none: one token.
template <class T>
using Read = Result<T, std::string>;

Failure<std::string> unreadable() { return fail(std::string("reply_malformed")); }

// It replied, and the reply is of no use.
PaymentAnswer unusable(std::string code) {
  PaymentAnswer answer;
  answer.code = std::move(code);
  answer.reached = true;
  return answer;
}

// A reply that is longer than any of Stripe's was a reply.
bool is_reply(HttpsFault fault) { return fault == HttpsFault::reply_too_large; }

PaymentAnswer unreplied(HttpsFault fault) {
  PaymentAnswer answer;
  answer.code = https_fault_name(fault);
  answer.reached = is_reply(fault);
  return answer;
}

PaymentAnswer refused(std::string code) {
  PaymentAnswer answer;
  answer.outcome = PaymentOutcome::refused;
  answer.code = std::move(code);
  return answer;
}

// Empty when there is none, or it is no text.
std::string_view text_of(element const& object, std::string_view name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  return text;
}

// Only what may stand in a log and an answer.
std::string token_or(std::string_view text, std::string_view otherwise) {
  return std::string(is_stripe_token(text) ? text : otherwise);
}

std::optional<Money> cents_of(element const& object, std::string_view name) {
  std::int64_t cents = 0;
  if (object[name].get(cents) != simdjson::SUCCESS || cents < 0 || cents > kCentsMax) return std::nullopt;
  return Money::from_minor(cents);
}

// An order or refund of ours, as the metadata names it: "1042-1770000000000000".
struct Named {
  domain::Position position;
  domain::Timestamp at;
};

std::string named(domain::Position position, domain::Timestamp at) {
  return std::to_string(position.value()) + "-" + std::to_string(at.micros());
}

// Zero: it names nothing, or not in this form.
Named named_in(element const& object, std::string_view name) {
  element metadata;
  if (object["metadata"].get(metadata) != simdjson::SUCCESS) return {};
  std::string_view const text = text_of(metadata, name);
  std::size_t const dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  auto const position = domain::parse_number(text.substr(0, dash));
  auto const micros = text.substr(dash + 1) == "0" ? std::uint64_t{0} : domain::parse_number(text.substr(dash + 1));
  if (!position || !micros) return {};
  Named const read{domain::Position(*position), domain::Timestamp::from_micros(static_cast<std::int64_t>(*micros))};
  if (named(read.position, read.at) != text) return {};
  return read;
}

std::optional<PaymentStatus> status_of(element const& payment) {
  std::string_view const status = text_of(payment, "status");
  if (status == "requires_payment_method") {
    element error;
    bool const tried = payment["last_payment_error"].get(error) == simdjson::SUCCESS && error.is_object();
    return tried ? PaymentStatus::declined : PaymentStatus::unconfirmed;
  }
  if (status == "requires_confirmation") return PaymentStatus::unconfirmed;
  if (status == "requires_action") return PaymentStatus::requires_action;
  if (status == "processing") return PaymentStatus::processing;
  if (status == "succeeded") return PaymentStatus::succeeded;
  if (status == "canceled") return PaymentStatus::cancelled;
  return std::nullopt;
}

std::string decline_of(element const& error) {
  std::string_view const own = text_of(error, "decline_code");
  return token_or(own.empty() ? text_of(error, "code") : own, "generic_decline");
}

enum class Fee : std::uint8_t { known, pending, not_dollars };

struct ReadFee {
  Fee state = Fee::pending;
  Money usd;
};

Read<ReadFee> fee_of(element const& payment) {
  element booked;
  if (payment["latest_charge"]["balance_transaction"].get(booked) != simdjson::SUCCESS || !booked.is_object()) {
    return ReadFee{};
  }
  if (text_of(booked, "currency") != "usd") return ReadFee{Fee::not_dollars, {}};
  auto const fee = cents_of(booked, "fee");
  if (!fee) return unreadable();
  return ReadFee{Fee::known, *fee};
}

}  // namespace

struct StripeGateway::ReadPayment {
  PaymentAnswer answer;
  Fee fee = Fee::known;
};

namespace {

bool is_tagged(element const& payment, std::string_view server_tag) {
  element metadata;
  return payment["metadata"].get(metadata) == simdjson::SUCCESS && text_of(metadata, "florin_server") == server_tag;
}

// What may be said of the payment to whoever asked, without its refunds and disputes.
template <class Payment>
Read<Payment> payment_of(element const& payment, std::string_view server_tag) {
  std::string_view const reference = text_of(payment, "id");
  if (text_of(payment, "object") != "payment_intent" || !is_payment_reference(reference)) return unreadable();
  Payment read;
  PaymentAnswer& answer = read.answer;
  answer.outcome = PaymentOutcome::answered;
  domain::PaymentReport& report = answer.payment;
  report.reference = reference;
  Named const order = is_tagged(payment, server_tag) ? named_in(payment, "florin_order") : Named();
  if (!order.position) return read;
  report.order = order.position;
  report.ordered_at = order.at;
  auto const status = status_of(payment);
  bool const paid = status == PaymentStatus::succeeded;
  auto const usd = cents_of(payment, paid ? "amount_received" : "amount");
  if (!status || !usd) return unreadable();
  report.status = *status;
  report.usd = *usd;
  report.in_usd = text_of(payment, "currency") == "usd";
  if (paid) {
    auto fee = fee_of(payment);
    if (!fee) return fail(std::move(fee).error());
    report.fee = fee.value().usd;
    read.fee = fee.value().state;
  }
  if (*status == PaymentStatus::declined) {
    element error;
    if (payment["last_payment_error"].get(error) == simdjson::SUCCESS) report.decline_code = decline_of(error);
  }
  if (*status == PaymentStatus::requires_action) {
    std::string_view const secret = text_of(payment, "client_secret");
    if (is_stripe_token(secret) && secret.starts_with(reference)) answer.client_secret = secret;
    std::string_view url;
    if (payment["next_action"]["redirect_to_url"]["url"].get(url) == simdjson::SUCCESS && url.size() <= kUrlMax &&
        url.starts_with("https://")) {
      answer.redirect_url = url;
    }
  }
  return read;
}

Read<RefundStatus> refund_status_of(std::string_view status) {
  if (status == "succeeded") return RefundStatus::succeeded;
  if (status == "pending" || status == "requires_action") return RefundStatus::pending;
  if (status == "failed" || status == "canceled") return RefundStatus::failed;
  return unreadable();
}

// The data of a list that is here in full.
Read<simdjson::dom::array> list_of(element const& list) {
  simdjson::dom::array data;
  bool more = true;
  if (list["data"].get(data) != simdjson::SUCCESS || list["has_more"].get(more) != simdjson::SUCCESS) {
    return unreadable();
  }
  if (more) return fail(std::string("list_too_long"));
  return data;
}

Read<std::vector<domain::RefundReport>> refunds_of(element const& list) {
  auto data = list_of(list);
  if (!data) return fail(std::move(data).error());
  std::vector<domain::RefundReport> out;
  for (element const refund : data.value()) {
    std::string_view const id = text_of(refund, "id");
    auto const usd = cents_of(refund, "amount");
    auto const status = refund_status_of(text_of(refund, "status"));
    if (!is_stripe_token(id) || !usd || !status) return unreadable();
    Named const own = named_in(refund, "florin_refund");
    out.push_back({std::string(id), own.position, *usd, status.value(), own.at});
  }
  std::ranges::reverse(out);  // listed newest first
  return out;
}

// nullopt: nothing was withdrawn for it yet. `foreign`: set when an entry is not in dollars.
Read<std::optional<domain::DisputeReport>> dispute_of(element const& dispute, bool& foreign) {
  std::string_view const id = text_of(dispute, "id");
  std::string_view const status = text_of(dispute, "status");
  auto const usd = cents_of(dispute, "amount");
  simdjson::dom::array booked;
  if (!is_stripe_token(id) || !usd || status.empty() ||
      dispute["balance_transactions"].get(booked) != simdjson::SUCCESS) {
    return unreadable();
  }
  if (status.starts_with("warning_")) return std::optional<domain::DisputeReport>();
  if (booked.size() == 0) return std::optional<domain::DisputeReport>();
  domain::DisputeReport report;
  report.reference = id;
  std::int64_t fees = 0;
  std::int64_t held = 0;
  std::int64_t held_abroad = 0;  // in cents of another currency
  bool came_back = false;
  for (element const entry : booked) {
    std::int64_t fee = 0;
    std::int64_t amount = 0;
    auto const within = [](std::int64_t cents) { return cents >= -kCentsMax && cents <= kCentsMax; };
    if (entry["fee"].get(fee) != simdjson::SUCCESS || !within(fee)) return unreadable();
    if (entry["amount"].get(amount) != simdjson::SUCCESS || !within(amount)) return unreadable();
    came_back = came_back || amount > 0;
    ++report.entries;
    if (text_of(entry, "currency") == "usd") {
      fees += fee;
      held -= amount;
    } else {
      foreign = true;
      held_abroad -= amount;
    }
  }
  // More came back than was withdrawn: that is no player's, so it lessens the fee.
  if (held < 0) fees += std::exchange(held, 0);
  if (held_abroad > 0) held += usd->minor();
  report.withheld = Money::from_minor(held);
  report.fee = Money::from_minor(fees);
  report.status = status == "won" && came_back ? DisputeStatus::won
                  : status == "lost"           ? DisputeStatus::lost
                                               : DisputeStatus::open;
  return std::optional(std::move(report));
}

Read<std::vector<domain::DisputeReport>> disputes_of(element const& list, bool& foreign) {
  auto data = list_of(list);
  if (!data) return fail(std::move(data).error());
  std::vector<domain::DisputeReport> out;
  for (element const dispute : data.value()) {
    auto read = dispute_of(dispute, foreign);
    if (!read) return fail(std::move(read).error());
    if (read.value()) out.push_back(std::move(*read.value()));
  }
  std::ranges::reverse(out);
  return out;
}

// What a reply is, before anything of its kind is read.
struct Verdict {
  enum class Kind : std::uint8_t { good, stands, refused, unknown };  // stands: look at the payment in the error
  Kind kind = Kind::unknown;
  std::string code;       // refused, unknown
  std::string reference;  // stands
  bool reached = false;   // unknown: it is about this call, not about all
};

// Whatever the body says: no other call would fare better.
bool is_out_of_reach(unsigned status) {
  return status == 401 || status == 403 || status == 408 || status == 429 || status >= 500;
}

PaymentAnswer unknown(Verdict verdict) {
  PaymentAnswer answer;
  answer.code = std::move(verdict.code);
  answer.reached = verdict.reached;
  return answer;
}

// `document`: of reply.body, in the parser that owns it; none when it is no JSON.
Verdict verdict_of(HttpsReply const& reply, std::optional<element> const& document) {
  using Kind = Verdict::Kind;
  std::string const by_status = "http_" + std::to_string(reply.status);
  bool const reached = !is_out_of_reach(reply.status);
  if (reply.status == 401 || reply.status == 403) return {Kind::unknown, by_status, {}, reached};
  if (!document) return {Kind::unknown, reply.status == 200 ? "reply_malformed" : by_status, {}, reached};
  if (reply.status == 200) return {Kind::good, {}, {}, reached};
  element error;
  bool const told = (*document)["error"].get(error) == simdjson::SUCCESS && error.is_object();
  std::string_view const type = told ? text_of(error, "type") : std::string_view();
  std::string_view const own = told ? text_of(error, "code") : std::string_view();
  std::string code = token_or(own, token_or(type, by_status));
  bool const about_the_call = reply.status == 400 || reply.status == 402 || reply.status == 404;
  if (type.empty() || !about_the_call || type == "idempotency_error")
    return {Kind::unknown, std::move(code), {}, reached};
  std::string_view reference;
  bool const names =
      error["payment_intent"]["id"].get(reference) == simdjson::SUCCESS && is_payment_reference(reference);
  if (names && (reply.status == 402 || own == "payment_intent_unexpected_state")) {
    return {Kind::stands, std::move(code), std::string(reference), reached};
  }
  // "card_declined" says less than its decline code.
  if (own == "card_declined") code = decline_of(error);
  return {Kind::refused, std::move(code), {}, reached};
}

std::optional<element> parse(simdjson::dom::parser& parser, std::string const& body) {
  element document;
  if (parser.parse(body).get(document) != simdjson::SUCCESS || !document.is_object()) return std::nullopt;
  return document;
}

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
  auto client = HttpsClient::make(io, std::move(options));
  if (!client) return fail(client.error());
  return std::unique_ptr<StripeGateway>(new StripeGateway(config, std::move(client).value()));
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

PaymentAnswer StripeGateway::answer_of(ReadPayment read) {
  std::string const& reference = read.answer.payment.reference;
  switch (read.fee) {
    case Fee::known: fee_pending_since_.erase(reference); break;
    case Fee::not_dollars: fee_missing(reference, "the fee is not in dollars"); break;
    case Fee::pending: {
      if (fee_pending_since_.size() >= kFeesMax) fee_pending_since_.clear();
      auto const now = std::chrono::steady_clock::now();
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
  auto read = payment_of<ReadPayment>(*payment, server_tag_);
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
    if (verdict.kind == Verdict::Kind::stands) {
      current = std::move(verdict.reference);
    } else {
      auto read = payment_of<ReadPayment>(*document, server_tag_);
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
                     {"metadata[florin_order]", named(request.order, request.ordered_at)}};
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
                     {"metadata[florin_refund]", named(request.refund, request.asked_at)}};
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
  simdjson::dom::array data;
  bool more = false;
  answer.code = "reply_malformed";
  answer.reached = true;
  if ((*document)["data"].get(data) != simdjson::SUCCESS || (*document)["has_more"].get(more) != simdjson::SUCCESS) {
    co_return answer;
  }
  std::string last;
  for (element const event : data) {
    auto read = read_stripe_event(event);
    last = text_of(event, "id");
    if (!read && !is_stripe_token(last)) co_return answer;
    if (!read) {  // one that is told in a way that is not known holds up none of the others
      spdlog::warn("the processor's event {} cannot be read and is passed over", last);
      continue;
    }
    if (read.value().event) answer.events.push_back(std::move(*read.value().event));
  }
  if (more && last.empty()) co_return answer;
  std::ranges::reverse(answer.events);
  answer.outcome = PaymentOutcome::answered;
  answer.code.clear();
  answer.more = more;
  if (more) answer.next = std::move(last);
  co_return answer;
}

Result<Callback, CallbackFault> StripeGateway::read_callback(std::string_view signature, std::string_view body,
                                                             domain::Timestamp now) const {
  return read_stripe_callback(webhook_secret_, signature, body, now);
}

}  // namespace florin::sagas
