// Events about what goes back to the card after a charge: refunds and disputes.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "domain/events/family.h"
#include "domain/ids.h"
#include "domain/money.h"
#include "domain/payment.h"

namespace florin::domain {

// The player gives the units back at once; the card gets its money when the processor says so.
struct RefundRequested {
  RefundId refund;  // this event's own position
  OrderId order;
  PlayerId player;
  CurrencyId currency;
  Usd usd;
  Money available_after;  // may be below zero
  std::string reason;
  std::string payment;    // the processor's name of what it is taken from
  std::string reference;  // the processor's name of the refund, when it was made there
  friend bool operator==(RefundRequested const&, RefundRequested const&) = default;
};

struct RefundSettled {
  RefundId refund;
  OrderId order;
  PlayerId player;
  CurrencyId currency;
  Usd usd;
  RefundEnd end = RefundEnd::succeeded;
  std::string reference;
  Money available_after;
  friend bool operator==(RefundSettled const&, RefundSettled const&) = default;
};

// A chargeback: the processor took the amount back, and a fee. What it took beyond the order's amount is not the
// player's to pay: it counts as fee.
struct DisputeOpened {
  OrderId order;
  std::string reference;
  PlayerId player;
  CurrencyId currency;
  Usd usd;                // what the player is debited
  Usd fee;                // USD
  Money available_after;  // may be below zero
  friend bool operator==(DisputeOpened const&, DisputeOpened const&) = default;
};

struct DisputeClosed {
  OrderId order;
  std::string reference;
  PlayerId player;
  CurrencyId currency;
  Usd usd;
  bool won = false;  // then the processor gave the amount back
  Money available_after;
  Usd fee{};  // USD that its fee grew by since it was opened; below zero when some came back
  friend bool operator==(DisputeClosed const&, DisputeClosed const&) = default;
};

// A word of the processor about a dispute, the first or a later one: any number of them. The amounts are what changed,
// so each movement is booked once. The two events above are how it was written before an end could be taken back; none
// is written any more.
struct DisputeMoved {
  OrderId order;
  std::string reference;
  PlayerId player;
  CurrencyId currency;
  Usd usd;                                     // given back to the player; below zero: debited; may be zero
  Usd fee;                                     // USD that its fee grew by; below zero when some came back
  DisputeStatus status = DisputeStatus::open;  // after it
  std::uint32_t entries = 0;                   // of the processor's account, with this one: DisputeReport
  Money available_after;                       // may be below zero
  friend bool operator==(DisputeMoved const&, DisputeMoved const&) = default;
};

using RefundEvents = std::variant<RefundRequested, RefundSettled, DisputeOpened, DisputeClosed, DisputeMoved>;
template <class E>
concept RefundEvent = IsIn<E, RefundEvents>;

}  // namespace florin::domain
