#include "sagas/card_payments/waiters.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace florin::sagas {

using domain::OrderId;

namespace {

// Ends kept for those who ask afterwards.
constexpr std::size_t kEndsMax = 10'000;

}  // namespace

void Waiters::note_end(OrderId order, PaymentUpdate end) {
  std::lock_guard const lock(mutex_);
  if (!ends_.insert_or_assign(order, std::move(end)).second) return;
  ends_order_.push_back(order);
  if (ends_order_.size() <= kEndsMax) return;
  ends_.erase(ends_order_.front());
  ends_order_.pop_front();
}

PaymentUpdate Waiters::end_of(OrderId order) const {
  std::lock_guard const lock(mutex_);
  if (auto const found = ends_.find(order); found != ends_.end()) return found->second;
  PaymentUpdate end;
  end.state = PaymentUpdate::State::ended;
  return end;
}

void Waiters::add(OrderId order, Waiter waiter) {
  auto& waiting = waiting_[order];
  next_expiry_ = std::min(next_expiry_, waiter.until);
  waiting.push_back(std::move(waiter));
  if (waiting.size() <= kPerOrderMax) return;
  auto const oldest = std::move(waiting.front());
  waiting.pop_front();
  oldest.then({});
}

void Waiters::tell(OrderId order, PaymentUpdate const& update) {
  auto const found = waiting_.find(order);
  if (found == waiting_.end()) return;
  auto const waiting = std::move(found->second);
  waiting_.erase(found);
  for (auto const& waiter : waiting) waiter.then(update);
}

void Waiters::tell_expired(SteadyTime now) {
  if (now < next_expiry_) return;
  next_expiry_ = SteadyTime::max();
  std::vector<Waiter> expired;
  for (auto entry = waiting_.begin(); entry != waiting_.end();) {
    auto& waiting = entry->second;
    for (auto& waiter : waiting) {
      if (waiter.until > now) {
        next_expiry_ = std::min(next_expiry_, waiter.until);
      } else {
        expired.push_back(std::move(waiter));
      }
    }
    std::erase_if(waiting, [&](Waiter const& waiter) { return waiter.until <= now; });
    entry = waiting.empty() ? waiting_.erase(entry) : std::next(entry);
  }
  for (auto const& waiter : expired) waiter.then({});
}

}  // namespace florin::sagas
