#include "sagas/gateways/stripe_event.h"

#include <algorithm>

#include <simdjson.h>

#include "sagas/gateways/stripe_signature.h"

namespace florin::sagas {
namespace {

using simdjson::dom::element;

constexpr std::size_t kReferenceMax = 99;
constexpr std::size_t kTokenMax = 100;
constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999

bool is_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

std::string_view text_of(element const& object, char const* name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  return text;
}

// Of the object that an event is about. nullopt: it is not of Stripe's form; empty: about no payment.
std::optional<std::string> reference_of(element const& object) {
  std::string_view const kind = text_of(object, "object");
  if (kind.empty()) return std::nullopt;
  std::string_view reference;
  if (kind == "payment_intent") {
    reference = text_of(object, "id");
  } else if (kind == "charge" || kind == "refund" || kind == "dispute") {
    element payment;
    if (object["payment_intent"].get(payment) != simdjson::SUCCESS || payment.is_null()) return std::string();
    reference = payment.is_object() ? text_of(payment, "id") : text_of(object, "payment_intent");
  } else {
    return std::string();
  }
  if (!is_payment_reference(reference)) return std::nullopt;
  return std::string(reference);
}

// Seconds; zero when it is none that a date can be.
domain::Timestamp created_of(element const& event) {
  std::int64_t seconds = 0;
  bool const told = event["created"].get(seconds) == simdjson::SUCCESS;
  return told && seconds > 0 && seconds <= kSecondsMax ? domain::Timestamp::from_seconds(seconds) : domain::Timestamp{};
}

}  // namespace

bool is_payment_reference(std::string_view text) {
  return text.size() > 3 && text.size() <= kReferenceMax && text.starts_with("pi_") && is_word(text);
}

bool is_stripe_token(std::string_view text) { return !text.empty() && text.size() <= kTokenMax && is_word(text); }

Result<Callback, CallbackFault> read_stripe_event(std::string_view json) {
  // simdjson copies from the pointer of an absent body, too, which is undefined.
  if (json.empty() || json.size() > kStripeBodyMax) return fail(CallbackFault::malformed);
  simdjson::dom::parser parser;  // at most 1,024 deep
  element event;
  if (parser.parse(json.data(), json.size()).get(event) != simdjson::SUCCESS) return fail(CallbackFault::malformed);
  return read_stripe_event(event);
}

Result<Callback, CallbackFault> read_stripe_event(element const& event) {
  std::string_view const id = text_of(event, "id");
  element object;
  if (text_of(event, "object") != "event" || !is_stripe_token(id) ||
      event["data"]["object"].get(object) != simdjson::SUCCESS) {
    return fail(CallbackFault::malformed);
  }
  auto reference = reference_of(object);
  if (!reference) return fail(CallbackFault::malformed);
  if (reference->empty()) return Callback{};
  return Callback{ProcessorEvent{std::string(id), std::move(*reference), created_of(event)}};
}

Result<Callback, CallbackFault> read_stripe_callback(std::string_view secret, std::string_view signature,
                                                     std::string_view body, domain::Timestamp now) {
  switch (check_stripe_signature(secret, signature, body, now)) {
    case StripeSignatureCheck::good: return read_stripe_event(body);
    case StripeSignatureCheck::stale: return fail(CallbackFault::stale);
    case StripeSignatureCheck::wrong: break;
  }
  return fail(CallbackFault::unsigned_post);
}

}  // namespace florin::sagas
