// Wakes one sleeping thread without a lock (eventfd): the appender must never wait for a projector of low priority
// that was preempted while holding a mutex.
#pragma once

#include "eventstore/fault.h"

namespace florin::eventstore {

class Wake {
 public:
  Wake() = default;
  ~Wake();
  Wake(Wake const&) = delete;
  Wake& operator=(Wake const&) = delete;

  [[nodiscard]] ResultOr<Unit> open();
  // Any thread. Signals add up to one.
  void signal();
  // The sleeper. Returns after a signal, after timeout_ms (below zero: none), or for no reason.
  void wait(int timeout_ms);

 private:
  int fd_ = -1;
};

}  // namespace florin::eventstore
