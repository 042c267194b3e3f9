// Waits of coroutines on the effects loop that end when somebody else on the loop says so, and not by time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/redirect_error.hpp>

#include "sagas/gateways/asio.h"

namespace florin::sagas {

// A wait that can be repeated. One coroutine waits at a time.
class Wakeup {
 public:
  explicit Wakeup(asio::io_context& io) : timer_(io.get_executor()) {}

  // The Wakeup outlives the wait.
  [[nodiscard]] Awaitable<void> wait() {
    timer_.expires_at(SteadyTimer::time_point::max());
    boost::system::error_code cancelled;
    co_await timer_.async_wait(asio::redirect_error(use_awaitable, cancelled));
  }
  // True: a wait was ended. False: nobody waited, or the wait is about to end already.
  bool wake() { return timer_.cancel() > 0; }

 private:
  SteadyTimer timer_;
};

// One value that comes later. The first one counts.
template <class T>
class OneShot {
 public:
  explicit OneShot(asio::io_context& io) : state_(std::make_shared<State>(io)) {}

  // Called on the loop's thread, while the io_context exists. May outlive the wait.
  [[nodiscard]] std::function<void(T)> setter() const {
    return [state = state_](T value) {
      if (state->value) return;
      state->value = std::move(value);
      state->arrived.wake();
    };
  }
  // Once.
  [[nodiscard]] Awaitable<T> wait() const { return wait_for(state_); }

 private:
  struct State {
    explicit State(asio::io_context& io) : arrived(io) {}
    Wakeup arrived;
    std::optional<T> value;
  };
  // Static, so that the frame owns the state.
  static Awaitable<T> wait_for(std::shared_ptr<State> state) {
    while (!state->value) co_await state->arrived.wait();
    co_return std::move(*state->value);
  }

  std::shared_ptr<State> state_;
};

}  // namespace florin::sagas
