// Real money: what the processor says of a payment, and what a bank account is. Values only; the rules are in
// purchase.cpp and payout.cpp. Source: CONTRACT, Currency purchase and Withdrawals.
//
// US dollars are Money too: 1 minor unit is 1 cent. 1 USD is 10 units of any branded currency (CONTRACT, Conventions).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/ids.h"
#include "domain/money.h"

namespace florin::domain {

inline constexpr std::int64_t kUnitsPerDollar = 10;

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
  Position refund;        // ours; zero when it was made at the processor
  Money usd;
  RefundStatus status = RefundStatus::pending;
  friend bool operator==(RefundReport const&, RefundReport const&) = default;
};

// From `open` on the processor holds back amount and fee; when it is won it gives the amount back.
enum class DisputeStatus : std::uint8_t { open = 0, won = 1, lost = 2 };
struct DisputeReport {
  std::string reference;
  Money usd;
  Money fee;
  DisputeStatus status = DisputeStatus::open;
  friend bool operator==(DisputeReport const&, DisputeReport const&) = default;
};

// All that the processor says of a payment at one moment, and nothing secret. Comparing it with what the ledger knows
// is how every answer, callback and poll is handled: twice, late or out of order, it changes nothing twice.
struct PaymentReport {
  std::string reference;  // "pi_…"
  Position order;         // as we named it when it was opened; zero: not ours
  PaymentStatus status = PaymentStatus::unconfirmed;
  Money usd;
  bool in_usd = true;        // false: in some other currency, which we never asked for
  Money fee;                 // what the processor keeps of it; known when it succeeded
  std::string decline_code;  // with declined: "insufficient_funds"
  std::vector<RefundReport> refunds;
  std::vector<DisputeReport> disputes;
  friend bool operator==(PaymentReport const&, PaymentReport const&) = default;
};

}  // namespace florin::domain
