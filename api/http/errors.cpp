#include "api/http/errors.h"

#include <array>
#include <chrono>

#include <spdlog/spdlog.h>

#include "eventstore/runtime/clock.h"
#include "eventstore/runtime/runtime.h"

namespace florin::api {
namespace {

using domain::Rejection;

// The environment's time, so that an error of the sandbox can be laid beside its other replies.
domain::Timestamp time_of(Request const& request) {
  if (request.clock != nullptr) return request.clock->now();
  return eventstore::machine().clocks().wall;
}

// "ERR_20261120_00f3…": the same 16 digits as the reply's Request-Id.
std::string error_id(std::uint64_t request_id, std::string_view iso8601) {
  std::string id = "ERR_";
  id.append(iso8601, 0, 4);
  id.append(iso8601, 5, 2);
  id.append(iso8601, 8, 2);
  id.push_back('_');
  append_request_id(id, request_id);
  return id;
}

// Could this segment of an unknown path hold anything personal? Only short plain words are let through.
bool is_plain(std::string_view segment) {
  if (segment.size() > 32) return false;
  for (char const letter : segment) {
    bool const plain = (letter >= 'a' && letter <= 'z') || letter == '-' || letter == '_';
    if (!plain) return false;
  }
  return true;
}

// How to do better next time. A key in a header of ours is an authentication scheme that nobody has registered.
std::string_view challenge_of(std::string_view code) {
  if (code == "MISSING_ADMIN_TOKEN") return R"(Bearer realm="florin")";
  if (code == "INVALID_ADMIN_TOKEN") return R"(Bearer realm="florin", error="invalid_token")";
  if (code.ends_with("_SIGNATURE")) return R"(Webhook-Signature realm="florin")";
  return R"(Game-Secret-Key realm="florin", header="X-Game-Secret-Key")";
}

std::string quoted(domain::Money amount) { return '"' + domain::to_string(amount) + '"'; }

}  // namespace

std::string loggable_path(Request const& request) {
  if (!request.route.empty()) return std::string(request.route);
  std::string out;
  std::string_view rest = request.path;
  for (int segments = 0; segments < 2 && !rest.empty() && rest.front() == '/'; ++segments) {
    rest.remove_prefix(1);
    std::string_view const segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    out.push_back('/');
    out.append(is_plain(segment) ? segment : "*");
  }
  if (!rest.empty()) out.append("/…");
  return out;
}

Response error_response(Request const& request, int status, std::string_view code, std::string_view message,
                        std::vector<ErrorExtra> const& extras, int retry_after_seconds, std::string_view error_token) {
  std::string const now = domain::to_iso8601(time_of(request));
  std::string const id = error_id(request.id, now);

  Response response;
  response.status = status;
  response.retry_after_seconds = retry_after_seconds;
  if (status == 401) response.challenge = challenge_of(code);
  response.body.reserve(384);
  JsonWriter json(response.body);
  json.begin_object();
  json.string("status", "error");
  json.string("error", error_token.empty() ? message : error_token);
  json.string("message", message);
  json.string("error_code", code);
  json.string("error_id", id);
  json.string("timestamp", now);
  for (ErrorExtra const& extra : extras) json.raw(extra.name, extra.json);
  if (retry_after_seconds > 0) json.integer("retry_after", retry_after_seconds);
  json.end_object();

  // What passes by itself is told once, by whoever knows that it began and that it ended, and not by each request.
  bool const passes = status == 503 && retry_after_seconds > 0;
  // The client's doing, whatever the first digit says: anybody could ring the operator's alarm.
  bool const is_clients = status == 501 || status == 505;
  spdlog::log(status >= 500 && !passes && !is_clients ? spdlog::level::err : spdlog::level::info, "{} {} {} {} {}", id,
              method_name(request.method), loggable_path(request), status, code);
  return response;
}

std::optional<Response> refuse_needless_body(Request const& request) {
  if (request.body.empty()) return std::nullopt;
  auto const body = JsonBody::parse(request);
  if (auto const* wrong = body.error()) return body_error_response(request, *wrong);
  return std::nullopt;
}

Response body_error_response(Request const& request, BodyError const& error) {
  std::vector<ErrorExtra> extras;
  if (!error.field.empty()) {
    std::string field = "\"";
    append_json_escaped(field, error.field);
    field += '"';
    extras.push_back({"field", std::move(field)});
  }
  return error_response(request, error.status, error.code, error.message, extras);
}

Response refusal_response(Request const& request, domain::Refusal const& refusal) {
  auto const retry_after = static_cast<int>(refusal.retry_after);
  switch (refusal.reason) {
    case Rejection::game_not_found:
      return error_response(request, 404, "GAME_NOT_FOUND", "No game has this id. Check the game_id.");
    case Rejection::game_not_active:
      return error_response(request, 403, "GAME_NOT_ACTIVE",
                            "The game is not active. Its status must be live or testing for this call.");
    case Rejection::linked_game_not_found:
      return error_response(request, 400, "LINKED_GAME_NOT_FOUND",
                            "A game in linked_game_ids does not exist. Name existing games only.");
    case Rejection::invalid_game:
      return error_response(
          request, 400, "INVALID_REQUEST",
          "The game's settings are not valid. A game has a game_name, at least one currency, distinct "
          "currency names, a transfer_fee_percentage from 0 to 10, an item_fee_percentage from 0 to "
          "100, and currencies whose minimum_transfer is at most their maximum_transfer.");
    case Rejection::too_many_currencies:
      return error_response(request, 409, "TOO_MANY_CURRENCIES",
                            "The game has 50 currencies, and none is ever removed. Change one instead.");
    case Rejection::invalid_currency:
      return error_response(
          request, 400, "INVALID_CURRENCY",
          "The currency's amounts do not fit together: its minimum_transfer is at least \"0.01\" and at "
          "most its maximum_transfer.");
    case Rejection::currency_name_taken:
      return error_response(request, 409, "CURRENCY_NAME_TAKEN",
                            "Another currency of the game has this name. Choose another one.");
    case Rejection::currency_not_found:
      return error_response(
          request, 404, "CURRENCY_NOT_FOUND",
          "The game has no currency with this currency_id. Leave it out of a body to use the game's first currency.");
    case Rejection::player_not_found:
      return error_response(request, 404, "PLAYER_NOT_FOUND",
                            "The game has no such player. Check the player's e-mail or id.");
    case Rejection::order_not_found:
      return error_response(request, 404, "ORDER_NOT_FOUND", "The game has no such order. Check the order_id.");
    case Rejection::invalid_amount:
      return error_response(request, 400, "INVALID_AMOUNT",
                            "The amount is out of range. Send a decimal string from \"0.01\" to \"999999999.99\".");
    case Rejection::invalid_quantity:
      return error_response(request, 400, "INVALID_QUANTITY", "item_quantity is out of range. Send 1 to 1000.");
    case Rejection::total_mismatch:
      return error_response(request, 400, "TOTAL_PRICE_MISMATCH",
                            "total_price must be exactly unit_price times item_quantity. Compute it again.");
    case Rejection::already_refunded:
      return error_response(request, 409, "ALREADY_REFUNDED",
                            "The order was refunded before. An order is refunded once; nothing was changed.");
    case Rejection::insufficient_balance:
      return error_response(request, 400, "INSUFFICIENT_BALANCE",
                            "The player's available balance is too small. Lower the amount or credit the player first.",
                            {{"available_balance", quoted(refusal.available)},
                             {"required_amount", quoted(refusal.required)},
                             {"shortfall", quoted(refusal.required - refusal.available)}});
    case Rejection::target_not_found:
      return error_response(request, 400, "GAME_NOT_FOUND",
                            "The receiving game does not exist. available-destinations lists the games there are.");
    case Rejection::game_in_testing:
      return error_response(request, 403, "GAME_IN_TESTING", "Both games must be live, not testing.");
    case Rejection::transfer_policy:
      return error_response(request, 403, "TRANSFER_POLICY_VIOLATION", "Not allowed between these games.");
    case Rejection::same_player:
      return error_response(request, 400, "SAME_PLAYER",
                            "Sender and receiver are the same player of the same game. Name another receiver or game.");
    case Rejection::transfer_amount_range:
      return error_response(
          request, 400, "INVALID_AMOUNT", "The amount is outside what the two games' currencies allow.",
          {{"minimum_transfer", quoted(refusal.available)},
           {"maximum_transfer", refusal.required == domain::Money{} ? std::string("null") : quoted(refusal.required)}});
    case Rejection::velocity_count:
    case Rejection::velocity_amount:
      return error_response(request, 429, "VELOCITY_LIMIT_EXCEEDED",
                            "This player has reached a limit. Please try again later.", {}, retry_after,
                            "velocity_limit_exceeded");
    case Rejection::duplicate_transfer:
      return error_response(request, 429, "DUPLICATE_TRANSFER",
                            "The same amount went to the same receiver moments ago. If it is meant twice, wait for "
                            "retry_after seconds.",
                            {}, retry_after);
    case Rejection::guardian_required:
      return error_response(request, 403, "GUARDIAN_REQUIRED",
                            "This cannot be initiated without a guardian on file who can be asked.");
    case Rejection::sms_unavailable:
      return error_response(request, 503, "SMS_UNAVAILABLE",
                            "Texts cannot be sent at the moment; nothing was initiated. Retry later.", {}, 60);
    case Rejection::transfer_not_open:
      return error_response(request, 404, "TRANSACTION_NOT_FOUND",
                            "The game has no such transaction. Check the transaction_id.");
    case Rejection::already_verified:
      return error_response(request, 409, "ALREADY_VERIFIED",
                            "The PIN was verified before; the claim code is with the receiver. Nothing was changed.");
    case Rejection::guardian_pending:
      return error_response(request, 409, "GUARDIAN_PENDING", "The guardian has not answered yet.");
    case Rejection::verification_blocked:
      return error_response(request, 429, "VERIFICATION_BLOCKED",
                            "Too many wrong PINs. No attempt was used; try again after retry_after seconds.", {},
                            retry_after);
    case Rejection::pin_expired:
      return error_response(request, 400, "PIN_EXPIRED",
                            "The PIN has expired; the reserved amount goes back. Initiate again.", {}, 0,
                            "pin_expired");
    case Rejection::resend_cooldown:
      return error_response(request, 429, "RESEND_COOLDOWN",
                            "A PIN was sent moments ago; ask again after retry_after seconds.", {}, retry_after,
                            "resend_cooldown");
    case Rejection::resend_limit:
      return error_response(request, 400, "RESEND_LIMIT_EXCEEDED",
                            "No more PINs are sent for this transaction. Cancel it and initiate again.");
    case Rejection::claim_expired:
      return error_response(request, 410, "CLAIM_EXPIRED",
                            "The claim code has expired; the amount went back to the sender.");
    case Rejection::phone_mismatch:
      return error_response(request, 403, "PHONE_MISMATCH",
                            "This claim code is for another phone number. Claim with the phone it was sent to.");
    case Rejection::phone_share_required:
      return error_response(request, 409, "PHONE_SHARE_APPROVAL_REQUIRED",
                            "This phone number is already linked to another Invo account.");
    case Rejection::account_selection:
      return error_response(request, 409, "ACCOUNT_SELECTION_REQUIRED", "Several players use this phone: name one.");
    case Rejection::minor_not_found:
      return error_response(request, 404, "MINOR_NOT_FOUND", "Nobody is flagged as a minor under this e-mail.");
    case Rejection::guardian_is_minor:
      return error_response(request, 400, "GUARDIAN_PHONE_IS_MINORS",
                            "guardian_phone is on file as the minor's own. Name one that the guardian reads.",
                            {{"field", "\"guardian_phone\""}});
    case Rejection::share_not_needed:
      return error_response(request, 409, "ALREADY_APPROVED", "This e-mail may use this phone already.");
    case Rejection::share_cooldown:
      return error_response(request, 429, "OTP_COOLDOWN",
                            "A code was texted moments ago; ask again after retry_after seconds.", {}, retry_after);
    case Rejection::share_rate_limited:
      return error_response(request, 429, "OTP_RATE_LIMITED",
                            "Please wait before requesting another code for this phone.", {}, retry_after);
    case Rejection::share_not_open:
      return error_response(request, 404, "APPROVAL_NOT_FOUND",
                            "No approval with this id waits for an answer. Initiate a new one.");
    case Rejection::share_expired:
      return error_response(request, 410, "APPROVAL_EXPIRED", "The code has expired. Initiate a new approval.");
    case Rejection::order_not_paid:
      return error_response(request, 409, "ORDER_NOT_PAID",
                            "The order is not paid, so nothing can be refunded. Its status is in order-details.");
    case Rejection::order_disputed:
      return error_response(request, 409, "ORDER_DISPUTED",
                            "The cardholder disputes this payment, and their bank decides about it. A refund on top "
                            "would pay twice.");
    case Rejection::refund_exceeds_payment:
      return error_response(
          request, 400, "REFUND_EXCEEDS_PAYMENT", "More than is left of the payment. Refund at most refundable_usd.",
          {{"refundable_usd", quoted(refusal.available)}, {"requested_usd", quoted(refusal.required)}});
    case Rejection::too_many_refunds:
      return error_response(request, 400, "TOO_MANY_REFUNDS",
                            "The order was refunded in as many parts as it can be. Refund the rest at the processor.");
    case Rejection::payments_unavailable:
      return error_response(request, 503, "PAYMENTS_UNAVAILABLE",
                            "Cards cannot be charged at the moment; nothing was ordered. Retry later.", {},
                            std::max(1, retry_after));
    case Rejection::payout_exceeds_balance:
      return error_response(
          request, 400, "AMOUNT_EXCEEDS_BALANCE", "More than the game can cash out. Request at most available_usd.",
          {{"available_usd", quoted(refusal.available)}, {"requested_usd", quoted(refusal.required)}});
    case Rejection::payout_not_found:
      return error_response(request, 404, "PAYOUT_NOT_FOUND", "There is no such payout. Check the payout_id.");
    case Rejection::payout_not_next:
      return error_response(request, 409, "INVALID_PAYOUT_STATUS",
                            "The payout is not where this step begins. requested -> approved -> processing -> "
                            "completed; reject before processing, fail after, and for 60 days after completed.");
    case Rejection::not_due:
    case Rejection::nothing_to_settle:
    case Rejection::payment_mismatch:
    case Rejection::nothing_new:
    case Rejection::order_not_open: break;  // of timers, texts and the processor: no client asks for these
    case Rejection::balance_limit:
      return error_response(request, 400, "BALANCE_LIMIT_EXCEEDED",
                            "The player's balance would pass the largest one allowed. Credit a smaller amount.");
  }
  return error_response(request, 500, "INTERNAL_ERROR", "The request was refused for an unknown reason.");
}

}  // namespace florin::api
