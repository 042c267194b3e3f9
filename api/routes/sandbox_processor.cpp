// The sandbox's card processor, seen from outside: for operators its statement, faults and what happens at a processor
// without our doing; for browsers the bank's question.
#include "api/routes/body_fields.h"
#include "api/routes/routes.h"
#include "sagas/gateways/form.h"

namespace florin::api {
namespace {

Response done_or_not(Request const& request, bool done) {
  if (!done) {
    return error_response(request, 409, "PAYMENT_NOT_OPEN",
                          "The processor has no such payment, or this cannot happen to it now.");
  }
  Response response;
  response.body = R"({"status":"success"})";
  return response;
}

Awaitable<Response> statement(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& processor = services.sandbox->processor;
  auto const stated = co_await call.reader().disk([&] { return processor.statement(); });
  if (!stated) co_return unread_response(request, stated.error());
  auto const& said = stated.value();
  Response response;
  auto json = begin_success(response.body);
  json.integer("payments", said.payments);
  json.integer("charges", said.charges);
  json.integer("refunds", said.refunds);
  json.integer("disputes_open", said.disputes_open);
  json.integer("disputes_won", said.disputes_won);
  json.integer("disputes_lost", said.disputes_lost);
  json.integer("callbacks_waiting", said.callbacks_waiting);
  json.amount("usd_charged", said.charged);
  json.amount("usd_refunded", said.refunded);
  json.amount("usd_disputed", said.disputed);
  json.amount("usd_fees", said.fees);
  json.amount("usd_dispute_fees", said.dispute_fees);
  json.amount("usd_balance", said.balance);
  json.end_object();
  co_return response;
}

Awaitable<Response> faults(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& processor = services.sandbox->processor;
  auto body = JsonBody::parse(request);
  auto const percent = [&](std::string_view name) {
    return static_cast<unsigned>(body.optional_integer(name, 0, 100).value_or(0));
  };
  sagas::SandboxFaults wanted;
  wanted.refused_connection = percent("refused_connection");
  wanted.timeout_before = percent("timeout_before");
  wanted.timeout_after = percent("timeout_after");
  wanted.lost_callback = percent("lost_callback");
  wanted.doubled_callback = percent("doubled_callback");
  wanted.late_callback = percent("late_callback");
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  processor.set_faults(wanted);
  Response response;
  response.body = R"({"status":"success"})";
  co_return response;
}

// Its status, "open", "won" or "lost"; or one movement of what it holds back.
Awaitable<Response> dispute(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& processor = services.sandbox->processor;
  auto body = JsonBody::parse(request);
  auto const payment = body.required_string("payment_intent_id", 255);
  auto const to = body.optional_string("dispute_status", 8);
  auto const movement = body.optional_string("movement", 16);
  if (movement && *movement != "withdrawal" && *movement != "reinstatement" && *movement != "fee" &&
      *movement != "fee_refund") {
    body.fail("movement", "movement is withdrawal, reinstatement, fee or fee_refund.");
  }
  if (to.has_value() == movement.has_value()) {
    body.fail("dispute_status", "Send either dispute_status or movement.");
  } else if (to && *to != "open" && *to != "won" && *to != "lost") {
    body.fail("dispute_status", "dispute_status is open, won or lost.");
  }
  auto const usd = movement ? required_amount<domain::Usd>(body, "usd_amount") : domain::Usd{};
  domain::Usd withdrawn;
  domain::Usd fee;
  if (movement == "withdrawal") {
    withdrawn = usd;
  } else if (movement == "reinstatement") {
    withdrawn = -usd;
  } else if (movement == "fee") {
    fee = usd;
  } else if (movement == "fee_refund") {
    fee = -usd;
  }
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto response = co_await call.disk([&] {
    std::string const reference(payment);
    return done_or_not(request, movement        ? processor.move_dispute(reference, withdrawn, fee).ok()
                                : *to == "open" ? processor.open_dispute(reference).ok()
                                                : processor.close_dispute(reference, *to == "won").ok());
  });
  co_return response;
}

Awaitable<Response> refund(Call call) {
  auto const& [services, request, path, caller] = call;
  auto& processor = services.sandbox->processor;
  auto body = JsonBody::parse(request);
  auto const payment = body.required_string("payment_intent_id", 255);
  auto const usd = required_amount<domain::Usd>(body, "usd_amount");
  if (auto const* wrong = body.error()) co_return body_error_response(request, *wrong);
  auto response = co_await call.disk(
      [&] { return done_or_not(request, processor.refund_at_processor(std::string(payment), usd).ok()); });
  co_return response;
}

}  // namespace

std::span<Route const> sandbox_processor_routes() {
  static constexpr Route kRows[] = {
      row(Method::get, "/admin/processor/statement", "getProcessorStatement", Who::operators, statement),
      row(Method::post, "/admin/processor/faults", "breakProcessor", Who::operators, faults, {.body = Body::json}),
      row(Method::post, "/admin/processor/disputes", "disputePayment", Who::operators, dispute, {.body = Body::json}),
      row(Method::post, "/admin/processor/refunds", "refundAtProcessor", Who::operators, refund, {.body = Body::json}),
  };
  return kRows;
}

}  // namespace florin::api
