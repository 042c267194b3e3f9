#include "sagas/effects_loop.h"

#include <chrono>
#include <future>
#include <limits>
#include <memory>
#include <ranges>

#include <boost/asio/post.hpp>
#include <pthread.h>

namespace florin::sagas {
namespace {

// A thread's name in Linux, without the zero at its end.
constexpr std::size_t kThreadNameMax = 15;
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr auto kAskAgainAfter = std::chrono::milliseconds(2);

}  // namespace

EffectsLoop::EffectsLoop(std::string name) : name_(name.substr(0, kThreadNameMax)), work_(io_.get_executor()) {}

EffectsLoop::~EffectsLoop() {
  if (thread_.joinable()) stop();
}

void EffectsLoop::add(Saga& saga) { sagas_.push_back(&saga); }

void EffectsLoop::start() {
  thread_ = std::thread([this] { io_.run(); });
  pthread_setname_np(thread_.native_handle(), name_.c_str());
}

void EffectsLoop::stop_sagas() {
  for (auto* const saga : std::views::reverse(sagas_)) saga->stop();
  sagas_.clear();
}

void EffectsLoop::stop() {
  if (!thread_.joinable()) return stop_sagas();
  asio::post(io_, [this] {
    stop_sagas();
    io_.stop();
  });
  thread_.join();
}

void EffectsLoop::check() {
  asio::post(io_, [this] {
    for (auto* const saga : sagas_) saga->check();
  });
}

bool EffectsLoop::wait_until_idle(int timeout_ms) {
  auto const deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  std::size_t idle = 0;  // so many of them, the first ones, were idle
  while (std::chrono::steady_clock::now() < deadline) {
    // Shared, because the loop may answer after the deadline.
    auto const answer = std::make_shared<std::promise<std::size_t>>();
    auto asked = answer->get_future();
    asio::post(io_, [this, answer, idle]() mutable {
      while (idle < sagas_.size() && sagas_[idle]->is_idle()) ++idle;
      answer->set_value(idle == sagas_.size() ? kAll : idle);
    });
    if (asked.wait_until(deadline) != std::future_status::ready) return false;
    idle = asked.get();
    if (idle == kAll) return true;
    std::this_thread::sleep_for(kAskAgainAfter);
  }
  return false;
}

}  // namespace florin::sagas
