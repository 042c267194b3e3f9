// A bounded amount of something that requests hold for a while: workers that wait, bytes of replies on their way.
// Any thread; never blocks. Outlives its tickets.
#pragma once

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
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

// Who takes from a SharedBudget.
struct Holder {
  enum class Kind : std::uint8_t { caller, ipv4, ipv6_network };
  Kind kind = Kind::ipv4;
  std::uint64_t id = 0;
  friend auto operator<=>(Holder const&, Holder const&) = default;
};

// A budget of which one holder has at most a share, so that nobody alone keeps the others waiting. Any thread; a short
// lock. Outlives its tickets.
class SharedBudget {
 public:
  // As Budget::Ticket. Empty also when the holder's share was not enough.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), holder_(other.holder_), amount_(other.amount_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(holder_, other.holder_);
      std::swap(amount_, other.amount_);
      return *this;
    }
    ~Ticket() {
      if (budget_ != nullptr) budget_->give_back(holder_, amount_);
    }
    [[nodiscard]] explicit operator bool() const { return budget_ != nullptr; }

   private:
    friend class SharedBudget;
    Ticket(SharedBudget* budget, Holder holder, std::size_t amount)
        : budget_(budget), holder_(holder), amount_(amount) {}
    SharedBudget* budget_ = nullptr;
    Holder holder_;
    std::size_t amount_ = 0;
  };

  SharedBudget(std::size_t limit, std::size_t share) : limit_(limit), share_(share) {}
  SharedBudget(SharedBudget const&) = delete;
  SharedBudget& operator=(SharedBudget const&) = delete;

  [[nodiscard]] Ticket take(Holder holder, std::size_t amount) {
    std::lock_guard lock(mutex_);
    auto const found = held_.find(holder);
    auto const held = found == held_.end() ? 0 : found->second;
    if (amount > share_ - held || amount > limit_ - used_) return {};
    held_[holder] = held + amount;
    used_ += amount;
    return {this, holder, amount};
  }

 private:
  void give_back(Holder holder, std::size_t amount) {
    std::lock_guard lock(mutex_);
    used_ -= amount;
    auto const found = held_.find(holder);
    found->second -= amount;
    if (found->second == 0) held_.erase(found);
  }

  std::size_t const limit_;
  std::size_t const share_;
  std::mutex mutex_;
  std::size_t used_ = 0;                // under mutex_; never above limit_
  std::map<Holder, std::size_t> held_;  // under mutex_; none above share_, at most one entry a ticket
};

}  // namespace florin::api
