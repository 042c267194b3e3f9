#include "sagas/gateways/stripe_report.h"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "domain/ids.h"
#include "sagas/gateways/stripe_event.h"

namespace florin::sagas::stripe {
namespace {

using domain::DisputeStatus;
using domain::PaymentStatus;
using domain::RefundStatus;
using domain::Usd;

constexpr std::size_t kUrlMax = 4096;

Failure<std::string> unreadable() { return fail(std::string("reply_malformed")); }

// Only what may stand in a log and an answer.
std::string token_or(std::string_view text, std::string_view otherwise) {
  return std::string(is_stripe_token(text) ? text : otherwise);
}

std::optional<Usd> cents_of(element const& object, std::string_view name) {
  std::int64_t cents = 0;
  if (object[name].get(cents) != simdjson::SUCCESS || cents < 0 || cents > kCentsMax) return std::nullopt;
  return Usd::from_minor(cents);
}

// An order or refund of ours, as the metadata names it: "1042-1770000000000000".
struct Named {
  domain::Position position;
  domain::Timestamp at;
};

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
  if (name_of(read.position, read.at) != text) return {};
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

struct ReadFee {
  Fee state = Fee::pending;
  Usd usd;
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

bool is_tagged(element const& payment, std::string_view server_tag) {
  element metadata;
  return payment["metadata"].get(metadata) == simdjson::SUCCESS && text_of(metadata, "florin_server") == server_tag;
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
  report.withheld = Usd::from_minor(held);
  report.fee = Usd::from_minor(fees);
  report.status = status == "won" && came_back ? DisputeStatus::won
                  : status == "lost"           ? DisputeStatus::lost
                                               : DisputeStatus::open;
  return std::optional(std::move(report));
}

// Whatever the body says: no other call would fare better.
bool is_out_of_reach(unsigned status) {
  return status == 401 || status == 403 || status == 408 || status == 429 || status >= 500;
}

}  // namespace

PaymentAnswer unusable(std::string code) {
  PaymentAnswer answer;
  answer.code = std::move(code);
  answer.reached = true;
  return answer;
}

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

std::string_view text_of(element const& object, std::string_view name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  return text;
}

std::string name_of(domain::Position position, domain::Timestamp at) {
  return std::to_string(position.value()) + "-" + std::to_string(at.micros());
}

Read<ReadPayment> payment_of(element const& payment, std::string_view server_tag) {
  std::string_view const reference = text_of(payment, "id");
  if (text_of(payment, "object") != "payment_intent" || !is_payment_reference(reference)) return unreadable();
  ReadPayment read;
  PaymentAnswer& answer = read.answer;
  answer.outcome = PaymentOutcome::answered;
  domain::PaymentReport& report = answer.payment;
  report.reference = reference;
  Named const order = is_tagged(payment, server_tag) ? named_in(payment, "florin_order") : Named();
  if (!order.position) return read;
  report.order = domain::OrderId(order.position);
  report.ordered_at = order.at;
  auto const status = status_of(payment);
  bool const paid = status == PaymentStatus::succeeded;
  auto const usd = cents_of(payment, paid ? "amount_received" : "amount");
  if (!status || !usd) return unreadable();
  report.status = *status;
  report.usd = *usd;
  report.in_usd = text_of(payment, "currency") == "usd";
  if (paid) {
    auto fee = FLORIN_TRY(fee_of(payment));
    report.fee = fee.usd;
    read.fee = fee.state;
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

Read<std::vector<domain::RefundReport>> refunds_of(element const& list) {
  auto data = FLORIN_TRY(list_of(list));
  std::vector<domain::RefundReport> out;
  for (element const refund : data) {
    std::string_view const id = text_of(refund, "id");
    auto const usd = cents_of(refund, "amount");
    auto const status = refund_status_of(text_of(refund, "status"));
    if (!is_stripe_token(id) || !usd || !status) return unreadable();
    Named const own = named_in(refund, "florin_refund");
    out.push_back({std::string(id), domain::RefundId(own.position), *usd, status.value(), own.at});
  }
  std::ranges::reverse(out);  // listed newest first
  return out;
}

Read<std::vector<domain::DisputeReport>> disputes_of(element const& list, bool& foreign) {
  auto data = FLORIN_TRY(list_of(list));
  std::vector<domain::DisputeReport> out;
  for (element const dispute : data) {
    auto read = FLORIN_TRY(dispute_of(dispute, foreign));
    if (read) out.push_back(std::move(*read));
  }
  std::ranges::reverse(out);
  return out;
}

PaymentAnswer unknown(Verdict verdict) {
  PaymentAnswer answer;
  answer.code = std::move(verdict.code);
  answer.reached = verdict.reached;
  return answer;
}

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
    return {Kind::look_at_payment, std::move(code), std::string(reference), reached};
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

Read<ReadEvents> events_of(element const& list) {
  simdjson::dom::array data;
  bool more = false;
  if (list["data"].get(data) != simdjson::SUCCESS || list["has_more"].get(more) != simdjson::SUCCESS) {
    return unreadable();
  }
  ReadEvents page;
  std::string last;
  for (element const event : data) {
    auto read = read_stripe_event(event);
    last = text_of(event, "id");
    if (!read && !is_stripe_token(last)) return unreadable();
    if (!read) {
      spdlog::warn("the processor's event {} cannot be read and is passed over", last);
      continue;
    }
    if (read.value().event) page.events.push_back(std::move(*read.value().event));
  }
  if (more && last.empty()) return unreadable();
  std::ranges::reverse(page.events);
  if (more) page.next = std::move(last);
  return page;
}

}  // namespace florin::sagas::stripe
