// What ends by itself, and when: a heap, so that a million waits cost 24 MB and no scan. A timer is a reminder and no
// fact: whoever takes one out asks the ledger whether it is really due. One thread.
#pragma once

#include <optional>
#include <queue>
#include <variant>
#include <vector>

#include "domain/ids.h"
#include "domain/time.h"

namespace florin::sagas {

struct Timer {
  domain::Timestamp due;
  std::variant<domain::TransferId, domain::ApprovalId> about;  // what waits
};

class Timers {
 public:
  void add(Timer const& timer) { heap_.push(timer); }
  [[nodiscard]] std::optional<domain::Timestamp> next_due() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.top().due;
  }
  // The earliest that is due at `now`, taken out.
  [[nodiscard]] std::optional<Timer> take(domain::Timestamp now) {
    if (heap_.empty() || heap_.top().due > now) return std::nullopt;
    auto const timer = heap_.top();
    heap_.pop();
    return timer;
  }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  struct Later {
    bool operator()(Timer const& a, Timer const& b) const { return a.due > b.due; }
  };
  std::priority_queue<Timer, std::vector<Timer>, Later> heap_;
};

}  // namespace florin::sagas
