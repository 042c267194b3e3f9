// The gateways from the command line, for tests/e2e/gateways:
//
//   gateway_probe send BASE_URL ACCOUNT_SID FROM|MESSAGING_SERVICE_SID TO BODY    the token is in TWILIO_AUTH_TOKEN
//       prints "sent SID", "refused CODE" or "unavailable CODE"
//   gateway_probe sign URL FORM                 prints X-Twilio-Signature of the encoded form
//   gateway_probe check URL FORM SIGNATURE      prints "valid" or "invalid"
//   gateway_probe reply URL FROM BODY           the sandbox phone's post: prints its form and its signature, a line
//   each
//   gateway_probe stripe-sign SECONDS BODY             prints Stripe-Signature; the secret is in TWILIO_AUTH_TOKEN too
//   gateway_probe stripe-check SECONDS BODY HEADER     prints the payment, "none", "unsigned", "stale" or "malformed"
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>

#include "eventstore/clock.h"
#include "sagas/gateways/form.h"
#include "sagas/gateways/sandbox_phone.h"
#include "sagas/gateways/stripe_event.h"
#include "sagas/gateways/stripe_signature.h"
#include "sagas/gateways/twilio.h"
#include "sagas/gateways/twilio_signature.h"

namespace {

using namespace florin::sagas;

void say(std::string const& line) { std::printf("%s\n", line.c_str()); }

int send(std::vector<std::string> const& words, std::string const& token) {
  boost::asio::io_context io;
  TwilioConfig config;
  config.base_url = words[1];
  config.account_sid = words[2];
  config.auth_token = token;
  (words[3].starts_with("MG") ? config.messaging_service_sid : config.from) = words[3];
  auto gateway = TwilioGateway::make(io, config);
  if (!gateway) {
    say("settings " + gateway.error());
    return 1;
  }
  TextMessage message{words[4], words[5], "probe"};
  boost::asio::co_spawn(io, gateway.value()->send(std::move(message)), [](std::exception_ptr failed, SmsResult result) {
    if (failed) std::rethrow_exception(failed);
    switch (result.outcome) {
      case SmsResult::Outcome::sent: say("sent " + result.message_id); break;
      case SmsResult::Outcome::refused: say("refused " + result.code); break;
      case SmsResult::Outcome::unavailable: say("unavailable " + result.code); break;
    }
  });
  io.run();
  return 0;
}

int check_stripe(std::vector<std::string> const& words, std::string const& secret, florin::domain::Timestamp now) {
  auto const callback = read_stripe_callback(secret, words[3], words[2], now);
  if (callback.ok()) {
    say(callback.value().change ? callback.value().change->reference : "none");
    return 0;
  }
  switch (callback.error()) {
    case CallbackFault::unsigned_post: say("unsigned"); break;
    case CallbackFault::stale: say("stale"); break;
    case CallbackFault::malformed: say("malformed"); break;
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::string> const words(arguments + 1, arguments + count);
  char const* const secret = std::getenv("TWILIO_AUTH_TOKEN");
  std::string const token = secret == nullptr ? "" : secret;
  if (words.size() == 6 && words[0] == "send") return send(words, token);
  if (words.size() == 4 && words[0] == "reply") {
    florin::eventstore::SystemClock const clock;
    SandboxPhoneOptions options;
    options.webhook_url = words[1];
    options.auth_token = token;
    SandboxPhone phone(clock, options);
    SignedPost const post = phone.reply(words[2], words[3]);
    say(post.body);
    say(post.signature);
    return 0;
  }
  if (words.size() >= 3 && words[0].starts_with("stripe-")) {
    auto const at = florin::domain::Timestamp::from_seconds(std::atoll(words[1].c_str()));
    if (words[0] == "stripe-check" && words.size() == 4) return check_stripe(words, token, at);
    if (words[0] == "stripe-sign") {
      say(stripe_signature(token, words[2], at));
      return 0;
    }
  }
  if (words.size() >= 3 && (words[0] == "sign" || words[0] == "check")) {
    auto const form = decode_form(words[2]);
    if (!form) {
      say("malformed");
      return 1;
    }
    if (words[0] == "sign") {
      say(twilio_signature(token, words[1], form.value()));
      return 0;
    }
    if (words.size() == 4) {
      say(twilio_signature_valid(token, words[1], form.value(), words[3]) ? "valid" : "invalid");
      return 0;
    }
  }
  std::fputs("usage: see the head of gateway_probe.cpp\n", stderr);
  return 2;
}
