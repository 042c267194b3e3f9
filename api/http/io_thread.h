// What one io thread owns: its io_context, its sessions, its inbox, its JSON parsers, a coarse clock.
//
// Everything but post-like calls (say so below) runs on the thread itself, so nothing here is locked. A sweep every
// 250 ms is the only timer: it closes sessions that are late, expires completions and advances the clock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/basic_waitable_timer.hpp>

#include "api/http/asio.h"
#include "api/http/completion.h"
#include "api/http/json.h"

namespace florin::api {

// A link in the thread's list of sessions, with the session's deadline.
class Swept {
 public:
  Swept() = default;
  Swept(Swept const&) = delete;
  Swept& operator=(Swept const&) = delete;
  virtual ~Swept() = default;

 protected:
  friend class IoThread;
  virtual void on_late() = 0;     // the deadline has passed
  virtual void on_drain() = 0;    // the server is stopping: leave when idle
  virtual void on_destroy() = 0;  // drain_seconds are over: close now

  std::int64_t deadline_ = 0;  // ms, IoThread::now(); 0: none
 private:
  Swept* previous_ = nullptr;
  Swept* next_ = nullptr;
};

class IoThread {
 public:
  static constexpr std::chrono::milliseconds kSweep{250};

  // Request ids of thread `index` of `threads`: first_id + index, then in steps of `threads`.
  IoThread(std::uint64_t first_id, unsigned index, unsigned threads);
  ~IoThread();

  void start();
  // Any thread. Asks sessions to leave once idle; the thread ends when the last one has gone.
  void drain();
  // Any thread, after drain(): does not wait for requests at hand any longer.
  void destroy_sessions();
  void join();

  // Any thread: counts a session that is about to be spawned here. The thread does not end before it was removed.
  void expect_session() { sessions_expected_.fetch_add(1, std::memory_order_relaxed); }
  void session_ended() { sessions_expected_.fetch_sub(1, std::memory_order_relaxed); }

  void add(Swept& session);
  void remove(Swept& session);

  [[nodiscard]] asio::io_context& context() { return io_; }
  [[nodiscard]] Inbox& inbox() { return *inbox_; }
  [[nodiscard]] JsonParsers& parsers() { return parsers_; }
  // ms of a steady clock as of the last sweep; at most a sweep old.
  [[nodiscard]] std::int64_t now() const { return now_; }
  // `seconds` from now, never early.
  [[nodiscard]] std::int64_t deadline_in(int seconds) const {
    return now_ + std::int64_t{seconds} * 1000 + kSweep.count();
  }
  [[nodiscard]] std::string const& date() const { return date_; }
  [[nodiscard]] bool draining() const { return draining_; }
  [[nodiscard]] std::uint64_t next_request_id() { return next_id_ += id_step_; }

 private:
  using Timer =
      asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
  void sweep();
  void schedule();
  void tick();

  asio::io_context io_{1};
  std::shared_ptr<Inbox> inbox_;
  JsonParsers parsers_;
  Timer timer_;
  Swept* sessions_ = nullptr;
  std::atomic<std::size_t> sessions_expected_{0};
  std::int64_t now_ = 0;
  std::int64_t date_second_ = 0;
  std::string date_;
  std::uint64_t next_id_;
  std::uint64_t id_step_;
  bool draining_ = false;
  bool destroying_ = false;
  std::thread thread_;
};

}  // namespace florin::api
