// Those who wait for an order's payment, and the ends of the last orders for those who ask afterwards.
//
// Threads: note_end and end_of any; the rest on the effects thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "domain/events.h"
#include "eventstore/runtime/runtime.h"

namespace florin::sagas {

// What somebody who waits for an order is told.
struct PaymentUpdate {
  enum class State : std::uint8_t {
    ended,            // paid or failed: the ledger says which
    action_required,  // the cardholder is asked by their bank
    pending,          // not known yet; nothing is lost, it goes on
  };
  State state = State::pending;
  // ended: how, unless it ended long ago. One of the two.
  std::optional<domain::CurrencyPurchased> purchased;
  std::optional<domain::PaymentFailed> failed;
  domain::Position position;  // of the event that ended it
  std::string reference;
  std::string client_secret;  // with action_required. A secret: for the payer's browser only
  std::string redirect_url;
};

class Waiters {
 public:
  using SteadyTime = eventstore::SteadyTime;
  struct Waiter {
    SteadyTime until;  // the machine's time: patience does not jump with the sandbox's clock
    std::function<void(PaymentUpdate const&)> then;
  };
  static constexpr std::size_t kPerOrderMax = 16;  // one page, reloaded in impatience

  // `end` is of state `ended`.
  void note_end(domain::OrderId order, PaymentUpdate end);
  // Without `purchased` and `failed` when the order ended long ago.
  [[nodiscard]] PaymentUpdate end_of(domain::OrderId order) const;

  // One more than kPerOrderMax: the one who has waited longest is told `pending`.
  void add(domain::OrderId order, Waiter waiter);
  // Tells all who wait for the order; they wait no more.
  void tell(domain::OrderId order, PaymentUpdate const& update);
  // Tells those whose time is over `pending`.
  void tell_expired(SteadyTime now);
  // Forgets all who wait, without a word.
  void clear() { waiting_.clear(); }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<domain::OrderId, PaymentUpdate> ends_;  // under mutex: of the last orders that ended
  std::deque<domain::OrderId> ends_order_;                   // under mutex

  std::unordered_map<domain::OrderId, std::deque<Waiter>> waiting_;  // the longest waiting first
  SteadyTime next_expiry_ = SteadyTime::max();                       // the earliest `until`, or earlier
};

}  // namespace florin::sagas
