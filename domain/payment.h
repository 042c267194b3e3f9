// Real money: what the processor says of a payment, and what a bank account is. Values only; the rules are in
// card_order.cpp and payout.cpp. Source: CONTRACT, Currency purchase and Withdrawals.
//
// An order and a refund are named by their position in the log and the time of their commit. The position alone is not
// enough: after a backup is restored the same positions come again, for other orders.
//
// Amounts are US dollars. 1 USD is 10 units of any branded currency (CONTRACT, Conventions).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "domain/money.h"
#include "domain/time.h"

namespace florin::domain {

inline constexpr std::int64_t kUnitsPerDollar = 10;
// What so many dollars are in a branded currency. Dollars within kMaxAmount.
[[nodiscard]] inline Money units_of(Usd usd) { return Money::from_minor(usd.minor() * kUnitsPerDollar); }

// CONTRACT, checkout sessions: 0 < x <= 999.99.
inline constexpr Usd kMaxPurchaseUsd = Usd::from_minor(99'999);
// What may be booked as the fee of one dispute, and its change: what the processor says, and what it claims beyond the
// order.
[[nodiscard]] bool valid_dispute_fee(Usd usd);
// What a player may be debited for one dispute: nothing, or up to the largest order.
[[nodiscard]] bool valid_withheld(Usd usd);
inline constexpr std::int64_t kCheckoutMicros = 900 * kMicrosPerSecond;   // 15 minutes: a session's link
inline constexpr std::int64_t kChallengeMicros = 900 * kMicrosPerSecond;  // the cardholder's answer to their bank
// Of one order. Each is a call to the processor, and a row for as long as the order lives.
inline constexpr std::size_t kRefundsMax = 50;

// What the processor knows of one payment. A later one never contradicts a final one: succeeded and cancelled stay.
enum class PaymentStatus : std::uint8_t {
  unconfirmed = 0,      // nothing was tried yet
  requires_action = 1,  // the cardholder is asked by their bank (3-D Secure); nothing is charged
  processing = 2,
  succeeded = 3,  // charged
  declined = 4,   // the try failed and nothing is charged; another try is possible until it is cancelled
  cancelled = 5,  // nothing was charged, nor will be
};

enum class RefundStatus : std::uint8_t { pending = 0, succeeded = 1, failed = 2 };
struct RefundReport {
  std::string reference;  // the processor's
  RefundId refund;        // ours; zero when it was made at the processor
  Usd usd;
  RefundStatus status = RefundStatus::pending;
  Timestamp refund_at{};  // of the commit that asked for it, as we named it; zero with refund zero
  friend bool operator==(RefundReport const&, RefundReport const&) = default;
};

// A dispute is what the processor withdrew for it and did not give back. No status is final: what was lost may be
// reinstated, what was won may be withdrawn again, and fees come late. So a report says what holds now, and the ledger
// books the difference to what it booked before.
enum class DisputeStatus : std::uint8_t { open = 0, won = 1, lost = 2 };
[[nodiscard]] char const* dispute_status_name(DisputeStatus status);  // "lost"
struct DisputeReport {
  std::string reference;
  // Now; above what was charged when the cardholder's bank claims more, after its own conversion. Never below zero.
  Usd withheld;
  Usd fee;  // of all that was booked until now; below zero when more was given back than taken
  DisputeStatus status = DisputeStatus::open;
  // How many entries of the processor's account it takes in. They are only ever added, so a report with fewer is an
  // older one, however late it arrives. Zero: the processor does not count them.
  std::uint32_t entries = 0;
  friend bool operator==(DisputeReport const&, DisputeReport const&) = default;
};
// Amounts are another company's word: what no order could have moved is passed over, and the rest of its report counts.
[[nodiscard]] bool may_book(RefundReport const& report, Usd paid);
[[nodiscard]] bool may_book(DisputeReport const& report);
// Who bears a dispute. The player owes at most what they paid; what the processor withholds beyond it is a fee.
struct DisputeShares {
  Usd player;
  Usd fee;
};
[[nodiscard]] DisputeShares shares_of(DisputeReport const& report, Usd paid);

// All that the processor says of a payment at one moment, and nothing secret. Comparing it with what the ledger knows
// is how every answer, callback and poll is handled: twice, late or out of order, it changes nothing twice.
struct PaymentReport {
  std::string reference;  // "pi_…"
  OrderId order;          // as we named it when it was opened; zero: not ours
  PaymentStatus status = PaymentStatus::unconfirmed;
  Usd usd;
  bool in_usd = true;        // false: in some other currency, which we never asked for
  Usd fee;                   // what the processor keeps of it; known when it succeeded
  std::string decline_code;  // with declined: "insufficient_funds"
  std::vector<RefundReport> refunds;
  std::vector<DisputeReport> disputes;
  Timestamp ordered_at{};  // of the order's commit, as we named it; zero with order zero
  friend bool operator==(PaymentReport const&, PaymentReport const&) = default;
};

// Why an order came to nothing.
enum class PaymentFailure : std::uint8_t {
  declined = 0,           // by the card's bank; the code says why
  challenge_failed = 1,   // the cardholder did not pass 3-D Secure
  challenge_expired = 2,  // nor answer it in time
  refused = 3,            // the processor would not take it; the code says why
  abandoned = 4,          // the processor could not be reached in time
};
[[nodiscard]] char const* failure_name(PaymentFailure failure);

enum class RefundEnd : std::uint8_t {
  succeeded = 0,
  failed = 1,    // the money stays; the player gets the units back
  reversed = 2,  // it had succeeded, and came back
};
[[nodiscard]] char const* refund_end_name(RefundEnd end);

// An order whose payment is not settled. It waits for the processor, and never ends by itself.
struct OpenOrder {
  OrderId order;
  PlayerId player;
  CurrencyId currency;
  Usd usd;
  std::string reference;           // the processor's; empty until the payment was opened there
  Timestamp challenge_expires_at;  // zero: the cardholder is not asked
  Timestamp ordered_at;
  friend bool operator==(OpenOrder const&, OpenOrder const&) = default;
};
using OpenOrders = std::map<OrderId, OpenOrder>;

// A paid order of which something went back, or is claimed back. Paid orders of which nothing did are not kept.
struct Returned {
  struct Refund {
    RefundId refund;
    std::string reference;  // the processor's; empty until it is known
    Usd usd;
    RefundStatus status = RefundStatus::pending;
    friend bool operator==(Refund const&, Refund const&) = default;
  };
  struct Dispute {
    std::string reference;
    Usd usd;  // what the player is debited now
    DisputeStatus status = DisputeStatus::open;
    Usd fee{};                  // what is booked as the processor's fee until now
    std::uint32_t entries = 0;  // of the newest report that was booked; zero: not known
    friend bool operator==(Dispute const&, Dispute const&) = default;
  };
  OrderId order;
  PlayerId player;
  CurrencyId currency;
  std::vector<Refund> refunds;
  std::vector<Dispute> disputes;

  [[nodiscard]] Usd refunded() const;   // what is asked back and did not fail
  [[nodiscard]] Usd withheld() const;   // what its disputes debit the player now
  [[nodiscard]] bool disputed() const;  // a dispute is open or was lost
  friend bool operator==(Returned const&, Returned const&) = default;
};
using ReturnedOrders = std::map<OrderId, Returned>;

}  // namespace florin::domain
