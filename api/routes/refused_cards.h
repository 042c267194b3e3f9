// Cards that the processor would not take at all, by checkout session. They come to no order, so the ledger does not
// know of them, and whoever tests stolen numbers must not have more tries for that. Any thread; a restart forgets.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>

#include "domain/ids.h"

namespace florin::api {

class RefusedCards {
 public:
  void add(domain::Position session) {
    std::lock_guard const lock(mutex_);
    ++counts_[session];
    if (counts_.size() > kSessionsMax) counts_.erase(counts_.begin());
  }
  [[nodiscard]] std::size_t count(domain::Position session) const {
    std::lock_guard const lock(mutex_);
    auto const found = counts_.find(session);
    return found == counts_.end() ? 0 : found->second;
  }

  // Some 5 MB. The oldest session is forgotten first: it is the first one to be over.
  static constexpr std::size_t kSessionsMax = 65'536;

 private:
  mutable std::mutex mutex_;
  std::map<domain::Position, std::size_t> counts_;
};

}  // namespace florin::api
