// An order of currency by card, as its events tell it, and waiting for what becomes of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/ledger/reader.h"
#include "domain/postings.h"

namespace florin::api {

struct CardRefund {
  domain::RefundRequested asked;
  domain::Timestamp asked_at;
  std::optional<domain::RefundEnd> end;
  // "pending", "succeeded", "failed", "reversed".
  [[nodiscard]] char const* status() const { return end ? domain::refund_end_name(*end) : "pending"; }
};

// What a dispute's events moved, one after the other; there is at least one.
struct CardDisputeMovement {
  domain::Usd usd;                                             // given back to the player; below zero: debited
  domain::Usd fee;                                             // what the processor's fee grew by
  domain::DisputeStatus status = domain::DisputeStatus::open;  // after it
  domain::Timestamp at;
};
struct CardDispute {
  std::string reference;
  std::vector<CardDisputeMovement> movements;

  [[nodiscard]] domain::DisputeStatus status() const { return movements.back().status; }
  [[nodiscard]] domain::Usd claimed() const;   // the most that it debited the player at a time
  [[nodiscard]] domain::Usd withheld() const;  // what it debits them now
  [[nodiscard]] domain::Usd fee() const;
};

struct CardOrder {
  domain::CurrencyOrdered ordered;
  domain::Timestamp ordered_at;
  std::optional<domain::CheckoutOpened> checkout;  // of the hosted page, when it was ordered there
  bool challenged = false;
  std::string reference;  // the processor's
  std::optional<domain::CurrencyPurchased> purchased;
  domain::Timestamp purchased_at;
  domain::Position purchased_in;  // the commit
  std::optional<domain::PaymentFailed> failed;
  std::vector<CardRefund> refunds;
  std::vector<CardDispute> disputes;
  std::vector<domain::Posting> postings;

  [[nodiscard]] domain::Usd refunded() const;
  // "created", "requires_action", "paid", "partly_refunded", "refunded", "disputed", "lost", "failed".
  [[nodiscard]] char const* status() const;
};

// Whose order it is: nullopt when it is not this game's (zero: of any), or none. On a worker.
[[nodiscard]] eventstore::ResultOr<std::optional<domain::CurrencyOrdered>> find_card_order(Ledger const& ledger,
                                                                                           domain::GameId game,
                                                                                           domain::OrderId order);
// The whole of it, as the view `payments` has it. nullopt: as above. On a worker.
[[nodiscard]] eventstore::ResultOr<std::optional<CardOrder>> load_card_order(Ledger const& ledger, ViewReader& view,
                                                                             domain::GameId game,
                                                                             domain::OrderId order);
// What a refund of the order refers to: the fact that it was paid. On a worker, as above.
struct PaidOrder {
  bool is_known = false;                                             // as an order of the game
  std::optional<domain::Fact<domain::CurrencyPurchased>> purchased;  // none: it was not paid
};
[[nodiscard]] eventstore::ResultOr<PaidOrder> find_paid_order(Ledger const& ledger, ViewReader& view,
                                                              domain::GameId game, domain::OrderId order);
// The order that the processor knows by this name; nullopt: none. On a worker.
[[nodiscard]] eventstore::ResultOr<std::optional<domain::OrderId>> find_by_reference(ViewReader& view,
                                                                                     std::string_view reference);
// The most that a refund would be granted now: of the moment, whatever the view has reached.
[[nodiscard]] domain::Usd refundable_usd(Ledger const& ledger, domain::GameId game, CardOrder const& order);

// How long a caller waits: a card takes a processor a second or two, and what is not known by then may take minutes.
inline constexpr int kPaymentWaitSeconds = 20;

struct FollowedPayment {
  enum class State : std::uint8_t { paid, failed, action_required, pending };
  State state = State::pending;
  std::optional<domain::CurrencyPurchased> purchased;
  std::optional<domain::PaymentFailed> failed;
  sagas::PaymentUpdate update;  // with action_required: the secrets for the payer's browser
  domain::Position position;    // where it can be read
};

// Follows an order of ours until it is settled, waits for the cardholder, or patience ends. Without a processor (it was
// taken out of the configuration) the ledger alone is asked, at once. last_look: as CardPayments::watch.
[[nodiscard]] Awaitable<Readable<FollowedPayment>> follow_payment(Reader reader, domain::OrderId order,
                                                                  int patience_seconds = kPaymentWaitSeconds,
                                                                  bool last_look = false);

}  // namespace florin::api
