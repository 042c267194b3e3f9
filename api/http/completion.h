// Completion<T>: a handler coroutine waits on its io thread for a result that another thread will complete.
//
//   Completion<Outcome> outcome(*request.inbox);                       // in the handler, on the io thread
//   writer.submit({…, std::make_unique<WriterReply>(outcome.completer())});   // WriterReply::complete calls it
//   std::optional<Outcome> result = co_await outcome.wait(10);             // nullopt: not known by the deadline
//
// Cost: one small shared block, no timer. Many completions that reach one io thread before it wakes cost one wake-up:
// they collect in the thread's Inbox, drained by a single posted function. Deadlines are checked by the io thread's
// sweep, so they are as fine as the sweep (250 ms).
//
// Threads: everything of Completion and Inbox on the io thread, except Completer, which is used once, anywhere, and
// Inbox::push.
// A result that comes after its waiter has gone (deadline, destruction, server stopped) is dropped.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "api/http/asio.h"

namespace florin::api {

// The shared part of one completion, without its value. Owned by one reference of the waiter and one of the completer.
class CompletionNode {
 public:
  CompletionNode() = default;
  virtual ~CompletionNode() = default;
  CompletionNode(CompletionNode const&) = delete;
  CompletionNode& operator=(CompletionNode const&) = delete;

 private:
  friend class Inbox;
  template <class>
  friend class Completion;
  template <class>
  friend class Completer;
  using Resume = asio::async_result<asio::use_awaitable_t<Executor>, void()>::handler_type;

  void release() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  std::atomic<int> references_{2};
  std::atomic<bool> done_{false};         // set by the completer after the value
  CompletionNode* next_ready_ = nullptr;  // in the inbox's ready list, under its mutex
  // The rest belongs to the io thread.
  std::optional<Resume> resume_;  // set while the coroutine is suspended
  std::int64_t deadline_ = 0;     // ms, Inbox::now(); 0: none
  CompletionNode* previous_ = nullptr;
  CompletionNode* next_ = nullptr;
};

// One per io thread, shared with the completers, which may outlive the server.
class Inbox {
 public:
  explicit Inbox(asio::io_context& io) : io_(&io) {}
  ~Inbox();
  Inbox(Inbox const&) = delete;
  Inbox& operator=(Inbox const&) = delete;

  [[nodiscard]] static std::shared_ptr<Inbox> make(asio::io_context& io);

  // Any thread: takes over the completer's reference.
  void push(CompletionNode* node);

  // Io thread. Resumes the waiters whose deadline is at or before `now` (ms of a steady clock) with nothing.
  // Deadlines count from the last sweep: sweep once before the first wait.
  void sweep(std::int64_t now);
  // Io thread. As if every deadline had passed: the server is being closed.
  void expire_all();
  // After the io thread has ended: later pushes are dropped.
  void close();

 private:
  template <class>
  friend class Completion;
  template <class>
  friend class Completer;
  void drain();
  void suspend(CompletionNode& node, CompletionNode::Resume&& resume, std::int64_t deadline_ms);
  void unlink(CompletionNode& node);
  void expire(std::int64_t until);
  static void resume(CompletionNode& node);  // unlinked before

  std::weak_ptr<Inbox> self_;
  std::mutex mutex_;
  asio::io_context* io_;             // under mutex_; nullptr once closed
  CompletionNode* ready_ = nullptr;  // under mutex_; newest first
  bool posted_ = false;              // under mutex_: drain() is on its way

  std::int64_t now_ = 0;               // io thread: as of the last sweep
  CompletionNode* waiting_ = nullptr;  // io thread: suspended waiters
};

template <class T>
class ValueNode final : public CompletionNode {
 public:
  std::optional<T> value;  // written by the completer before done_, read by the io thread after it
};

// The other thread's end. Move-only. Destroyed unused, it completes with nothing: the waiter gets nullopt at once.
template <class T>
class Completer {
 public:
  Completer() = default;
  Completer(Completer&& other) noexcept : node_(std::exchange(other.node_, nullptr)), inbox_(std::move(other.inbox_)) {}
  Completer& operator=(Completer&& other) noexcept {
    std::swap(node_, other.node_);
    std::swap(inbox_, other.inbox_);
    return *this;
  }
  ~Completer() {
    if (node_ != nullptr) finish();
  }

  // Any thread, at most once; does not block.
  void complete(T value) {
    if (node_ == nullptr) return;
    node_->value.emplace(std::move(value));
    finish();
  }

 private:
  template <class>
  friend class Completion;
  Completer(ValueNode<T>* node, std::shared_ptr<Inbox> inbox) : node_(node), inbox_(std::move(inbox)) {}
  void finish() {
    node_->done_.store(true, std::memory_order_release);
    inbox_->push(std::exchange(node_, nullptr));
    inbox_.reset();
  }

  ValueNode<T>* node_ = nullptr;
  std::shared_ptr<Inbox> inbox_;
};

// The waiting end, a local of the handler coroutine.
template <class T>
class Completion {
 public:
  explicit Completion(Inbox& inbox) : inbox_(inbox), node_(new ValueNode<T>) {}
  Completion(Completion const&) = delete;
  Completion& operator=(Completion const&) = delete;
  ~Completion() {
    if (!taken_) node_->release();  // nobody was ever going to complete it
    node_->release();
  }

  // Exactly once.
  [[nodiscard]] Completer<T> completer() {
    taken_ = true;
    return Completer<T>(node_, inbox_.self_.lock());
  }

  // After completer(), at most once. nullopt: the deadline passed, the completer was dropped or the server is closing.
  // deadline_seconds 0 waits until completed, come what may (for work that refers to the coroutine's own frame).
  [[nodiscard]] Awaitable<std::optional<T>> wait(int deadline_seconds) {
    return wait_ms(std::int64_t{deadline_seconds} * 1000);
  }
  // The same with a deadline in milliseconds; up to two sweeps later than said.
  [[nodiscard]] Awaitable<std::optional<T>> wait_ms(std::int64_t deadline_ms) {
    if (!node_->done_.load(std::memory_order_acquire)) {
      co_await asio::async_initiate<asio::use_awaitable_t<Executor> const, void()>(
          [this, deadline_ms](CompletionNode::Resume&& resume) {
            inbox_.suspend(*node_, std::move(resume), deadline_ms);
          },
          use_awaitable);
      if (!node_->done_.load(std::memory_order_acquire)) co_return std::nullopt;
    }
    co_return std::move(node_->value);
  }

 private:
  Inbox& inbox_;
  ValueNode<T>* node_;
  bool taken_ = false;
};

}  // namespace florin::api
