// A bounded queue between two threads of a pipeline: one puts, one takes. Either may close it.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace florin::eventstore {

template <class T>
class Channel {
 public:
  explicit Channel(std::size_t limit) : limit_(limit) {}

  // Waits while it is full; false once it is closed.
  bool put(T value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return queue_.size() < limit_ || closed_; });
    if (closed_) return false;
    queue_.push_back(std::move(value));
    lock.unlock();
    changed_.notify_all();
    return true;
  }

  // Waits while it is empty; nullopt once it is closed and empty.
  std::optional<T> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !queue_.empty() || closed_; });
    if (queue_.empty()) return std::nullopt;
    std::optional<T> value(std::move(queue_.front()));
    queue_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return value;
  }

  // Without waiting.
  std::optional<T> take_if_any() {
    std::lock_guard const lock(mutex_);
    if (queue_.empty()) return std::nullopt;
    std::optional<T> value(std::move(queue_.front()));
    queue_.pop_front();
    return value;
  }

  void close() {
    {
      std::lock_guard const lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

 private:
  std::size_t const limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> queue_;
  bool closed_ = false;
};

}  // namespace florin::eventstore
