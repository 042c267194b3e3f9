// What the callers of the card processor have to do, in which order and when. Pure: the time comes in with each call,
// and nothing is called.
//
// Two kinds of work: an order of ours, whose payment or refunds are to be brought further, and an event of the
// processor, whose payment is to be looked at. An order is in one place at a time: in a queue, in hand, or delayed. So
// no two callers work on one order, and none is forgotten while one works on it.
//
// Owner: CardPayments. The effects thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/ids.h"
#include "domain/time.h"

namespace florin::sagas {

// Somebody who waits for an order has it looked at no more often than this.
inline constexpr std::int64_t kRecheckPauseMicros = domain::kMicrosPerSecond;

struct Task {
  domain::OrderId order;  // zero: an event
  std::string reference;  // of an event: the payment's
  std::string event_id;   // the same; may be empty
  unsigned failures = 0;  // of an event: tries that failed
};

enum class Priority : std::uint8_t {
  recheck,    // somebody waits for the order: kRecheckPauseMicros after it was last in hand, or now
  event,      // something happened to it, or its time has come
  new_order,  // a new order or refund: before the others
};

class WorkQueue {
 public:
  // Takes an order up, or brings it forward. One that is in hand is taken up once more afterwards, unless this is only
  // a recheck.
  void want(domain::OrderId order, Priority priority, domain::Timestamp now);
  // An event to look into; once for each until it is finished.
  void add_event(Task event);

  // The next task, which is in hand from then on. nullopt: there is none. After three new orders in a row comes one of
  // the others, when there is one: they are owed an answer too.
  [[nodiscard]] std::optional<Task> take(domain::Timestamp now);
  // The order is out of hand, and to be taken up again after so many microseconds; nullopt: it is done.
  void finish_order(domain::OrderId order, std::optional<std::int64_t> again_after, domain::Timestamp now);
  void finish_event() { --events_; }
  // Out of hand and to be tried again later: an event, or an order whose work ended with an exception.
  void postpone(Task task, std::int64_t micros, domain::Timestamp now);

  // Queues the delayed tasks whose time has come.
  void release_due(domain::Timestamp now);
  [[nodiscard]] std::optional<domain::Timestamp> next_due() const;

  // Entries that callers have to look at: tasks, and orders that were brought forward meanwhile.
  [[nodiscard]] std::size_t queued() const { return new_orders_.size() + others_.size(); }
  // Delayed entries, stale ones among them: at most twice what is delayed, or kCompactFrom.
  [[nodiscard]] std::size_t delayed() const { return delayed_.size(); }
  // Whether the order is out of hand and was in it less than kRecheckPauseMicros ago.
  [[nodiscard]] bool was_just_checked(domain::OrderId order, domain::Timestamp now) const;
  // Drops what is queued. For the end.
  void clear();

 private:
  enum class Place : std::uint8_t { none, others, new_orders };
  struct Order {
    Place queued = Place::none;  // an entry in the other queue is passed over
    bool in_hand = false;
    bool again = false;     // to be taken up once more when it is out of hand
    domain::Timestamp due;  // delayed: until then. An older delayed entry is passed over
    domain::Timestamp last_in_hand;
  };
  struct Delayed {
    domain::Timestamp at;
    Task task;
  };

  static bool is_later(Delayed const& a, Delayed const& b) { return a.at > b.at; }
  void delay(Task task, std::int64_t micros, domain::Timestamp now);
  void compact();

  std::deque<Task> new_orders_;
  std::deque<Task> others_;
  unsigned new_in_a_row_ = 0;  // taken while others waited
  std::unordered_map<domain::OrderId, Order> orders_;
  std::size_t events_ = 0;        // queued, in hand or delayed
  std::vector<Delayed> delayed_;  // a heap, the earliest first
};

}  // namespace florin::sagas
