// CONTRACT, POST /webhooks/sms/inbound: the provider's signed form post. Its answer is TwiML that says nothing,
// whatever came of the text: a phone learns nothing from guessing.
#include "api/routes/sms_inbound.h"

#include <algorithm>
#include <cctype>

#include "api/routes/routes.h"
#include "eventstore/codes.h"
#include "sagas/gateways/form.h"
#include "sagas/gateways/twilio_inbound.h"

namespace florin::api {
namespace {

constexpr std::string_view kSilence = R"(<?xml version="1.0" encoding="UTF-8"?><Response></Response>)";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

struct Words {
  domain::ReplyWord word = domain::ReplyWord::none;
  std::string code;
  bool understood = false;
};

// `YES`, `YES <code>`, `<code>`, `NO`, `NO <code>`, in any case, with a full stop or blanks around.
Words read_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  auto const finish = [&] {
    if (!word.empty()) words.push_back(std::exchange(word, {}));
  };
  for (char const c : text) {
    auto const u = static_cast<unsigned char>(c);
    if (std::isalnum(u) != 0) {
      word.push_back(static_cast<char>(std::toupper(u)));
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '.' || c == '!' || c == ',') {
      finish();
    } else {
      return {};
    }
  }
  finish();
  auto const is_code = [](std::string const& w) {
    return w.size() == 6 && std::all_of(w.begin(), w.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (words.empty() || words.size() > 2) return {};
  Words out;
  if (words[0] == "YES" || words[0] == "NO") {
    out.word = words[0] == "YES" ? domain::ReplyWord::yes : domain::ReplyWord::no;
    if (words.size() == 2 && !is_code(words[1])) return {};
    if (words.size() == 2) out.code = words[1];
  } else if (words.size() == 1 && is_code(words[0])) {
    out.code = words[0];
  } else {
    return {};
  }
  out.understood = true;
  return out;
}

}  // namespace

Awaitable<Response> receive_text(Services& services, Request const& request) {
  auto& environment = services.environment;
  auto const& inbound = environment.inbound();
  if (inbound.auth_token.empty()) {
    co_return error_response(request, 403, "SMS_NOT_CONFIGURED", "No SMS provider is configured here.");
  }
  if (!request.content_type.starts_with(kFormType)) {
    co_return error_response(request, 415, "UNSUPPORTED_MEDIA_TYPE",
                             "Send the provider's form post: application/x-www-form-urlencoded.");
  }
  auto const text = sagas::read_twilio_inbound(inbound.auth_token, inbound.public_url, request.body, request.signature);
  if (!text) {
    if (text.error() == sagas::InboundError::forged) {
      co_return error_response(request, 403, "INVALID_SIGNATURE",
                               "X-Twilio-Signature does not sign this form for the configured public URL.");
    }
    co_return error_response(request, 400, "INVALID_REQUEST", "This is not the form of an inbound text.");
  }
  auto const phone = environment.vault().phone_index(text.value().from);
  auto const words = read_words(text.value().body);
  domain::ReceiveReply command{phone, words.word, !words.code.empty(), {}};
  if (command.has_code) {
    auto const asked = environment.balances().read([&](domain::State const& state) {
      std::vector<domain::Position> found;
      auto const& questions = state.questions();
      for (auto at = questions.lower_bound({phone, domain::Position{}}); at != questions.end() && at->first == phone;
           ++at) {
        found.push_back(at->second);
      }
      return found;
    });
    for (auto const approval : asked) {
      if (environment.vault().codes().is_otp(approval, words.code)) command.named = approval;
    }
  }
  // The provider delivers at least once, and a captured post can be sent again: the message's id is good once, for
  // ever.
  auto const id = "sms:" + text.value().message_id;
  Payload payload("inbound-text");
  payload.add(text.value().from).add(text.value().body);
  auto const outcome = co_await perform(request, environment, command, {}, id, payload);
  if (std::holds_alternative<eventstore::Unavailable>(outcome)) {
    co_return write_response(request, outcome, [](std::string&, domain::Commit const&) {});
  }
  Response response;
  response.content_type = "text/xml";
  response.body = kSilence;
  co_return with_position(std::move(response), outcome);
}

void add_sms_routes(Router& router, Services& services) {
  router.add(
      Method::post, services.root + "/webhooks/sms/inbound",
      [&services](Request const& request, PathValues const&) { return receive_text(services, request); },
      sagas::kFormBytesMax, Takes::any);
}

}  // namespace florin::api
