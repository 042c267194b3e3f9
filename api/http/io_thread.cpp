#include "api/http/io_thread.h"

#include <boost/asio/post.hpp>

#include "api/http/reply.h"
#include "eventstore/runtime/runtime.h"

namespace florin::api {

IoThread::IoThread(std::uint64_t first_id, unsigned index, unsigned threads)
    : inbox_(Inbox::make(io_)), timer_(io_), next_id_(first_id + index), id_step_(threads) {}

IoThread::~IoThread() {
  inbox_->close();
  if (thread_.joinable()) thread_.join();
}

void IoThread::start() {
  tick();
  inbox_->sweep(now_);
  schedule();
  thread_ = std::thread([this] {
    io_.run();
    inbox_->close();
  });
}

void IoThread::drain() {
  asio::post(io_, [this] {
    draining_ = true;
    for (Swept* session = sessions_; session != nullptr; session = session->next_) session->on_drain();
    timer_.cancel();  // an idle thread ends now, not at its next sweep
  });
}

void IoThread::destroy_sessions() {
  asio::post(io_, [this] {
    destroying_ = true;
    sweep();
  });
}

void IoThread::join() {
  if (thread_.joinable()) thread_.join();
}

void IoThread::add(Swept& session) {
  session.next_ = sessions_;
  if (sessions_ != nullptr) sessions_->previous_ = &session;
  sessions_ = &session;
}

void IoThread::remove(Swept& session) {
  (session.previous_ != nullptr ? session.previous_->next_ : sessions_) = session.next_;
  if (session.next_ != nullptr) session.next_->previous_ = session.previous_;
}

void IoThread::tick() {
  using std::chrono::duration_cast;
  now_ = duration_cast<std::chrono::milliseconds>(eventstore::machine().now().time_since_epoch()).count();
  std::int64_t const second = eventstore::machine().clocks().wall.micros() / domain::kMicrosPerSecond;
  if (second != date_second_) date_ = http_date(second);
  date_second_ = second;
}

void IoThread::schedule() {
  timer_.expires_after(kSweep);
  timer_.async_wait([this](boost::system::error_code) {
    sweep();
    if (!draining_ || sessions_expected_.load(std::memory_order_relaxed) != 0) schedule();
  });
}

void IoThread::sweep() {
  tick();
  inbox_->sweep(now_);
  if (destroying_) inbox_->expire_all();
  // Closing a socket resumes its coroutine later, never from here: the list stands still.
  for (Swept* session = sessions_; session != nullptr; session = session->next_) {
    if (destroying_) {
      session->on_destroy();
    } else if (session->deadline_ != 0 && session->deadline_ <= now_) {
      session->on_late();
    }
  }
}

}  // namespace florin::api
