#include "sagas/effects_loop.h"

#include <chrono>
#include <future>
#include <limits>
#include <memory>
#include <ranges>
#include <utility>

#include <boost/asio/post.hpp>

#include "eventstore/runtime/runtime.h"
#include "eventstore/runtime/thread.h"

namespace florin::sagas {
namespace {

// A thread's name in Linux, without the zero at its end.
constexpr std::size_t kThreadNameMax = 15;
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr auto kAskAgainAfter = std::chrono::milliseconds(2);
constexpr std::size_t kShownAtOnce = 256;
// How long commits that no saga waits for may gather, and how long a tail rests that cannot be read.
constexpr auto kLookEvery = std::chrono::seconds(1);

// Purchases and credits, players and games give a saga nothing to do (the texts that are owed: domain/texts.h).
bool concerns_sagas(domain::Event const& event) {
  return std::visit(domain::Overloaded{
                        [](domain::GameEvent auto const&) { return false; },
                        [](domain::KeyEvent auto const&) { return false; },
                        [](domain::PersonEvent auto const&) { return false; },
                        [](domain::WalletEvent auto const&) { return false; },
                        [](domain::ItemEvent auto const&) { return false; },
                        [](domain::TransferEvent auto const&) { return true; },
                        [](domain::PhoneShareEvent auto const&) { return true; },
                        [](domain::TextEvent auto const&) { return true; },
                        [](domain::CardOrderEvent auto const&) { return true; },
                        [](domain::RefundEvent auto const&) { return true; },
                        [](domain::PayoutEvent auto const&) { return true; },
                    },
                    event);
}

std::string as_thread_name(std::string name) {
  if (name.size() > kThreadNameMax) name.resize(kThreadNameMax);
  return name;
}

}  // namespace

EffectsLoop::EffectsLoop(std::string name, eventstore::Runtime& runtime)
    : name_(as_thread_name(std::move(name))), runtime_(runtime), work_(io_.get_executor()), look_(io_.get_executor()) {}

EffectsLoop::~EffectsLoop() {
  if (thread_.joinable()) stop();
}

void EffectsLoop::add(Saga& saga) { sagas_.push_back(&saga); }

void EffectsLoop::follow(eventstore::Tail& tail, domain::Position after) {
  cursor_ = tail.follow(
      "sagas", after,
      [this] {
        if (!posted_.exchange(true)) asio::post(io_, [this] { show_and_look_again(); });
      },
      concerns_sagas);
}

void EffectsLoop::look_again() {
  look_.expires_after(kLookEvery);
  look_.async_wait([this](boost::system::error_code error) {
    if (!error) show_and_look_again();
  });
}

void EffectsLoop::show_and_look_again() {
  show_commits();
  look_again();
}

// All that there are, so that whoever handles the reply to a saga's command finds that its commit was shown: the tail
// publishes, and with it posts this, before replies leave.
void EffectsLoop::show_commits() {
  posted_ = false;
  std::vector<eventstore::CommitPtr> commits;
  for (;;) {
    commits.clear();
    std::optional<eventstore::Fault> fault;
    while (commits.size() < kShownAtOnce) {
      auto const found = cursor_->next();
      if (!found) fault = found.error();
      if (!found || !found.value()) break;
      commits.push_back(found.value()->commit);
    }
    if (!commits.empty()) {
      for (auto* const saga : sagas_) saga->on_commits(commits);
    }
    {
      std::lock_guard const lock(trouble_mutex_);
      trouble_.reset();
      if (fault) trouble_ = "texts, payments and expiries wait: " + fault->what;
    }
    if (commits.size() < kShownAtOnce) return;
  }
}

std::optional<std::string> EffectsLoop::trouble() const {
  std::lock_guard const lock(trouble_mutex_);
  return trouble_;
}

void EffectsLoop::start() {
  if (cursor_) asio::post(io_, [this] { show_and_look_again(); });

  thread_ = std::thread([this] {
    eventstore::name_this_thread(name_.c_str());
    eventstore::TimersFollow const runtime(runtime_);
    io_.run();
  });
}

void EffectsLoop::poll() {
  eventstore::TimersFollow const runtime(runtime_);
  if (cursor_) show_commits();
  // Timers become due when time goes on, or are due at once when a handler has set them.
  bool worked = run_ready();
  while (worked || looked_at_ != runtime_.now()) worked = run_due();
}

bool EffectsLoop::run_ready() {
  std::size_t ran = 0;
  while (auto const more = io_.poll()) ran += more;
  return ran > 0;
}

// Asio lets the operating system say when a timer is due, which knows nothing of the runtime's time. One that is due
// before all others, and at once, makes it look at all of them; it costs three system calls.
bool EffectsLoop::run_due() {
  looked_at_ = runtime_.now();
  SteadyTimer first(io_.get_executor(), eventstore::SteadyTime{});
  bool looked = false;
  first.async_wait([&looked](boost::system::error_code) { looked = true; });
  std::size_t ran = 0;
  while (!looked) ran += io_.poll();
  return ran > 1;
}

void EffectsLoop::stop_sagas() {
  look_.cancel();
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
  auto const deadline = eventstore::machine().now() + std::chrono::milliseconds(timeout_ms);
  std::size_t idle = 0;  // so many of them, the first ones, were idle
  while (eventstore::machine().now() < deadline) {
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
    eventstore::pause_this_thread(kAskAgainAfter);
  }
  return false;
}

}  // namespace florin::sagas
