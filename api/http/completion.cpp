#include "api/http/completion.h"

#include <limits>

#include <boost/asio/post.hpp>

#include "domain/contract.h"

namespace florin::api {

std::shared_ptr<Inbox> Inbox::make(asio::io_context& io) {
  auto inbox = std::make_shared<Inbox>(io);
  inbox->self_ = inbox;
  return inbox;
}

Inbox::~Inbox() {
  while (ready_ != nullptr) std::exchange(ready_, ready_->next_ready_)->release();
}

void Inbox::push(CompletionNode* node) {
  std::unique_lock lock(mutex_);
  if (io_ == nullptr) {
    lock.unlock();
    node->release();
    return;
  }
  node->next_ready_ = ready_;
  ready_ = node;
  if (posted_) return;
  posted_ = true;
  // Under the mutex: close() must not let the io_context die in between.
  asio::post(*io_, [self = self_.lock()] { self->drain(); });
}

void Inbox::drain() {
  CompletionNode* newest_first = nullptr;
  {
    std::lock_guard lock(mutex_);
    newest_first = std::exchange(ready_, nullptr);
    posted_ = false;
  }
  CompletionNode* node = nullptr;  // oldest first: replies leave in the order of their commits
  while (newest_first != nullptr) {
    CompletionNode* const next = std::exchange(newest_first->next_ready_, node);
    node = std::exchange(newest_first, next);
  }
  while (node != nullptr) {
    CompletionNode* const next = node->next_ready_;
    if (node->resume_) {
      unlink(*node);
      resume(*node);
    }
    node->release();
    node = next;
  }
}

void Inbox::suspend(CompletionNode& node, CompletionNode::Resume&& resume, std::int64_t deadline_ms) {
  FLORIN_ASSERT(!node.resume_);
  node.resume_.emplace(std::move(resume));
  // One sweep more than asked: now_ may be a whole sweep old.
  node.deadline_ = deadline_ms == 0 ? 0 : now_ + deadline_ms + 250;
  node.next_ = waiting_;
  if (waiting_ != nullptr) waiting_->previous_ = &node;
  waiting_ = &node;
}

void Inbox::unlink(CompletionNode& node) {
  (node.previous_ != nullptr ? node.previous_->next_ : waiting_) = node.next_;
  if (node.next_ != nullptr) node.next_->previous_ = node.previous_;
  node.previous_ = node.next_ = nullptr;
}

void Inbox::resume(CompletionNode& node) {
  auto handler = std::move(*node.resume_);
  node.resume_.reset();
  std::move(handler)();
}

void Inbox::sweep(std::int64_t now) {
  now_ = now;
  expire(now);
}

void Inbox::expire_all() { expire(std::numeric_limits<std::int64_t>::max()); }

void Inbox::expire(std::int64_t until) {
  // Collected first: a resumed coroutine may suspend anew.
  CompletionNode* late = nullptr;
  for (CompletionNode* node = waiting_; node != nullptr;) {
    CompletionNode* const next = node->next_;
    if (node->deadline_ != 0 && node->deadline_ <= until) {
      unlink(*node);
      node->next_ = late;
      late = node;
    }
    node = next;
  }
  while (late != nullptr) {
    CompletionNode* const node = std::exchange(late, late->next_);
    node->next_ = nullptr;
    resume(*node);
  }
}

void Inbox::close() {
  std::lock_guard lock(mutex_);
  io_ = nullptr;
}

}  // namespace florin::api
