// CONTRACT, Phone-share approval.
#include "api/routes/phone_share.h"

#include "api/ledger/phone_shares.h"
#include "api/routes/body_fields.h"
#include "api/routes/routes.h"
#include "sagas/texting/wording.h"

namespace florin::api {
namespace {

using domain::RejectionCode;

constexpr std::string_view kJustTexted =
    "A code was texted moments ago. Another is not sent before cooldown_seconds are over.";

std::string iso(domain::Timestamp at) { return json_text(to_iso8601(at)); }

// The fields that tell what asking came to, shared by the 409 and by the reply of /initiate.
void add_asked(std::vector<ErrorExtra>& fields, Ledger const& ledger, ShareRequest const& asked) {
  if (asked.approval) {
    if (asked.ours) fields.push_back({"approval_id", json_text(ledger.codes.approval_id(asked.approval->position()))});
    fields.push_back({"expires_at", iso(asked.expires_at)});
  }
  fields.push_back({"code_sent", asked.code_sent ? "true" : "false"});
  fields.push_back({"already_approved", asked.already_approved ? "true" : "false"});
  if (asked.cooldown_seconds > 0) fields.push_back({"cooldown_seconds", std::to_string(asked.cooldown_seconds)});
  if (asked.retry_after_seconds > 0) {
    fields.push_back({"rate_limited", "true"});
    fields.push_back({"retry_after_seconds", std::to_string(asked.retry_after_seconds)});
  }
}

std::string hints_of(Ledger const& ledger, domain::BlindIndex const& phone) {
  std::string out = "[";
  for (auto const identity : owners_of(ledger, phone)) {
    if (out.size() > 1) out += ",";
    out += json_text(email_hint(ledger, identity));
  }
  return out + "]";
}

std::optional<Response> refuse_too_many(Call const& call) {
  using domain::LimitKind;
  if (auto limited = call.limit(LimitKind::phone_shares_per_game_minute)) return limited;
  return call.limit(LimitKind::phone_shares_per_ip_hour, client_subject(call.request));
}

Response why_ended(Request const& request, std::optional<domain::ShareEnd> end) {
  if (!end) return rejection_response(request, RejectionCode::share_not_open);
  switch (*end) {
    case domain::ShareEnd::approved:
      return error_response(request, 409, "ALREADY_APPROVED", "This approval was given before.");
    case domain::ShareEnd::rejected:
      return error_response(request, 409, "ALREADY_REJECTED",
                            "The owner rejected it. A new request makes a new approval.");
    case domain::ShareEnd::wrong_codes:
      return error_response(request, 409, "OTP_ATTEMPTS_EXCEEDED",
                            "Too many wrong codes. A new request makes a new approval.");
    case domain::ShareEnd::expired:
    case domain::ShareEnd::superseded: break;
  }
  return rejection_response(request, RejectionCode::share_expired);
}

Awaitable<Response> answer(Call call, bool approve) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto body = JsonBody::parse(request);
  auto const approval_id = body.required_string("approval_id", 64);
  auto const otp = required_code(body, "otp", CodeForm::six_digits);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  if (auto limited = refuse_too_many(call)) co_return std::move(*limited);
  auto const game = caller->id;
  auto const& codes = ledger.codes;
  auto const approval = codes.parse_approval_id(approval_id);
  if (!approval) co_return rejection_response(request, RejectionCode::share_not_open);
  domain::ApprovalId const share(*approval);
  domain::AnswerPhoneShare const command{share, codes.is_otp(*approval, otp), approve, game};
  Payload const payload("answer-phone-share");
  domain::GameId const of_none;
  auto const outcome = co_await ledger.commands.execute(*request.inbox, command, of_none, "", payload);
  if (is_rejected(outcome, RejectionCode::share_not_open)) {
    auto const end = co_await share_end(call.reader(), game, share);
    co_return end ? why_ended(request, end.value()) : unread_response(request, end.error());
  }
  if (auto const* done = std::get_if<Committed>(&outcome)) {
    if (auto const* wrong = std::get_if<domain::ShareCodeRejected>(&done->commit->events.front())) {
      co_return with_position(
          error_response(request, 400, "INVALID_OTP",
                         wrong->attempts_left > 0 ? "The code is wrong. Check the newest text message."
                                                  : "The code is wrong, for the last time. Initiate a new approval.",
                         {{"attempts_remaining", std::to_string(wrong->attempts_left)}}),
          outcome);
    }
  }
  co_return write_response(request, outcome, [&](std::string& out, domain::Commit const&) {
    auto json = begin_success(out);
    json.string("message", approve ? "Approved: this e-mail may use this phone from now on."
                                   : "Rejected. A new request makes a new approval.");
    json.string("approval_id", approval_id);
    json.boolean("approved", approve);
    json.boolean("rejected", !approve);
    json.end_object();
  });
}

Awaitable<Response> approve(Call call) { return answer(std::move(call), true); }
Awaitable<Response> reject(Call call) { return answer(std::move(call), false); }

Awaitable<Response> initiate(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto body = JsonBody::parse(request);
  auto const phone = read_phone(body, "phone");
  auto const email_text = read_email_text(body, "email");
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto email = read_email(request, ledger, email_text, "email");
  if (!email) co_return std::move(email).error();
  if (auto limited = refuse_too_many(call)) co_return std::move(*limited);
  if (!ledger.texts.sms_available()) {
    co_return error_response(request, 503, "SMS_UNAVAILABLE",
                             "Texts cannot be sent at the moment; nothing was initiated. Retry later.", {},
                             static_cast<int>(ledger.texts.retry_after_seconds()));
  }
  auto const phone_ref = ledger.people.phone(phone);
  domain::PersonRef const person{email.value().index, shown_email(ledger, caller->id, email.value())};
  auto const answer = co_await ask_owner(call.reader(), caller->id, phone_ref, person);
  if (!answer.asked) co_return write_response(request, answer.outcome, [](std::string&, domain::Commit const&) {});
  auto const& asked = *answer.asked;
  if (asked.cooldown_seconds > 0 && !asked.approval) {
    std::vector<ErrorExtra> extras;
    add_asked(extras, ledger, asked);
    co_return error_response(request, 429, "OTP_COOLDOWN", kJustTexted, extras,
                             static_cast<int>(asked.cooldown_seconds));
  }
  if (asked.retry_after_seconds > 0) {
    std::vector<ErrorExtra> extras;
    add_asked(extras, ledger, asked);
    co_return error_response(request, 429, "OTP_RATE_LIMITED",
                             "Please wait before requesting another code for this phone.", extras,
                             static_cast<int>(asked.retry_after_seconds));
  }
  std::vector<ErrorExtra> fields;
  add_asked(fields, ledger, asked);
  auto response = with_position({}, answer.outcome);
  auto json = begin_success(response.body);
  json.string("message", asked.already_approved       ? "This e-mail may use this phone already."
                         : asked.cooldown_seconds > 0 ? kJustTexted
                                                      : "The phone's owner was texted a code.");
  json.string("phone", phone);
  json.string("email", person.email);
  for (auto const& field : fields) json.raw(field.name, field.json);
  json.end_object();
  co_return response;
}

Awaitable<Response> status(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  auto const phone = request.query_value("phone").value_or("");
  if (!is_phone(phone)) {
    co_return error_response(request, 400, "INVALID_PHONE",
                             "phone is + and 10 to 15 digits; write + as %2B in a query.", {{"field", "\"phone\""}});
  }
  auto email = read_email(request, ledger, request.query_value("email").value_or(""), "email");
  if (!email) co_return std::move(email).error();
  auto const& game = *caller;
  if (auto limited = call.limit(domain::LimitKind::by_email_reads_per_minute)) {
    co_return std::move(*limited);
  }
  auto const standing = share_standing(ledger, ledger.people.phone(phone).index, email.value().index);
  Response response;
  response.position = ledger.state.position().value();
  auto json = begin_success(response.body);
  json.boolean("approved", standing.approved);
  json.boolean("pending", standing.pending.has_value());
  json.string("phone", phone);
  json.string("email", shown_email(ledger, game.id, email.value()));
  if (standing.pending) {
    if (is_answered_by(*standing.pending, game.id)) {
      json.string("approval_id", ledger.codes.approval_id(standing.pending->approval.position()));
    }
    json.time("expires_at", standing.pending->expires_at);
  }
  json.end_object();
  co_return response;
}

}  // namespace

std::string email_hint(Ledger const& ledger, domain::IdentityId identity) {
  auto const email = ledger.people.email_of(identity);
  return email.empty() ? std::string() : sagas::mask_email(email);
}

Awaitable<Response> phone_share_required(Call const& call, domain::PhoneRef const& phone,
                                         domain::PersonRef const& person) {
  auto const& request = call.request;
  auto const& ledger = call.services.ledger;
  ShareRequest asked;
  auto position = ledger.state.position().value();
  // While nobody can be texted nobody is asked: code_sent is false, and the caller asks by /initiate later.
  if (ledger.texts.sms_available()) {
    auto const answer = co_await ask_owner(call.reader(), call.caller->id, phone, person);
    if (!answer.asked) co_return write_response(request, answer.outcome, [](std::string&, domain::Commit const&) {});
    asked = *answer.asked;
    position = with_position({}, answer.outcome).position;
  }
  std::vector<ErrorExtra> extras{{"phone", json_text(phone.number)},
                                 {"requesting_email", json_text(person.email)},
                                 {"existing_account_hints", hints_of(ledger, phone.index)},
                                 {"next_endpoint", json_text(call.services.api() + "/wallet/phone-share/initiate")}};
  add_asked(extras, ledger, asked);
  auto response =
      error_response(request, 409, "PHONE_SHARE_APPROVAL_REQUIRED",
                     "This phone number is already linked to another Invo account. The existing phone owner must "
                     "approve via SMS before this email can also use this phone.",
                     extras);
  response.position = position;
  co_return response;
}

std::span<Route const> phone_share_routes() {
  using domain::LimitKind;
  static constexpr Accepts kAccepts{.body = Body::json,
                                    .limits = {{{LimitKind::phone_shares_per_game_minute, Subject::handler},
                                                {LimitKind::phone_shares_per_ip_hour, Subject::handler}}}};
  static constexpr Route kRows[] = {
      row(Method::post, "/api/wallet/phone-share/initiate", "initiatePhoneShare", Who::game, initiate, kAccepts),
      row(Method::post, "/api/wallet/phone-share/approve", "approvePhoneShare", Who::game, approve, kAccepts),
      row(Method::post, "/api/wallet/phone-share/reject", "rejectPhoneShare", Who::game, reject, kAccepts),
      row(Method::get, "/api/wallet/phone-share/status", "getPhoneShareStatus", Who::game, status,
          {.query = {"phone", "email"}, .limits = {{{LimitKind::by_email_reads_per_minute, Subject::handler}}}}),
  };
  return kRows;
}

}  // namespace florin::api
