// A reader-writer lock on which a waiting writer goes before new readers. std::shared_mutex prefers readers on Linux:
// a few threads of back-to-back reads could keep the appender waiting for ever. One thread must not take it twice.
#pragma once

#include <pthread.h>

#include "domain/contract.h"

namespace florin::eventstore {

class WriterFirstMutex {
 public:
  WriterFirstMutex() {
    pthread_rwlockattr_t attributes;
    FLORIN_ASSERT(pthread_rwlockattr_init(&attributes) == 0);
    FLORIN_ASSERT(pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
    FLORIN_ASSERT(pthread_rwlock_init(&lock_, &attributes) == 0);
    pthread_rwlockattr_destroy(&attributes);
  }
  ~WriterFirstMutex() { pthread_rwlock_destroy(&lock_); }
  WriterFirstMutex(WriterFirstMutex const&) = delete;
  WriterFirstMutex& operator=(WriterFirstMutex const&) = delete;

  // The names that std::lock_guard and std::shared_lock ask for.
  void lock() { FLORIN_ASSERT(pthread_rwlock_wrlock(&lock_) == 0); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { FLORIN_ASSERT(pthread_rwlock_rdlock(&lock_) == 0); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

 private:
  pthread_rwlock_t lock_;
};

}  // namespace florin::eventstore
