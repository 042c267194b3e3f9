// Open connections by subscriber, so that one address cannot take all that the server has. Any thread. Outlives its
// tickets.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <utility>

#include "api/http/forwarded.h"

namespace florin::api {

class ConnectionCounts {
 public:
  explicit ConnectionCounts(std::size_t limit) : limit_(limit) {}

  // A connection that is counted until this is destroyed. False: it was one too many, and is not counted.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept : counts_(std::exchange(other.counts_, nullptr)), subscriber_(other.subscriber_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(counts_, other.counts_);
      std::swap(subscriber_, other.subscriber_);
      return *this;
    }
    ~Ticket() {
      if (counts_ != nullptr) counts_->give_back(subscriber_);
    }
    [[nodiscard]] explicit operator bool() const { return counts_ != nullptr; }

   private:
    friend class ConnectionCounts;
    Ticket(ConnectionCounts& counts, Subscriber subscriber) : counts_(&counts), subscriber_(subscriber) {}
    ConnectionCounts* counts_ = nullptr;
    Subscriber subscriber_;
  };
  [[nodiscard]] Ticket take(Subscriber subscriber) {
    std::lock_guard lock(mutex_);
    auto& open = open_[subscriber];  // a new one is 0, and the limit at least 1: nothing stays behind
    if (open >= limit_) return {};
    ++open;
    return {*this, subscriber};
  }

 private:
  void give_back(Subscriber subscriber) {
    std::lock_guard lock(mutex_);
    auto const found = open_.find(subscriber);
    if (--found->second == 0) open_.erase(found);
  }

  std::size_t const limit_;
  std::mutex mutex_;
  std::map<Subscriber, std::size_t> open_;  // under mutex_; at most one entry a connection
};

}  // namespace florin::api
