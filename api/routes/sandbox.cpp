// CONTRACT, Operators, sandbox only: the simulated phone and the clock.
#include "api/http/completion.h"
#include "api/routes/headers.h"
#include "api/routes/routes.h"
#include "api/routes/sms_inbound.h"

namespace florin::api {
namespace {

// How long a caller who puts the clock forward waits for what then ran out: timers, their commits, their texts.
constexpr int kIdleWaitMs = 15'000;

// How long a look at the phone waits for texts that are on their way.
constexpr int kTextedSeconds = 1;

Awaitable<Response> messages(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& phone = services.sandbox->phone;
  auto const number = request.query_value("phone");
  if (number && !is_phone(*number)) {
    co_return error_response(request, 400, "INVALID_PHONE",
                             "phone is + and 10 to 15 digits; write + as %2B in a query.", {{"field", "\"phone\""}});
  }
  // What was answered a moment ago may still be on its way to the phone.
  Completion<Unit> texted(*request.inbox);
  services.ledger.texts.when_tried(
      [completer = std::make_shared<Completer<Unit>>(texted.completer())] { completer->complete(Unit{}); });
  co_await texted.wait(kTextedSeconds);
  auto const texts = number ? phone.messages(*number) : phone.messages();
  Response response;
  auto json = begin_success(response.body);
  json.objects("messages", texts, [&](auto const& text) {
    json.string("id", text.id);
    json.string("to", text.to);
    json.string("body", text.body);
    json.time("at", text.at);
  });
  json.end_object();
  co_return response;
}

Awaitable<Response> reply(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& phone = services.sandbox->phone;
  auto body = JsonBody::parse(request);
  auto const from = read_phone(body, "from");
  auto const text = body.optional_string("body", 1'600);
  if (!text) body.fail("body", "body is required: what the phone's owner writes.");
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto const post = phone.reply(from, *text);
  Request inbound;
  inbound.method = Method::post;
  inbound.path = inbound.route = "/sandbox/webhooks/sms/inbound";
  inbound.body = post.body;
  inbound.content_type = "application/x-www-form-urlencoded";
  inbound.own[kSignature] = post.signature;
  inbound.client = request.client;
  inbound.id = request.id;
  inbound.inbox = request.inbox;
  auto const answer = co_await receive_text(services, inbound);
  if (answer.status == 200) phone.take_answer(std::string(from), answer.body);
  Response response;
  response.position = answer.position;
  auto json = begin_success(response.body);
  json.string("message_id", post.message_id);
  json.integer("webhook_status", answer.status);
  json.end_object();
  co_return response;
}

// Faults on demand, for whoever tests what happens when texts cannot be sent.
Awaitable<Response> faults(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& phone = services.sandbox->phone;
  auto body = JsonBody::parse(request);
  auto const down = body.optional_bool("down");
  auto const fail_next = body.optional_integer("fail_next", 0, 1'000'000);
  auto const drop_next = body.optional_integer("drop_next", 0, 1'000'000);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  if (down) phone.set_down(*down);
  if (fail_next) phone.fail_next(static_cast<unsigned>(*fail_next));
  if (drop_next) phone.drop_next(static_cast<unsigned>(*drop_next));
  Response response;
  response.body = R"({"status":"success"})";
  co_return response;
}

Awaitable<Response> advance(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& clock = *services.adjustable_clock;
  auto body = JsonBody::parse(request);
  auto const seconds = body.required_integer("advance_seconds", 1, eventstore::AdjustableClock::kAdvanceSecondsMax);
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  bool settled = false;
  auto const advanced = co_await call.reader().disk([&] {
    auto now = clock.advance(seconds);
    if (now && now.value()) settled = services.sandbox->effects.wait_until_idle(kIdleWaitMs);
    return now;
  });
  if (!advanced) co_return unread_response(request, advanced.error());
  if (!advanced.value()) {
    co_return invalid_field(
        request, "advance_seconds",
        "advance_seconds is too much: the clock cannot be put forward by more than ten years in all.");
  }
  Response response;
  response.position = services.ledger.state.position().value();
  auto json = begin_success(response.body);
  json.time("now", *advanced.value());
  json.integer("offset_seconds", clock.offset_seconds());
  json.boolean("settled", settled);
  json.end_object();
  co_return response;
}

}  // namespace

std::span<Route const> sandbox_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/admin/phone/messages", "listTexts", Who::operators, messages, {.query = {"phone"}}),
      row(Method::post, "/admin/phone/replies", "replyToText", Who::operators, reply, {.body = Body::json}),
      row(Method::post, "/admin/phone/faults", "breakPhone", Who::operators, faults, {.body = Body::json}),
      row(Method::post, "/admin/clock", "advanceClock", Who::operators, advance, {.body = Body::json}),
  };
  return kRows;
}

}  // namespace florin::api
