#include "sagas/card_payments/work_queue.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace florin::sagas {

using domain::OrderId;
using domain::Timestamp;

namespace {

// Of tasks in both queues: so many new orders, then one of the others.
constexpr unsigned kNewInARow = 3;
// Compact the delay heap only when it is larger than this.
constexpr std::size_t kCompactFrom = 64;

}  // namespace

void WorkQueue::want(OrderId id, Priority priority, Timestamp now) {
  auto& order = orders_[id];
  if (order.in_hand) {
    order.again = order.again || priority != Priority::recheck;
    return;
  }
  if (order.queued == Place::new_orders) return;
  bool const is_new = priority == Priority::new_order;
  if (order.queued == Place::others && !is_new) return;
  auto const wait = order.last_in_hand.micros() + kRecheckPauseMicros - now.micros();
  if (priority == Priority::recheck && wait > 0 && wait <= kRecheckPauseMicros) {
    return delay({id, {}, {}, 0}, wait, now);
  }
  order.queued = is_new ? Place::new_orders : Place::others;
  (is_new ? new_orders_ : others_).push_back({id, {}, {}, 0});
}

void WorkQueue::add_event(Task event) {
  ++events_;
  others_.push_back(std::move(event));
}

std::optional<Task> WorkQueue::take(Timestamp now) {
  while (queued() > 0) {
    bool const turn_of_others = new_in_a_row_ >= kNewInARow && !others_.empty();
    bool const is_new = !new_orders_.empty() && !turn_of_others;
    new_in_a_row_ = is_new && !others_.empty() ? new_in_a_row_ + 1 : 0;
    auto& from = is_new ? new_orders_ : others_;
    auto task = std::move(from.front());
    from.pop_front();
    if (!task.order) return task;
    auto const found = orders_.find(task.order);
    if (found == orders_.end() || found->second.queued != (is_new ? Place::new_orders : Place::others)) continue;
    auto& order = found->second;
    order.queued = Place::none;
    order.in_hand = true;
    order.due = {};
    order.last_in_hand = now;
    return task;
  }
  return std::nullopt;
}

void WorkQueue::finish_order(OrderId id, std::optional<std::int64_t> again_after, Timestamp now) {
  auto& order = orders_[id];
  order.in_hand = false;
  bool const again = std::exchange(order.again, false);
  if (again_after) {
    delay({id, {}, {}, 0}, *again_after, now);
  } else if (!again) {
    orders_.erase(id);
  }
  if (again) want(id, Priority::event, now);
}

void WorkQueue::postpone(Task task, std::int64_t micros, Timestamp now) {
  if (task.order) {
    auto& order = orders_[task.order];
    order.in_hand = order.again = false;
  }
  delay(std::move(task), micros, now);
}

void WorkQueue::delay(Task task, std::int64_t micros, Timestamp now) {
  auto const at = now + micros;
  auto const id = task.order;
  if (id) {
    auto const due = orders_[id].due;
    if (due != Timestamp{} && due <= at) return;
  }
  compact();
  delayed_.push_back({at, std::move(task)});
  std::push_heap(delayed_.begin(), delayed_.end(), is_later);
  if (id) orders_[id].due = at;
}

void WorkQueue::release_due(Timestamp now) {
  while (!delayed_.empty() && delayed_.front().at <= now) {
    std::pop_heap(delayed_.begin(), delayed_.end(), is_later);
    auto [at, task] = std::move(delayed_.back());
    delayed_.pop_back();
    if (!task.order) {
      others_.push_back(std::move(task));
      continue;
    }
    auto const found = orders_.find(task.order);
    if (found == orders_.end() || found->second.due != at) continue;
    found->second.due = {};
    want(task.order, Priority::event, now);
  }
}

std::optional<Timestamp> WorkQueue::next_due() const {
  return delayed_.empty() ? std::nullopt : std::optional(delayed_.front().at);
}

bool WorkQueue::was_just_checked(OrderId id, Timestamp now) const {
  auto const found = orders_.find(id);
  if (found == orders_.end() || found->second.in_hand) return false;
  auto const since = now.micros() - found->second.last_in_hand.micros();
  return since >= 0 && since < kRecheckPauseMicros;
}

void WorkQueue::clear() {
  new_orders_.clear();
  others_.clear();
}

// An order that is taken up before its time leaves its delayed entry behind. At least half of the entries are good,
// because an order is delayed once, and so is an event.
void WorkQueue::compact() {
  if (delayed_.size() < kCompactFrom || delayed_.size() < 2 * (orders_.size() + events_)) return;
  std::unordered_set<OrderId> kept;
  std::erase_if(delayed_, [&](Delayed const& entry) {
    auto const id = entry.task.order;
    if (!id) return false;
    auto const found = orders_.find(id);
    return found == orders_.end() || found->second.due != entry.at || !kept.insert(id).second;
  });
  std::make_heap(delayed_.begin(), delayed_.end(), is_later);
}

}  // namespace florin::sagas
