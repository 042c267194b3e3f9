// What Stripe's replies say, without any call: JSON in, a payment report or a verdict out (API version 2024-06-20; the
// rules stand at the head of stripe.h). Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "domain/payment.h"
#include "domain/result.h"
#include "sagas/gateways/https_client.h"
#include "sagas/gateways/payment_gateway.h"

namespace florin::sagas::stripe {

using simdjson::dom::element;

// A value to go on with, or why there is none: one token.
template <class T>
using Read = Result<T, std::string>;

inline constexpr std::int64_t kCentsMax = 99'999'999;  // Stripe's: eight digits

// What a reply is, before anything of its kind is read.
struct Verdict {
  enum class Kind : std::uint8_t {
    good,
    look_at_payment,  // the payment named in the error went on without us: retrieve it
    refused,
    unknown,
  };
  Kind kind = Kind::unknown;
  std::string code;       // refused, unknown
  std::string reference;  // look_at_payment
  bool reached = false;   // unknown: it is about this call, not about all
};

// nullopt: no JSON, or no object. The element lives as long as the parser keeps it.
[[nodiscard]] std::optional<element> parse(simdjson::dom::parser& parser, std::string const& body);
// `document`: of reply.body.
[[nodiscard]] Verdict verdict_of(HttpsReply const& reply, std::optional<element> const& document);
[[nodiscard]] PaymentAnswer unknown(Verdict verdict);
// It replied, and the reply is of no use.
[[nodiscard]] PaymentAnswer unusable(std::string code);
[[nodiscard]] PaymentAnswer refused(std::string code);
// No whole reply came.
[[nodiscard]] PaymentAnswer unreplied(HttpsFault fault);
// A reply that is longer than any of Stripe's was a reply.
[[nodiscard]] bool is_reply(HttpsFault fault);

enum class Fee : std::uint8_t { known, pending, not_dollars };

// A payment without its refunds and disputes. One that is not ours has its reference and no order.
struct ReadPayment {
  PaymentAnswer answer;
  Fee fee = Fee::known;
};
[[nodiscard]] Read<ReadPayment> payment_of(element const& payment, std::string_view server_tag);
// Of lists that are complete; oldest first.
[[nodiscard]] Read<std::vector<domain::RefundReport>> refunds_of(element const& list);
// `foreign`: set when an entry is not in dollars.
[[nodiscard]] Read<std::vector<domain::DisputeReport>> disputes_of(element const& list, bool& foreign);

// A page of events, oldest first. One that cannot be read is passed over with a warning, and holds up none of the
// others.
struct ReadEvents {
  std::vector<ProcessorEvent> events;
  std::string next;  // where the next page begins; empty: there is none
};
[[nodiscard]] Read<ReadEvents> events_of(element const& list);

// How an order or refund of ours is named in a payment's metadata: "1042-1770000000000000".
[[nodiscard]] std::string name_of(domain::Position position, domain::Timestamp at);
// Empty when there is none, or it is no text.
[[nodiscard]] std::string_view text_of(element const& object, std::string_view name);

}  // namespace florin::sagas::stripe
