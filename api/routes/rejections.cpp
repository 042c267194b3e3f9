#include "api/routes/rejections.h"

#include <algorithm>
#include <cstdlib>

namespace florin::api {
namespace {

using domain::RejectionCode;

std::string quoted(auto amount) { return json_text(domain::to_string(amount)); }

}  // namespace

Response rejection_response(Request const& request, domain::Rejection const& rejection) {
  auto const reply = [&request](int status, std::string_view code, std::string_view message, int retry_after = 0,
                                std::string_view token = {}, std::vector<ErrorExtra> const& extras = {}) {
    return error_response(request, status, code, message, extras, retry_after, token);
  };
  auto const retry_after = static_cast<int>(rejection.retry_after);
  switch (rejection.code) {
    case RejectionCode::game_not_found: return reply(404, "GAME_NOT_FOUND", "No game has this id. Check the game_id.");
    case RejectionCode::game_not_active:
      return reply(403, "GAME_NOT_ACTIVE", "The game is not active. Its status must be live or testing for this call.");
    case RejectionCode::linked_game_not_found:
      return reply(400, "LINKED_GAME_NOT_FOUND", "A game in linked_game_ids does not exist. Name existing games only.");
    case RejectionCode::invalid_game:
      return reply(400, "INVALID_REQUEST",
                   "The game's settings are not valid. A game has a game_name, at least one currency, distinct "
                   "currency names, a transfer_fee_percentage from 0 to 10, an item_fee_percentage from 0 to "
                   "100, and currencies whose minimum_transfer is at most their maximum_transfer.");
    case RejectionCode::too_many_currencies:
      return reply(409, "TOO_MANY_CURRENCIES",
                   "The game has 50 currencies, and none is ever removed. Change one instead.");
    case RejectionCode::invalid_currency:
      return reply(400, "INVALID_CURRENCY",
                   "The currency's amounts do not fit together: its minimum_transfer is at least \"0.01\" and at "
                   "most its maximum_transfer.");
    case RejectionCode::currency_name_taken:
      return reply(409, "CURRENCY_NAME_TAKEN", "Another currency of the game has this name. Choose another one.");
    case RejectionCode::currency_not_found:
      return reply(
          404, "CURRENCY_NOT_FOUND",
          "The game has no currency with this currency_id. Leave it out of a body to use the game's first currency.");
    case RejectionCode::player_not_found:
      return reply(404, "PLAYER_NOT_FOUND", "The game has no such player. Check the player's e-mail or id.");
    case RejectionCode::order_not_found:
      return reply(404, "ORDER_NOT_FOUND", "The game has no such order. Check the order_id.");
    case RejectionCode::invalid_amount:
      return reply(400, "INVALID_AMOUNT",
                   "The amount is out of range. Send a decimal string from \"0.01\" to \"999999999.99\".");
    case RejectionCode::invalid_quantity:
      return reply(400, "INVALID_QUANTITY", "item_quantity is out of range. Send 1 to 1000.");
    case RejectionCode::total_mismatch:
      return reply(400, "TOTAL_PRICE_MISMATCH",
                   "total_price must be exactly unit_price times item_quantity. Compute it again.");
    case RejectionCode::already_refunded:
      return reply(409, "ALREADY_REFUNDED",
                   "The order was refunded before. An order is refunded once; nothing was changed.");
    case RejectionCode::insufficient_balance:
      return reply(400, "INSUFFICIENT_BALANCE",
                   "The player's available balance is too small. Lower the amount or credit the player first.", 0, {},
                   {{"available_balance", quoted(rejection.available)},
                    {"required_amount", quoted(rejection.required)},
                    {"shortfall", quoted(rejection.required - rejection.available)}});
    case RejectionCode::target_not_found:
      return reply(400, "GAME_NOT_FOUND",
                   "The receiving game does not exist. available-destinations lists the games there are.");
    case RejectionCode::game_in_testing: return reply(403, "GAME_IN_TESTING", "Both games must be live, not testing.");
    case RejectionCode::transfer_policy:
      return reply(403, "TRANSFER_POLICY_VIOLATION", "Not allowed between these games.");
    case RejectionCode::same_player:
      return reply(400, "SAME_PLAYER",
                   "Sender and receiver are the same player of the same game. Name another receiver or game.");
    case RejectionCode::transfer_amount_range:
      return reply(400, "INVALID_AMOUNT", "The amount is outside what the two games' currencies allow.", 0, {},
                   {{"minimum_transfer", quoted(rejection.available)},
                    {"maximum_transfer",
                     rejection.required == domain::Money{} ? std::string("null") : quoted(rejection.required)}});
    case RejectionCode::velocity_count:
    case RejectionCode::velocity_amount:
      return reply(429, "VELOCITY_LIMIT_EXCEEDED", "This player has reached a limit. Please try again later.",
                   retry_after, "velocity_limit_exceeded");
    case RejectionCode::duplicate_transfer:
      return reply(429, "DUPLICATE_TRANSFER",
                   "The same amount went to the same receiver moments ago. If it is meant twice, wait for "
                   "retry_after seconds.",
                   retry_after);
    case RejectionCode::guardian_required:
      return reply(403, "GUARDIAN_REQUIRED", "This cannot be initiated without a guardian on file who can be asked.");
    case RejectionCode::sms_unavailable:
      return reply(503, "SMS_UNAVAILABLE", "Texts cannot be sent at the moment; nothing was initiated. Retry later.",
                   60);
    case RejectionCode::transfer_not_open:
      return reply(404, "TRANSACTION_NOT_FOUND", "The game has no such transaction. Check the transaction_id.");
    case RejectionCode::already_verified:
      return reply(409, "ALREADY_VERIFIED",
                   "The PIN was verified before; the claim code is with the receiver. Nothing was changed.");
    case RejectionCode::guardian_pending: return reply(409, "GUARDIAN_PENDING", "The guardian has not answered yet.");
    case RejectionCode::verification_blocked:
      return reply(429, "VERIFICATION_BLOCKED",
                   "Too many wrong PINs. No attempt was used; try again after retry_after seconds.", retry_after);
    case RejectionCode::pin_expired:
      return reply(400, "PIN_EXPIRED", "The PIN has expired; the reserved amount goes back. Initiate again.", 0,
                   "pin_expired");
    case RejectionCode::resend_cooldown:
      return reply(429, "RESEND_COOLDOWN", "A PIN was sent moments ago; ask again after retry_after seconds.",
                   retry_after, "resend_cooldown");
    case RejectionCode::resend_limit:
      return reply(400, "RESEND_LIMIT_EXCEEDED",
                   "No more PINs are sent for this transaction. Cancel it and initiate again.");
    case RejectionCode::claim_expired:
      return reply(410, "CLAIM_EXPIRED", "The claim code has expired; the amount went back to the sender.");
    case RejectionCode::phone_mismatch:
      return reply(403, "PHONE_MISMATCH",
                   "This claim code is for another phone number. Claim with the phone it was sent to.");
    case RejectionCode::phone_share_required:
      return reply(409, "PHONE_SHARE_APPROVAL_REQUIRED",
                   "This phone number is already linked to another Invo account.");
    case RejectionCode::account_selection:
      return reply(409, "ACCOUNT_SELECTION_REQUIRED", "Several players use this phone: name one.");
    case RejectionCode::minor_not_found:
      return reply(404, "MINOR_NOT_FOUND", "Nobody is flagged as a minor under this e-mail.");
    case RejectionCode::guardian_is_minor:
      return reply(400, "GUARDIAN_PHONE_IS_MINORS",
                   "guardian_phone is on file as the minor's own. Name one that the guardian reads.", 0, {},
                   {{"field", json_text("guardian_phone")}});
    case RejectionCode::share_not_needed:
      return reply(409, "ALREADY_APPROVED", "This e-mail may use this phone already.");
    case RejectionCode::share_cooldown:
      return reply(429, "OTP_COOLDOWN", "A code was texted moments ago; ask again after retry_after seconds.",
                   retry_after);
    case RejectionCode::share_rate_limited:
      return reply(429, "OTP_RATE_LIMITED", "Please wait before requesting another code for this phone.", retry_after);
    case RejectionCode::share_not_open:
      return reply(404, "APPROVAL_NOT_FOUND", "No approval with this id waits for an answer. Initiate a new one.");
    case RejectionCode::share_expired:
      return reply(410, "APPROVAL_EXPIRED", "The code has expired. Initiate a new approval.");
    case RejectionCode::order_not_paid:
      return reply(409, "ORDER_NOT_PAID",
                   "The order is not paid, so nothing can be refunded. Its status is in order-details.");
    case RejectionCode::order_disputed:
      return reply(409, "ORDER_DISPUTED",
                   "The cardholder disputes this payment, and their bank decides about it. A refund on top "
                   "would pay twice.");
    case RejectionCode::refund_exceeds_payment:
      return reply(
          400, "REFUND_EXCEEDS_PAYMENT", "More than is left of the payment. Refund at most refundable_usd.", 0, {},
          {{"refundable_usd", quoted(rejection.usd_available)}, {"requested_usd", quoted(rejection.usd_required)}});
    case RejectionCode::too_many_refunds:
      return reply(400, "TOO_MANY_REFUNDS",
                   "The order was refunded in as many parts as it can be. Refund the rest at the processor.");
    case RejectionCode::payments_unavailable:
      return reply(503, "PAYMENTS_UNAVAILABLE",
                   "Cards cannot be charged at the moment; nothing was ordered. Retry later.",
                   std::max(1, retry_after));
    case RejectionCode::payout_exceeds_balance:
      return reply(
          400, "AMOUNT_EXCEEDS_BALANCE", "More than the game can cash out. Request at most available_usd.", 0, {},
          {{"available_usd", quoted(rejection.usd_available)}, {"requested_usd", quoted(rejection.usd_required)}});
    case RejectionCode::payout_not_found:
      return reply(404, "PAYOUT_NOT_FOUND", "There is no such payout. Check the payout_id.");
    case RejectionCode::payout_not_next:
      return reply(409, "INVALID_PAYOUT_STATUS",
                   "The payout is not where this step begins. requested -> approved -> processing -> "
                   "completed; reject before processing, fail after, and for 60 days after completed.");
    case RejectionCode::not_due:
    case RejectionCode::nothing_to_settle:
    case RejectionCode::payment_mismatch:
    case RejectionCode::nothing_new:
    case RejectionCode::order_not_open: break;  // of timers, texts and the processor: no client asks for these
    case RejectionCode::balance_limit:
      return reply(400, "BALANCE_LIMIT_EXCEEDED",
                   "The player's balance would pass the largest one allowed. Credit a smaller amount.");
  }
  return reply(500, "INTERNAL_ERROR", "The request was refused for an unknown reason.");
}

}  // namespace florin::api
