// CONTRACT, Phone-share approval.
#include "api/routes/phone_share.h"

#include "api/routes/routes.h"
#include "api/routes/transfer_replies.h"
#include "eventstore/store/codes.h"
#include "eventstore/store/read_commit.h"
#include "projections/transfers.h"
#include "sagas/texting/wording.h"

namespace florin::api {
namespace {

using domain::Rejection;

constexpr std::string_view kJustTexted =
    "A code was texted moments ago. Another is not sent before cooldown_seconds are over.";

std::string iso(domain::Timestamp at) { return json_text(to_iso8601(at)); }

bool is_answered_by(domain::OpenShare const& share, domain::GameId game) { return !share.game || share.game == game; }

// What asking came to. The approval is absent when too many codes went to this phone, or when the last one has ended
// moments ago.
struct Asked {
  bool already_approved = false;
  std::optional<domain::Position> approval;
  bool ours = true;  // another game asked: its approval is answered through it alone
  domain::Timestamp expires_at;
  bool code_sent = false;
  std::int64_t cooldown_seconds = 0;
  std::int64_t retry_after_seconds = 0;  // > 0: rate limited
  std::uint64_t position = 0;            // of the log, that this can be read at
  std::optional<Response> failed;        // the writer could not say
};

Awaitable<Asked> ask(Services& services, Request const& request, domain::GameId game, domain::PhoneRef const& phone,
                     domain::PersonRef const& person) {
  auto& environment = services.environment;
  Asked asked;
  domain::RequestPhoneShare command{phone, person, game};  // not in the call: g++ 12 destroys such temporaries twice
  auto const outcome =
      co_await perform(*request.inbox, environment, std::move(command), {}, "", Payload("request-phone-share"));
  asked.position = with_position({}, outcome).position;
  if (auto const* done = std::get_if<eventstore::Committed>(&outcome)) {
    auto const& event = event_of<domain::PhoneShareRequested>(*done->commit);
    asked.approval = event.approval;
    asked.expires_at = event.expires_at;
    asked.code_sent = true;
    co_return asked;
  }
  if (auto const* refusal = std::get_if<domain::Refusal>(&outcome)) {
    if (refusal->reason == Rejection::share_not_needed) {
      asked.already_approved = true;
      co_return asked;
    }
    if (refusal->reason == Rejection::share_cooldown) {
      auto const open = environment.balances().read([&](domain::State const& state) {
        auto const* share = state.shares().find(refusal->about);
        return share != nullptr ? std::optional(*share) : std::nullopt;
      });
      asked.cooldown_seconds = refusal->retry_after;
      if (!open) co_return asked;
      asked.approval = open->approval;
      asked.ours = is_answered_by(*open, game);
      asked.expires_at = open->expires_at;
      asked.code_sent = true;
      co_return asked;
    }
    if (refusal->reason == Rejection::share_rate_limited) {
      asked.retry_after_seconds = refusal->retry_after;
      co_return asked;
    }
  }
  asked.failed = write_response(request, outcome, [](std::string&, domain::Commit const&) {});
  co_return asked;
}

// The fields that tell what asking came to, shared by the 409 and by the reply of /initiate.
void add_asked(std::vector<ErrorExtra>& fields, Environment& environment, Asked const& asked) {
  if (asked.approval) {
    if (asked.ours)
      fields.push_back({"approval_id", json_text(environment.vault().codes().approval_id(*asked.approval))});
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

std::string hints_of(Environment& environment, domain::BlindIndex const& phone) {
  // Not those who merely claimed with it: nobody asks them.
  auto const people = environment.balances().read([&](domain::State const& state) {
    auto found = state.phones().people(phone);
    std::erase_if(found, [&](domain::IdentityId identity) { return !state.phones().may_use(phone, identity); });
    return found;
  });
  std::string out = "[";
  for (auto const identity : people) {
    if (out.size() > 1) out += ",";
    out += json_text(email_hint(environment, identity));
  }
  return out + "]";
}

std::optional<Response> refuse_too_many(Services& services, Request const& request, domain::Game const& game) {
  using domain::LimitKind;
  if (auto limited = refuse_over_limit(request, services, game, LimitKind::phone_shares_per_game_minute)) {
    return limited;
  }
  return refuse_over_limit(request, services, game, LimitKind::phone_shares_per_ip_hour, client_subject(request));
}

Response why_ended(Request const& request, std::optional<domain::ShareEnd> end) {
  if (!end) return refusal_response(request, {.reason = Rejection::share_not_open});
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
  return refusal_response(request, {.reason = Rejection::share_expired});
}

// What the view knows of an approval that `game` may answer: nothing of others', which is all it is told.
struct Ended {
  bool ours = false;
  std::optional<projections::ShareRecord> record;
  std::optional<Response> failed;
};

void look_up(Services& services, Request const& request, domain::GameId game, domain::Position approval, Ended& found) {
  auto& environment = services.environment;
  if (approval > environment.balances().position()) return;
  auto const commit = eventstore::read_commit(environment.log(), approval);
  if (!commit) return void(found.failed = view_unavailable(request, commit.error()));
  if (!commit.value()) return;
  for (auto const& event : commit.value()->events) {
    auto const* asked = std::get_if<domain::PhoneShareRequested>(&event);
    if (asked != nullptr) found.ours = !asked->game || asked->game == game;
  }
  if (!found.ours) return;
  auto view = environment.views().read("transfers");
  if (!view) return void(found.failed = view_unavailable(request, view.error()));
  auto share = projections::read_share(view.value(), approval);
  if (!share) return void(found.failed = view_unavailable(request, share.error()));
  found.record = share.value();
}

// An approval that does not wait any more, or never was. Its end is final, so a view that knows of it need not be any
// newer; else it is waited for.
Awaitable<Response> ended(Services& services, Request const& request, domain::GameId game, domain::Position approval) {
  auto const wanted = services.environment.balances().position();
  Ended found;
  bool const first = co_await on_worker(services, request, [&] { look_up(services, request, game, approval, found); });
  if (!first) co_return server_busy(request);
  bool const told = found.failed || !found.ours || (found.record && found.record->end);
  if (!told) {
    bool const reached = co_await reach_view(*request.inbox, services.environment, "transfers", wanted);
    if (!reached) co_return view_behind(request);
    bool const second =
        co_await on_worker(services, request, [&] { look_up(services, request, game, approval, found); });
    if (!second) co_return server_busy(request);
  }
  if (found.failed) co_return std::move(*found.failed);
  co_return why_ended(request, found.ours && found.record ? found.record->end : std::nullopt);
}

Awaitable<Response> answer(Call call, bool approve) {
  auto const& [services, request, path, caller] = call;
  auto& environment = services.environment;
  auto body = JsonBody::parse(request);
  auto const approval_id = body.required_string("approval_id", 64);
  auto const otp = body.required_code("otp", CodeForm::six_digits);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  if (auto limited = refuse_too_many(services, request, *caller)) co_return std::move(*limited);
  auto const game = caller->id;
  auto const& codes = environment.vault().codes();
  auto const approval = codes.parse_approval_id(approval_id);
  if (!approval) co_return refusal_response(request, {.reason = Rejection::share_not_open});
  auto const outcome = co_await perform(
      *request.inbox, environment, domain::AnswerPhoneShare{*approval, codes.is_otp(*approval, otp), approve, game}, {},
      "", Payload("answer-phone-share"));
  if (auto const* refusal = std::get_if<domain::Refusal>(&outcome);
      refusal != nullptr && refusal->reason == Rejection::share_not_open) {
    co_return co_await ended(services, request, game, *approval);
  }
  if (auto const* done = std::get_if<eventstore::Committed>(&outcome)) {
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
  auto& environment = services.environment;
  auto body = JsonBody::parse(request);
  auto const phone = read_phone(body, "phone");
  auto const email_text = read_email_text(body, "email");
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto email = read_email(request, environment, email_text, "email");
  if (!email) co_return std::move(email).error();
  if (auto limited = refuse_too_many(services, request, *caller)) co_return std::move(*limited);
  if (!environment.texts().sms_available()) {
    co_return error_response(request, 503, "SMS_UNAVAILABLE",
                             "Texts cannot be sent at the moment; nothing was initiated. Retry later.", {},
                             static_cast<int>(environment.texts().retry_after_seconds()));
  }
  domain::PhoneRef const phone_ref{environment.vault().phone_index(phone), std::string(phone)};
  domain::PersonRef const person{email.value().index, shown_email(environment, caller->id, email.value())};
  auto asked = co_await ask(services, request, caller->id, phone_ref, person);
  if (asked.failed) co_return std::move(*asked.failed);
  if (asked.cooldown_seconds > 0 && !asked.approval) {
    std::vector<ErrorExtra> extras;
    add_asked(extras, environment, asked);
    co_return error_response(request, 429, "OTP_COOLDOWN", kJustTexted, extras,
                             static_cast<int>(asked.cooldown_seconds));
  }
  if (asked.retry_after_seconds > 0) {
    std::vector<ErrorExtra> extras;
    add_asked(extras, environment, asked);
    co_return error_response(request, 429, "OTP_RATE_LIMITED",
                             "Please wait before requesting another code for this phone.", extras,
                             static_cast<int>(asked.retry_after_seconds));
  }
  std::vector<ErrorExtra> fields;
  add_asked(fields, environment, asked);
  Response response;
  response.position = asked.position;
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
  auto& environment = services.environment;
  auto const phone = request.query_value("phone").value_or("");
  if (!is_phone(phone)) {
    co_return error_response(request, 400, "INVALID_PHONE",
                             "phone is + and 10 to 15 digits; write + as %2B in a query.", {{"field", "\"phone\""}});
  }
  auto email = read_email(request, environment, request.query_value("email").value_or(""), "email");
  if (!email) co_return std::move(email).error();
  auto const& game = *caller;
  if (auto limited = refuse_over_limit(request, services, game, domain::LimitKind::by_email_reads_per_minute)) {
    co_return std::move(*limited);
  }
  auto const index = environment.vault().phone_index(phone);
  struct Standing {
    bool approved = false;
    std::optional<domain::OpenShare> pending;
  };
  auto const now = environment.clock().now();
  auto const standing = environment.balances().read([&](domain::State const& state) {
    Standing found;
    auto const identity = state.find_identity(email.value().index);
    auto const pair = identity ? state.phones().find(index, *identity) : std::nullopt;
    found.approved = state.phones().may_use(index, identity);  // the rule by which /initiate says already_approved
    auto const* open = pair ? state.shares().find_for(*pair) : nullptr;
    if (open != nullptr && now < open->expires_at) found.pending = *open;
    return found;
  });
  Response response;
  response.position = environment.balances().position().value();
  auto json = begin_success(response.body);
  json.boolean("approved", standing.approved);
  json.boolean("pending", standing.pending.has_value());
  json.string("phone", phone);
  json.string("email", shown_email(environment, game.id, email.value()));
  if (standing.pending) {
    if (is_answered_by(*standing.pending, game.id)) {
      json.string("approval_id", environment.vault().codes().approval_id(standing.pending->approval));
    }
    json.time("expires_at", standing.pending->expires_at);
  }
  json.end_object();
  co_return response;
}

}  // namespace

std::string email_hint(Environment& environment, domain::IdentityId identity) {
  auto const sealed = environment.balances().email_of(identity);
  auto const email = sealed ? reveal(environment, identity, eventstore::Field::email, *sealed) : std::string();
  return email.empty() ? std::string() : sagas::mask_email(email);
}

Awaitable<Response> phone_share_required(Services& services, Request const& request, domain::GameId game,
                                         domain::PhoneRef const& phone, domain::PersonRef const& person) {
  auto& environment = services.environment;
  Asked asked;
  asked.position = environment.balances().position().value();
  // While nobody can be texted nobody is asked: code_sent is false, and the caller asks by /initiate later.
  if (environment.texts().sms_available()) {
    auto came = co_await ask(services, request, game, phone, person);
    asked = std::move(came);
  }
  if (asked.failed) co_return std::move(*asked.failed);
  std::vector<ErrorExtra> extras{{"phone", json_text(phone.number)},
                                 {"requesting_email", json_text(person.email)},
                                 {"existing_account_hints", hints_of(environment, phone.index)},
                                 {"next_endpoint", json_text(services.api() + "/wallet/phone-share/initiate")}};
  add_asked(extras, environment, asked);
  auto response =
      error_response(request, 409, "PHONE_SHARE_APPROVAL_REQUIRED",
                     "This phone number is already linked to another Invo account. The existing phone owner must "
                     "approve via SMS before this email can also use this phone.",
                     extras);
  response.position = asked.position;
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
