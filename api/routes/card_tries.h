// Cards on their way to the processor, and those that it would not take at all, by checkout session. They come to no
// order, so the ledger does not know of them, and whoever tests stolen numbers must not have more tries for that, nor
// for sending them all at once. Any thread; a restart forgets.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>

#include "domain/ids.h"

namespace florin::api {

class CardTries {
 public:
  // One more is on its way, unless `most` were refused or are. Ended once, with refuse or take_back.
  [[nodiscard]] bool begin(domain::SessionId session, std::size_t most) {
    std::lock_guard const lock(mutex_);
    auto& tries = tries_[session];
    bool const room = tries.refused + tries.under_way < most;
    if (room) ++tries.under_way;
    if (tries_.size() > kSessionsMax) tries_.erase(tries_.begin());
    return room;
  }
  void refuse(domain::SessionId session) { end(session, 1); }
  // The processor took it, or nobody knows.
  void take_back(domain::SessionId session) { end(session, 0); }

  [[nodiscard]] std::size_t refused(domain::SessionId session) const {
    std::lock_guard const lock(mutex_);
    auto const found = tries_.find(session);
    return found == tries_.end() ? 0 : found->second.refused;
  }

  // Some 5 MB. The oldest session is forgotten first: it is the first one to be over.
  static constexpr std::size_t kSessionsMax = 65'536;

 private:
  struct Tries {
    std::size_t refused = 0;
    std::size_t under_way = 0;
  };

  void end(domain::SessionId session, std::size_t refused) {
    std::lock_guard const lock(mutex_);
    auto const found = tries_.find(session);
    if (found == tries_.end()) return;
    auto& tries = found->second;
    if (tries.under_way > 0) --tries.under_way;
    tries.refused += refused;
    if (tries.refused + tries.under_way == 0) tries_.erase(found);
  }

  mutable std::mutex mutex_;
  std::map<domain::SessionId, Tries> tries_;
};

}  // namespace florin::api
