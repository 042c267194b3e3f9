// A bounded amount of something that requests hold for a while: workers that wait, bytes of replies on their way.
// Any thread; never blocks. Outlives its tickets.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace florin::api {

class Budget {
 public:
  // What was taken; given back when destroyed. Empty (false) when there was not enough left.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)), amount_(other.amount_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(amount_, other.amount_);
      return *this;
    }
    ~Ticket() {
      if (budget_ != nullptr) budget_->used_.fetch_sub(amount_, std::memory_order_relaxed);
    }
    [[nodiscard]] explicit operator bool() const { return budget_ != nullptr; }

   private:
    friend class Budget;
    Ticket(Budget* budget, std::size_t amount) : budget_(budget), amount_(amount) {}
    Budget* budget_ = nullptr;
    std::size_t amount_ = 0;
  };

  explicit Budget(std::size_t limit) : limit_(limit) {}
  Budget(Budget const&) = delete;
  Budget& operator=(Budget const&) = delete;

  [[nodiscard]] Ticket take(std::size_t amount) {
    auto used = used_.load(std::memory_order_relaxed);
    do {
      if (amount > limit_ - used) return {};
    } while (!used_.compare_exchange_weak(used, used + amount, std::memory_order_relaxed));
    return {this, amount};
  }

  [[nodiscard]] std::size_t limit() const { return limit_; }

 private:
  std::size_t const limit_;
  std::atomic<std::size_t> used_{0};  // never above limit_
};

}  // namespace florin::api
