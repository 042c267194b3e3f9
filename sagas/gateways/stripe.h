// Card payments through Stripe: PaymentIntents, Refunds, Disputes, Events, PaymentMethods (API version 2024-06-20).
//
//   200                                        answered
//   402 with error.payment_intent              answered: declined, with the card's decline code
//   400 payment_intent_unexpected_state        answered: it went on without us, and is looked at
//   400, 404, 402 otherwise, with an error     refused, with Stripe's code
//   401, 403, 408, 429, 5xx, no reply          unknown: no call would get through, and the breaker should open. The
//                                              first two are our key, "http_401" and "http_403"
//   409, 3xx, an idempotency_error, a reply    unknown and reached: it is about this call
//   nobody can read
//
// What Stripe says twice it says from memory: a key that was used before gets the first answer, however old. Such an
// answer is not believed; the payment is looked at instead. A look is three calls, whose order matters: the payment
// with its charge and fee first, then its refunds, then its disputes (lists, which are complete, where a charge embeds
// a few). All calls of one function share one deadline.
//
// A payment that is not ours (below) is answered with its reference and no order, and nothing else of it is read: what
// other software does on the same account, in whatever currency or state, is no trouble of ours.
//
// A charge whose fee is not booked yet (balance_transaction is null for moments) is unknown "fee_pending", for
// `fee_patience` at most after it was first seen so. Whoever paid gets what was paid for: a charge whose fee is still
// not booked then, or is in another currency than dollars (the account should settle in them), succeeded with the fee
// zero. An error is logged for each such payment once in a run, for the operator to book the fee.
//
// A dispute is what its balance transactions withdrew and did not give back (in another currency: its amount, until as
// much came back), so one that has none (an inquiry, warning_*, or a moment before funds_withdrawn) is not reported
// yet. Stripe only ever adds to them: whatever comes after a dispute was lost or won (reinstated, withdrawn again, a
// late fee) is one more, and their number tells an older answer from a newer one. A status that is not known here
// counts as open, and so does one that is won until something was given back. The fee is what they add up to, below
// zero when more came back than was taken; one in another currency counts as zero and is logged as above.
//
// Which order a payment is, its metadata says: florin_server is our tag, florin_order "<position>-<micros>" with the
// time of the order's commit; a refund's florin_refund is the same of the commit that asked for it. In any other form
// it is none of ours.
//
// tokenize posts card data, which an account may do only when Stripe has allowed it (raw card data APIs).
//
// Thread, bounds: https_client.h. The keys are in headers and signatures and nowhere else.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "domain/result.h"
#include "eventstore/runtime/runtime.h"
#include "sagas/gateways/https_client.h"
#include "sagas/gateways/payment_gateway.h"

namespace florin::sagas {

namespace stripe {
struct ReadPayment;  // stripe_report.h
}

struct StripeConfig {
  std::string secret_key;      // "sk_…" or "rk_…"
  std::string webhook_secret;  // the endpoint's, "whsec_…"
  // Names this server and environment, 1 to 64 letters, digits, _ and -. It stands in every payment's metadata: those
  // of another server on the same account have no order of ours.
  std::string server_tag;
  std::string base_url = "https://api.stripe.com";
  std::chrono::milliseconds timeout{10'000};
  // As many as the sagas' calls at a time (card_payments.cpp), so that none waits for another until its own deadline.
  std::size_t connections_max = 32;
  std::chrono::milliseconds fee_patience{5 * 60 * 1000};
  std::string ca_file;  // empty: the system's authorities
};

class StripeGateway final : public PaymentGateway {
 public:
  // The error says which setting is wrong, never what it was.
  [[nodiscard]] static Result<std::unique_ptr<StripeGateway>, std::string> make(asio::io_context& io,
                                                                                StripeConfig const& config);

  [[nodiscard]] std::string_view name() const override { return "stripe"; }
  [[nodiscard]] Awaitable<PaymentAnswer> create(CreatePayment request) override;
  [[nodiscard]] Awaitable<PaymentAnswer> confirm(ConfirmPayment request) override;
  [[nodiscard]] Awaitable<PaymentAnswer> retrieve(std::string reference) override;
  [[nodiscard]] Awaitable<PaymentAnswer> cancel(std::string reference) override;
  [[nodiscard]] Awaitable<PaymentAnswer> refund(RefundPayment request) override;
  [[nodiscard]] Awaitable<MethodAnswer> tokenize(Card card) override;
  // Stripe lists the newest first, and so do our pages: each answer is turned to oldest first in itself, and is older
  // than the answer before. Whoever looks at every payment that is named need not mind. 30 days back at most.
  [[nodiscard]] Awaitable<EventsAnswer> list_events(domain::Timestamp since, std::string from) override;
  [[nodiscard]] Result<Callback, CallbackFault> read_callback(std::string_view signature, std::string_view body,
                                                              domain::Timestamp now) const override;

 private:
  using Deadline = eventstore::SteadyTime;
  using Reply = Result<HttpsReply, HttpsFault>;

  StripeGateway(StripeConfig const& config, std::unique_ptr<HttpsClient> client);
  [[nodiscard]] Deadline deadline() const { return eventstore::machine().now() + timeout_; }
  Awaitable<Reply> get(std::string target, Deadline until);
  Awaitable<Reply> post(std::string target, std::string body, IdempotencyKey key, Deadline until);
  Awaitable<PaymentAnswer> retrieve_until(std::string reference, Deadline until);
  // As it is told to others: what is to be said of a fee that is not there is decided here.
  [[nodiscard]] PaymentAnswer answer_of(stripe::ReadPayment read);
  void fee_missing(std::string const& reference, std::string_view why);
  Awaitable<PaymentAnswer> interpret(Reply reply, std::string reference, Deadline until);

  std::string const authorization_;
  std::string const webhook_secret_;
  std::string const server_tag_;
  std::chrono::milliseconds const timeout_;
  std::chrono::milliseconds const fee_patience_;
  std::unique_ptr<HttpsClient> const client_;
  // The effects thread's. At most kFeesMax each; then they begin anew, which costs a wait or a second line in the log.
  std::unordered_map<std::string, eventstore::SteadyTime> fee_pending_since_;
  std::unordered_set<std::string> fee_told_;
};

}  // namespace florin::sagas
