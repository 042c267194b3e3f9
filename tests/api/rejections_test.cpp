// What a rejection of each kind looks like over HTTP.
#include "api/routes/rejections.h"

#include <gtest/gtest.h>

namespace florin::api {
namespace {

TEST(RejectionResponse, HasTheContractsStatusAndCodeForEach) {
  using domain::RejectionCode;
  struct Case {
    RejectionCode rejection;
    int status;
    std::string_view code;
  };
  for (Case const& expected : {Case{RejectionCode::game_not_found, 404, "GAME_NOT_FOUND"},
                               Case{RejectionCode::game_not_active, 403, "GAME_NOT_ACTIVE"},
                               Case{RejectionCode::linked_game_not_found, 400, "LINKED_GAME_NOT_FOUND"},
                               Case{RejectionCode::invalid_game, 400, "INVALID_REQUEST"},
                               Case{RejectionCode::currency_not_found, 404, "CURRENCY_NOT_FOUND"},
                               Case{RejectionCode::player_not_found, 404, "PLAYER_NOT_FOUND"},
                               Case{RejectionCode::order_not_found, 404, "ORDER_NOT_FOUND"},
                               Case{RejectionCode::invalid_amount, 400, "INVALID_AMOUNT"},
                               Case{RejectionCode::invalid_quantity, 400, "INVALID_QUANTITY"},
                               Case{RejectionCode::total_mismatch, 400, "TOTAL_PRICE_MISMATCH"},
                               Case{RejectionCode::already_refunded, 409, "ALREADY_REFUNDED"},
                               Case{RejectionCode::insufficient_balance, 400, "INSUFFICIENT_BALANCE"},
                               Case{RejectionCode::target_not_found, 400, "GAME_NOT_FOUND"},
                               Case{RejectionCode::game_in_testing, 403, "GAME_IN_TESTING"},
                               Case{RejectionCode::transfer_policy, 403, "TRANSFER_POLICY_VIOLATION"},
                               Case{RejectionCode::same_player, 400, "SAME_PLAYER"},
                               Case{RejectionCode::transfer_amount_range, 400, "INVALID_AMOUNT"},
                               Case{RejectionCode::velocity_count, 429, "VELOCITY_LIMIT_EXCEEDED"},
                               Case{RejectionCode::velocity_amount, 429, "VELOCITY_LIMIT_EXCEEDED"},
                               Case{RejectionCode::duplicate_transfer, 429, "DUPLICATE_TRANSFER"},
                               Case{RejectionCode::guardian_required, 403, "GUARDIAN_REQUIRED"},
                               Case{RejectionCode::sms_unavailable, 503, "SMS_UNAVAILABLE"},
                               Case{RejectionCode::transfer_not_open, 404, "TRANSACTION_NOT_FOUND"},
                               Case{RejectionCode::already_verified, 409, "ALREADY_VERIFIED"},
                               Case{RejectionCode::guardian_pending, 409, "GUARDIAN_PENDING"},
                               Case{RejectionCode::verification_blocked, 429, "VERIFICATION_BLOCKED"},
                               Case{RejectionCode::pin_expired, 400, "PIN_EXPIRED"},
                               Case{RejectionCode::resend_cooldown, 429, "RESEND_COOLDOWN"},
                               Case{RejectionCode::resend_limit, 400, "RESEND_LIMIT_EXCEEDED"},
                               Case{RejectionCode::claim_expired, 410, "CLAIM_EXPIRED"},
                               Case{RejectionCode::phone_mismatch, 403, "PHONE_MISMATCH"},
                               Case{RejectionCode::phone_share_required, 409, "PHONE_SHARE_APPROVAL_REQUIRED"},
                               Case{RejectionCode::account_selection, 409, "ACCOUNT_SELECTION_REQUIRED"},
                               Case{RejectionCode::minor_not_found, 404, "MINOR_NOT_FOUND"},
                               Case{RejectionCode::share_not_needed, 409, "ALREADY_APPROVED"},
                               Case{RejectionCode::share_cooldown, 429, "OTP_COOLDOWN"},
                               Case{RejectionCode::guardian_is_minor, 400, "GUARDIAN_PHONE_IS_MINORS"},
                               Case{RejectionCode::share_rate_limited, 429, "OTP_RATE_LIMITED"},
                               Case{RejectionCode::share_not_open, 404, "APPROVAL_NOT_FOUND"},
                               Case{RejectionCode::share_expired, 410, "APPROVAL_EXPIRED"},
                               Case{RejectionCode::order_not_paid, 409, "ORDER_NOT_PAID"},
                               Case{RejectionCode::order_disputed, 409, "ORDER_DISPUTED"},
                               Case{RejectionCode::refund_exceeds_payment, 400, "REFUND_EXCEEDS_PAYMENT"},
                               Case{RejectionCode::too_many_refunds, 400, "TOO_MANY_REFUNDS"},
                               Case{RejectionCode::payments_unavailable, 503, "PAYMENTS_UNAVAILABLE"},
                               Case{RejectionCode::payout_exceeds_balance, 400, "AMOUNT_EXCEEDS_BALANCE"},
                               Case{RejectionCode::payout_not_found, 404, "PAYOUT_NOT_FOUND"},
                               Case{RejectionCode::payout_not_next, 409, "INVALID_PAYOUT_STATUS"},
                               Case{RejectionCode::balance_limit, 400, "BALANCE_LIMIT_EXCEEDED"}}) {
    domain::Rejection rejection;
    rejection.code = expected.rejection;
    Response const response = rejection_response(Request{}, rejection);
    EXPECT_EQ(response.status, expected.status) << expected.code;
    EXPECT_NE(response.body.find("\"error_code\":\"" + std::string(expected.code) + "\""), std::string::npos)
        << response.body;
  }
}

TEST(RejectionResponse, TellsTheShortfall) {
  domain::Rejection rejection;
  rejection.code = domain::RejectionCode::insufficient_balance;
  rejection.available = domain::Money::from_minor(-250);  // a chargeback took more than there was
  rejection.required = domain::Money::from_minor(10000);
  Response const response = rejection_response(Request{}, rejection);
  EXPECT_NE(response.body.find(R"("available_balance":"-2.50","required_amount":"100.00","shortfall":"102.50")"),
            std::string::npos)
      << response.body;
}

TEST(RejectionResponse, TellsWhatIsLeftToRefundAndToCashOut) {
  domain::Rejection rejection;
  rejection.code = domain::RejectionCode::refund_exceeds_payment;
  rejection.usd_available = domain::Usd::from_minor(250);
  rejection.usd_required = domain::Usd::from_minor(251);
  auto body = rejection_response(Request{}, rejection).body;
  EXPECT_NE(body.find(R"("refundable_usd":"2.50","requested_usd":"2.51")"), std::string::npos) << body;
  rejection.code = domain::RejectionCode::payout_exceeds_balance;
  body = rejection_response(Request{}, rejection).body;
  EXPECT_NE(body.find(R"("available_usd":"2.50","requested_usd":"2.51")"), std::string::npos) << body;
}

TEST(RejectionResponse, SaysWhenCardsMayBeChargedAgain) {
  domain::Rejection rejection;
  rejection.code = domain::RejectionCode::payments_unavailable;
  EXPECT_EQ(rejection_response(Request{}, rejection).retry_after_seconds, 1) << "never none";
  rejection.retry_after = 30;
  EXPECT_EQ(rejection_response(Request{}, rejection).retry_after_seconds, 30);
}

}  // namespace
}  // namespace florin::api
