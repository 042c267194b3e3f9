// Texts out: the interface that the real adapter (twilio.h), its simulator (sandbox_phone.h) and the breaker around
// either (guarded_sms.h) share.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "sagas/gateways/asio.h"

namespace florin::sagas {

struct TextMessage {
  std::string to;    // E.164
  std::string body;  // UTF-8
  // Derived from the event that asks for the text: the same text tried again has the same key. A provider that knows
  // such keys drops the second; Twilio has none, so there a text can arrive twice and must not mean anything twice.
  std::string idempotency_key;
};

struct SmsResult {
  enum class Outcome : std::uint8_t {
    sent,         // the provider has taken it; whether the phone gets it is another matter
    refused,      // permanent, for this text: a number that cannot be texted. Do not try again
    unavailable,  // transient or our own set-up: nobody knows whether it was taken. Try again later
  };
  Outcome outcome = Outcome::unavailable;
  std::string message_id;  // sent: the provider's
  std::string code;        // otherwise why, in one token ("21211", "timeout"); no personal data, no secret

  [[nodiscard]] static SmsResult sent(std::string message_id) { return {Outcome::sent, std::move(message_id), {}}; }
  [[nodiscard]] static SmsResult refused(std::string code) { return {Outcome::refused, {}, std::move(code)}; }
  [[nodiscard]] static SmsResult unavailable(std::string code) { return {Outcome::unavailable, {}, std::move(code)}; }
  friend bool operator==(SmsResult const&, SmsResult const&) = default;
};

class SmsGateway {
 public:
  SmsGateway() = default;
  SmsGateway(SmsGateway const&) = delete;
  SmsGateway& operator=(SmsGateway const&) = delete;
  virtual ~SmsGateway() = default;

  // On the effects thread; any number at a time, in no order. Answers within the adapter's own deadline, always, and
  // never throws: every fault is an `unavailable`. The gateway outlives the wait, unless the io_context is destroyed
  // first and the wait with it.
  [[nodiscard]] virtual Awaitable<SmsResult> send(TextMessage message) = 0;
};

}  // namespace florin::sagas
