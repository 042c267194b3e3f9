// CONTRACT, Currency purchase: the processor's signed callbacks.
//
// A callback only says which payment to look at. It is answered when what the processor says of it is in the log; any
// other answer makes the processor post it again.
#include "api/routes/card_order_replies.h"
#include "api/routes/headers.h"
#include "api/routes/routes.h"
#include "sagas/gateways/stripe_signature.h"

namespace florin::api {
namespace {

constexpr std::string_view kChallenge = R"(Webhook-Signature realm="florin")";

Response fault_response(Request const& request, sagas::CallbackFault fault) {
  switch (fault) {
    case sagas::CallbackFault::unsigned_post:
      return unauthorized_response(request, kChallenge, "INVALID_SIGNATURE",
                                   "The signature header does not sign this body.");
    case sagas::CallbackFault::stale:
      return unauthorized_response(request, kChallenge, "STALE_SIGNATURE",
                                   "The signature is more than five minutes old; check the clocks.");
    case sagas::CallbackFault::malformed: break;
  }
  return error_response(request, 400, "INVALID_REQUEST", "The signed body is not an event.");
}

Awaitable<Response> receive(Call call) {
  auto const& [services, request, path, caller] = call;
  auto const& ledger = services.ledger;
  if (!ledger.cards.is_named(path.values[0])) {
    co_return error_response(request, 404, "GATEWAY_NOT_FOUND", "No processor of this name is configured here.");
  }
  auto const taken = co_await ledger.cards.receive(*request.inbox, request.own[kSignature], request.body, ledger.clock);
  if (!taken) co_return fault_response(request, taken.error());
  if (taken.value() == CallbackTaken::not_yet) co_return payments_unavailable(request);
  Response response;
  response.body = R"({"status":"success"})";
  if (taken.value() == CallbackTaken::not_ours) co_return response;
  response.position = ledger.state.position().value();
  co_return response;
}

}  // namespace

std::span<Route const> payment_callback_routes() {
  static constexpr Route kRows[] = {
      row(Method::post, "/webhooks/payments/{gateway}", "receivePayment", Who::provider, receive,
          {.body = Body::text, .body_limit = sagas::kStripeBodyMax}),
  };
  return kRows;
}

}  // namespace florin::api
