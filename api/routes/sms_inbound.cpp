// CONTRACT, POST /webhooks/sms/inbound: the provider's signed form post. Its answer is TwiML. It says nothing of what
// came of the text; only a phone with an open question, whose text answered nothing, is told how to answer.
#include "api/routes/sms_inbound.h"

#include "api/routes/headers.h"
#include "api/routes/routes.h"
#include "api/routes/text_answer.h"
#include "domain/questions.h"
#include "sagas/gateways/form.h"
#include "sagas/gateways/twilio_inbound.h"
#include "sagas/texting/wording.h"

namespace florin::api {
namespace {

constexpr std::string_view kSilence = R"(<?xml version="1.0" encoding="UTF-8"?><Response></Response>)";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

std::string twiml_saying(std::string_view text) {
  return R"(<?xml version="1.0" encoding="UTF-8"?><Response><Message>)" + std::string(text) + "</Message></Response>";
}

// A text that left the phone's question open. Its owner is told how to answer, once a question.
bool deserves_hint(Services& services, domain::BlindIndex const& phone, TextAnswer const& answer,
                   Performed const& outcome) {
  auto const* done = std::get_if<Committed>(&outcome);
  if (answer.kind == TextAnswer::Kind::command || done == nullptr || done->commit->events.size() > 1) return false;
  auto const& ledger = services.ledger;
  auto const question = ledger.state.read(
      [&](domain::State const& state) { return domain::newest_question(state, phone, ledger.clock.now()); });
  return question && services.hinted.take(question);
}

Awaitable<Response> receive(Call call) { return receive_text(call.services, call.request); }

}  // namespace

Awaitable<Response> receive_text(Services& services, Request const& request) {
  auto const& ledger = services.ledger;
  auto const& inbound = ledger.inbound;
  if (inbound.auth_token.empty()) {
    co_return error_response(request, 403, "SMS_NOT_CONFIGURED", "No SMS provider is configured here.");
  }
  if (!request.content_type.starts_with(kFormType)) {
    co_return error_response(request, 415, "UNSUPPORTED_MEDIA_TYPE",
                             "Send the provider's form post: application/x-www-form-urlencoded.");
  }
  auto const text =
      sagas::read_twilio_inbound(inbound.auth_token, inbound.public_url, request.body, request.own[kSignature]);
  if (!text) {
    if (text.error() == sagas::InboundError::forged) {
      co_return error_response(request, 403, "INVALID_SIGNATURE",
                               "X-Twilio-Signature does not sign this form for the configured public URL.");
    }
    co_return error_response(request, 400, "INVALID_REQUEST", "This is not the form of an inbound text.");
  }
  auto const phone = ledger.people.phone(text.value().from).index;
  auto const answer = read_text_answer(text.value().body);
  domain::ReceiveReply command{phone, answer.word, !answer.code.empty(), {}};
  if (command.has_code) {
    auto const asked = ledger.state.read([&](domain::State const& state) {
      std::vector<domain::Position> found;
      auto const& questions = state.questions();
      for (auto at = questions.lower_bound({phone, domain::Position{}}); at != questions.end() && at->first == phone;
           ++at) {
        found.push_back(at->second);
      }
      return found;
    });
    for (auto const approval : asked) {
      if (ledger.codes.is_otp(approval, answer.code)) command.named = approval;
    }
  }
  // The provider delivers at least once, and a captured post can be sent again: the message's id is good once, for
  // ever.
  auto const id = "sms:" + text.value().message_id;
  Payload const payload("inbound-text", text.value().from, text.value().body);
  domain::GameId const of_none;
  auto const outcome = co_await ledger.commands.execute(*request.inbox, command, of_none, id, payload);
  if (std::holds_alternative<Unavailable>(outcome)) {
    co_return write_response(request, outcome, [](std::string&, domain::Commit const&) {});
  }
  Response response;
  response.content_type = "text/xml";
  response.body = deserves_hint(services, phone, answer, outcome) ? twiml_saying(sagas::how_to_answer_text())
                                                                  : std::string(kSilence);
  co_return with_position(std::move(response), outcome);
}

std::span<Route const> sms_routes() {
  static constexpr Route kRows[] = {
      row(Method::post, "/webhooks/sms/inbound", "receiveText", Who::provider, receive,
          {.body = Body::form, .body_limit = sagas::kFormBytesMax}),
  };
  return kRows;
}

}  // namespace florin::api
