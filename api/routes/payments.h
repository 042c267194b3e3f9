// Waiting for a payment's end, shared by the API and the hosted page.
#pragma once

#include "api/routes/payment_story.h"
#include "sagas/card_payments/card_payments.h"

namespace florin::api {

// How long a caller waits: a card takes a processor a second or two, and what is not known by then may take minutes.
inline constexpr int kPaymentWaitSeconds = 20;

struct PaymentOutcome {
  enum class State : std::uint8_t { paid, failed, action_required, pending };
  State state = State::pending;
  std::optional<domain::CurrencyPurchased> purchased;
  std::optional<domain::PaymentFailed> failed;
  sagas::PaymentUpdate news;  // with action_required: the secrets for the payer's browser
  domain::Position position;  // where it can be read
};

// Follows an order of ours until it is settled, waits for the cardholder, or patience ends. Without a processor (it was
// taken out of the configuration) the ledger alone is asked, at once. last_look: as Payments::watch. The response: 503.
[[nodiscard]] Awaitable<Result<PaymentOutcome, Response>> follow_payment(Services& services, Request const& request,
                                                                         domain::Position order,
                                                                         int patience_seconds = kPaymentWaitSeconds,
                                                                         bool last_look = false);
// 503 PAYMENTS_UNAVAILABLE: no processor is configured here.
[[nodiscard]] Response payments_unavailable(Request const& request);

}  // namespace florin::api
