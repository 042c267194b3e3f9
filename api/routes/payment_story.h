// An order of currency as its events tell it, and what the routes say of it. Reads the disk: on a worker.
#pragma once

#include "api/routes/route.h"
#include "domain/postings.h"

namespace florin::api {

struct RefundStory {
  domain::RefundRequested asked;
  domain::Timestamp asked_at;
  std::optional<domain::RefundEnd> end;
  // "pending", "succeeded", "failed", "reversed".
  [[nodiscard]] char const* status() const { return end ? domain::refund_end_name(*end) : "pending"; }
};

// What a dispute's events moved, one after the other; there is at least one.
struct DisputeMovement {
  domain::Money usd;                                           // given back to the player; below zero: debited
  domain::Money fee;                                           // what the processor's fee grew by
  domain::DisputeStatus status = domain::DisputeStatus::open;  // after it
  domain::Timestamp at;
};
struct DisputeStory {
  std::string reference;
  std::vector<DisputeMovement> movements;

  [[nodiscard]] domain::DisputeStatus status() const { return movements.back().status; }
  [[nodiscard]] domain::Money claimed() const;   // the most that it debited the player at a time
  [[nodiscard]] domain::Money withheld() const;  // what it debits them now
  [[nodiscard]] domain::Money fee() const;
};

struct PaymentStory {
  domain::CurrencyOrdered ordered;
  domain::Timestamp ordered_at;
  std::optional<domain::CheckoutOpened> checkout;  // of the hosted page, when it was ordered there
  bool challenged = false;
  std::string reference;  // the processor's
  std::optional<domain::CurrencyPurchased> purchased;
  domain::Timestamp purchased_at;
  domain::Position purchased_in;  // the commit
  std::optional<domain::PaymentFailed> failed;
  std::vector<RefundStory> refunds;
  std::vector<DisputeStory> disputes;
  std::vector<domain::Posting> postings;
  domain::Position reached;  // how far the view was

  [[nodiscard]] domain::Money refunded() const;
  // "created", "requires_action", "paid", "partly_refunded", "refunded", "disputed", "lost", "failed".
  [[nodiscard]] char const* status() const;
};

// Whose order it is: nullopt when it is not this game's, or none.
[[nodiscard]] eventstore::Faulty<std::optional<domain::CurrencyOrdered>> load_ordered(Environment& environment,
                                                                                      domain::GameId game,
                                                                                      domain::Position order);
// The whole of it, as the view "payments" has it: reach_view() comes before. A missing result is an order that is not
// the game's (zero: of any).
struct PaymentStoryResult {
  std::optional<PaymentStory> story;
  std::optional<Response> refused;  // 503 VIEW_UNAVAILABLE
};
[[nodiscard]] PaymentStoryResult load_story(Services& services, Request const& request, domain::GameId game,
                                            domain::Position order);

// The checkout that was opened at this position; nullopt: none was.
[[nodiscard]] eventstore::Faulty<std::optional<domain::CheckoutOpened>> load_checkout(Environment& environment,
                                                                                      domain::Position session);
// "metadata": the game's own object as it gave it; null when there is none or its person was erased.
void write_metadata(JsonWriter& json, Environment& environment, domain::CheckoutOpened const& opened);

// CONTRACT, order-details.
void write_payment_order(JsonWriter& json, Environment& environment, domain::Game const& game,
                         PaymentStory const& story);

[[nodiscard]] Response payment_order_not_found(Request const& request);
// Why a payment came to nothing, as a 402.
[[nodiscard]] Response payment_failed_response(Request const& request, domain::PaymentFailed const& failed);

}  // namespace florin::api
