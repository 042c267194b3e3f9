// The simulated SMS provider: keeps the texts instead of sending them, and makes the provider's signed posts when
// somebody replies. What the sandbox serves under /sandbox/admin/phone, and what tests hold.
//
// It behaves as Twilio where that shows: the same idempotency key is texted twice when it is sent twice; Twilio's own
// magic numbers are refused with Twilio's codes (+15005550001 no number, …2 no route, …3 no permission, …4 blocked,
// …9 no texts). Texts are lost with the process.
//
// Threads: any; one mutex, never held across a wait. Bounds: 50 texts a phone (a whole flow texts one phone fewer than
// ten times), 16 MB in all with 256 bytes of bookkeeping charged for each (about 40,000 texts: minutes of the largest
// test); past that the phones that were texted least recently are forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/time.h"
#include "eventstore/runtime/clock.h"
#include "sagas/gateways/sms.h"

namespace florin::sagas {

struct SandboxText {
  std::string id;  // "SM" and 32 hex digits
  std::string to;
  std::string body;
  domain::Timestamp at;
};

// A form post as Twilio would make it: deliver `body` to `url` as application/x-www-form-urlencoded, with `signature`
// in the header X-Twilio-Signature. Delivering it twice is what a provider does that got no answer.
struct SignedPost {
  std::string url;
  std::string body;
  std::string signature;
  std::string message_id;
};

struct SandboxPhoneOptions {
  std::string number = "+15005550006";  // who texts, and to whom replies go
  std::string webhook_url;              // where inbound texts are posted; signed as it stands here
  std::string auth_token;               // signs them
  std::size_t texts_per_phone = 50;
  std::size_t bytes_max = 16'000'000;
};

class SandboxPhone final : public SmsGateway {
 public:
  // `clock` outlives it: the sandbox's.
  SandboxPhone(eventstore::Clock const& clock, SandboxPhoneOptions options,
               eventstore::Runtime& runtime = eventstore::machine());

  [[nodiscard]] Awaitable<SmsResult> send(TextMessage message) override;

  // Newest last; empty for a phone that is not known (any more).
  [[nodiscard]] std::vector<SandboxText> messages(std::string_view phone) const;
  // Of all phones, newest last; the newest `limit`.
  [[nodiscard]] std::vector<SandboxText> messages(std::size_t limit = 1000) const;
  [[nodiscard]] SignedPost reply(std::string_view from, std::string_view body);

  // What the webhook answered to a reply from `phone`: the provider texts the <Message> of it back, if there is one.
  void take_answer(std::string const& phone, std::string_view twiml);

  // Faults on demand; they add up in this order.
  void set_down(bool down);               // unavailable until told otherwise
  void fail_next(unsigned texts);         // not taken, and unavailable
  void lose_answer_next(unsigned texts);  // on the phone, and unavailable: nobody knows
  void drop_next(unsigned texts);         // sent, and never on the phone

 private:
  struct Kept {
    std::uint64_t sequence = 0;
    SandboxText text;
  };
  struct Phone {
    std::deque<Kept> texts;
    std::list<std::string>::iterator turn;  // in turns_
  };

  [[nodiscard]] SmsResult take(TextMessage const& message);
  [[nodiscard]] std::string next_id();  // all below: under mutex_
  void keep(std::string const& phone, Kept kept);
  [[nodiscard]] static std::size_t cost(Kept const& kept);

  eventstore::Clock const& clock_;
  SandboxPhoneOptions const options_;
  std::uint64_t const instance_;  // random: ids differ after a restart
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Phone> phones_;
  std::list<std::string> turns_;  // phones, the one texted least recently first
  std::size_t bytes_ = 0;
  std::uint64_t ids_ = 0;
  std::uint64_t sequence_ = 0;
  bool down_ = false;
  unsigned fail_ = 0;
  unsigned lose_answer_ = 0;
  unsigned drop_ = 0;
};

}  // namespace florin::sagas
