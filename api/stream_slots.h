// How many streams run in one environment: each holds a read transaction open and a connection for minutes. Any thread;
// outlives its tickets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "domain/ids.h"
#include "domain/result.h"

namespace florin::api {

class StreamSlots {
 public:
  static constexpr std::size_t kPerGame = 2;  // a nightly one, and one asked for by hand
  static constexpr std::size_t kAll = 8;

  // A place; given back when destroyed. Move-only.
  class Ticket {
   public:
    Ticket(Ticket&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)), game_(other.game_) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (slots_ != nullptr) slots_->give_back(game_);
    }

   private:
    friend class StreamSlots;
    Ticket(StreamSlots& slots, domain::GameId game) : slots_(&slots), game_(game) {}
    StreamSlots* slots_;
    domain::GameId game_;
  };

  enum class Full { game, environment };
  // The game's own limit comes first: it is the one that the caller can do something about.
  [[nodiscard]] Result<Ticket, Full> take(domain::GameId game) {
    std::lock_guard const lock(mutex_);
    auto const found = running_.find(game.value());
    if (found != running_.end() && found->second >= kPerGame) return fail(Full::game);
    if (all_ >= kAll) return fail(Full::environment);
    ++running_[game.value()];
    ++all_;
    return Ticket(*this, game);
  }

 private:
  void give_back(domain::GameId game) {
    std::lock_guard const lock(mutex_);
    --all_;
    auto const found = running_.find(game.value());
    if (--found->second == 0) running_.erase(found);
  }

  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::size_t> running_;  // under mutex_; games with a stream
  std::size_t all_ = 0;                                     // under mutex_
};

}  // namespace florin::api
