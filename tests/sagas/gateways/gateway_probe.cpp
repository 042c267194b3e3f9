// The gateways from the command line, for tests/e2e/gateways:
//
//   gateway_probe send BASE_URL ACCOUNT_SID FROM|MESSAGING_SERVICE_SID TO BODY    the token is in TWILIO_AUTH_TOKEN
//       prints "sent SID", "refused CODE" or "unavailable CODE"
//   gateway_probe sign URL FORM                 prints X-Twilio-Signature of the encoded form
//   gateway_probe check URL FORM SIGNATURE      prints "valid" or "invalid"
//   gateway_probe reply URL FROM BODY           the sandbox phone's post: prints its form and its signature, a line
//   each
//   gateway_probe nacha CREATED EFFECTIVE MODIFIER DESTINATION NAME ORIGIN NAME COMPANY COMPANY_ID ODFI DESCRIPTION
//                 [PAYOUT HOLDER ROUTING ACCOUNT checking|savings USD]…
//       prints the file, or why there is none; CREATED and EFFECTIVE are times, of EFFECTIVE the day counts; PAYOUT is
//       a position
//   gateway_probe day CREATED same|next ENTRIES_MAX DESTINATION … [PAYOUT …]…
//       the same entries shared out among files of at most ENTRIES_MAX: prints the files, one after the other
//   gateway_probe bank FILE                     prints what the sandbox bank reads in its text: "ENTRIES USD", or why
//   not
//   gateway_probe stripe-sign SECONDS BODY             prints Stripe-Signature; the secret is in TWILIO_AUTH_TOKEN too
//   gateway_probe stripe-check SECONDS BODY HEADER     prints the payment, "none", "unsigned", "stale" or "malformed"
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>

#include "eventstore/runtime/clock.h"
#include "sagas/gateways/ach_day.h"
#include "sagas/gateways/form.h"
#include "sagas/gateways/nacha.h"
#include "sagas/gateways/sandbox_bank.h"
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

std::optional<AchEntry> entry_of(std::vector<std::string> const& words, std::size_t at) {
  auto const position = florin::domain::parse_number(words[at]);
  auto const type = florin::domain::parse_account_type(words[at + 4]);
  auto const usd = florin::domain::parse_amount(words[at + 5]);
  if (!position || !type || !usd) return std::nullopt;
  return AchEntry{florin::domain::PayoutId(*position),          words[at + 1], words[at + 2], words[at + 3], *type,
                  florin::domain::Usd::from_minor(usd->minor())};
}

int nacha(std::vector<std::string> const& words) {
  constexpr std::size_t kFixed = 12;
  constexpr std::size_t kAnEntry = 6;
  AchFile file;
  auto const created = florin::domain::parse_iso8601(words[1]);
  auto const effective = florin::domain::parse_iso8601(words[2]);
  if (!created || !effective || words[3].size() != 1 || (words.size() - kFixed) % kAnEntry != 0) return 2;
  file.created = *created;
  file.effective = std::chrono::sys_days(std::chrono::days(effective->micros() / florin::domain::kMicrosPerDay));
  file.modifier = words[3].front();
  file.origin = {words[4], words[5], words[6], words[7], words[8], words[9], words[10], words[11]};
  for (std::size_t at = kFixed; at < words.size(); at += kAnEntry) {
    auto entry = entry_of(words, at);
    if (!entry) return 2;
    file.entries.push_back(std::move(*entry));
  }
  auto const text = write_nacha(file);
  std::fputs(text ? text.value().c_str() : text.error().c_str(), stdout);
  return 0;
}

int day(std::vector<std::string> const& words) {
  constexpr std::size_t kFixed = 12;
  constexpr std::size_t kAnEntry = 6;
  auto const created = florin::domain::parse_iso8601(words[1]);
  if (!created || (words.size() - kFixed) % kAnEntry != 0) return 2;
  AchSettings const settings{{words[4], words[5], words[6], words[7], words[8], words[9], words[10], words[11]},
                             words[2] == "same"};
  AchDayLimits limits;
  limits.entries = static_cast<std::size_t>(std::atoll(words[3].c_str()));
  std::vector<AchEntry> entries;
  for (std::size_t at = kFixed; at < words.size(); at += kAnEntry) {
    auto entry = entry_of(words, at);
    if (!entry) return 2;
    entries.push_back(std::move(*entry));
  }
  auto const shared = share_out(settings, *created, std::move(entries), limits);
  for (auto const& file : shared.files) {
    auto const text = write_nacha(file);
    std::fputs(text ? text.value().c_str() : text.error().c_str(), stdout);
  }
  return 0;
}

int bank(std::string const& file) {
  auto const receipt = SandboxBank().submit(file);
  if (!receipt) {
    say(receipt.error());
    return 0;
  }
  say(std::to_string(receipt.value().entries) + " " + florin::domain::to_string(receipt.value().usd));
  return 0;
}

int check_stripe(std::vector<std::string> const& words, std::string const& secret, florin::domain::Timestamp now) {
  auto const callback = read_stripe_callback(secret, words[3], words[2], now);
  if (callback.ok()) {
    say(callback.value().event ? callback.value().event->reference : "none");
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
  if (words.size() >= 12 && words[0] == "nacha") return nacha(words);
  if (words.size() >= 12 && words[0] == "day") return day(words);
  if (words.size() == 2 && words[0] == "bank") return bank(words[1]);
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
