#include "eventstore/engine/tail.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "domain/contract.h"

namespace florin::eventstore {
namespace {

using domain::Position;

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
// A cursor that reads the store looks this often whether memory has what comes next.
constexpr std::uint64_t kLookEvery = 256;

}  // namespace

// Commits that were published together. `next` is written once, before `linked` says so, and read only after it.
struct Tail::Node {
  struct Entry {
    CommitPtr commit;
    domain::Digest link;
  };
  Position before;  // where the first of them follows
  Position last;
  std::vector<Entry> entries;  // empty in the first node only
  std::shared_ptr<Node> next;
  std::atomic<bool> linked{false};

  // One after another: a chain of nodes that only this one still holds must not be destroyed recursively.
  ~Node() {
    auto rest = std::move(next);
    while (rest && rest.use_count() == 1) rest = std::exchange(rest->next, nullptr);
  }
};

struct Tail::Consumer {
  std::string name;
  std::function<void()> wake;
  IsUrgent is_urgent;  // null: every event is
  std::atomic<std::uint64_t> position;
  std::atomic<std::uint64_t> wake_at{kNever};  // call `wake` when the head is there, once

  [[nodiscard]] bool can_wait(std::uint64_t asked, std::uint64_t head, std::span<CommitPtr const> commits) const {
    if (is_urgent == nullptr || head - asked >= kGathered) return false;
    return std::ranges::none_of(commits,
                                [&](auto const& commit) { return std::ranges::any_of(commit->events, is_urgent); });
  }
};

Tail::Tail(Log& log, Head const& head, std::size_t recent_commits)
    : log_(log), recent_commits_(recent_commits), head_(head.position.value()) {
  auto first = std::make_shared<Node>();
  first->before = first->last = head.position;
  recent_.push_back(std::move(first));
}

Tail::~Tail() = default;

void Tail::publish(std::span<CommitPtr const> commits, std::span<StoredCommit const> rows) {
  FLORIN_ASSERT(!commits.empty() && commits.size() == rows.size());
  auto node = std::make_shared<Node>();
  node->before = head();
  node->last = commits.back()->last();
  node->entries.reserve(commits.size());
  for (std::size_t i = 0; i < commits.size(); ++i) node->entries.push_back({commits[i], rows[i].link});
  FLORIN_ASSERT(commits.front()->first == domain::next(node->before));
  held_commits_ += commits.size();
  std::vector<std::shared_ptr<Node>> dropped;  // freed after the lock
  {
    std::lock_guard const lock(mutex_);
    auto& before = *recent_.back();
    before.next = node;
    before.linked.store(true, std::memory_order_release);
    recent_.push_back(node);
    while (recent_.size() > 1 && held_commits_ - recent_.front()->entries.size() >= recent_commits_) {
      held_commits_ -= recent_.front()->entries.size();
      dropped.push_back(std::move(recent_.front()));
      recent_.pop_front();
    }
  }
  auto const reached = node->last.value();
  head_.store(reached);
  std::lock_guard const lock(consumers_mutex_);
  for (auto const& consumer : consumers_) {
    // Only what was asked for up to here is answered: the cursor may be asking for a later commit at this moment.
    for (auto at = consumer->wake_at.load(); at <= reached;) {
      if (consumer->can_wait(at, reached, commits)) break;
      if (!consumer->wake_at.compare_exchange_weak(at, kNever)) continue;
      consumer->wake();
      break;
    }
  }
}

std::unique_ptr<TailCursor> Tail::follow(std::string name, Position after, std::function<void()> wake,
                                         IsUrgent is_urgent) {
  auto consumer = std::make_shared<Consumer>();
  consumer->name = std::move(name);
  consumer->wake = std::move(wake);
  consumer->is_urgent = is_urgent;
  consumer->position = after.value();
  {
    std::lock_guard const lock(consumers_mutex_);
    consumers_.push_back(consumer);
  }
  return std::unique_ptr<TailCursor>(new TailCursor(*this, std::move(consumer)));
}

std::vector<TailConsumer> Tail::consumers() const {
  std::lock_guard const lock(consumers_mutex_);
  std::vector<TailConsumer> all;
  for (auto const& consumer : consumers_) {
    auto const position = consumer->position.load();  // before the head, which only grows
    all.push_back({consumer->name, Position(position), head().value() - std::min(position, head().value())});
  }
  return all;
}

std::shared_ptr<Tail::Node const> Tail::find(Position position) const {
  std::lock_guard const lock(mutex_);
  auto const found =
      std::partition_point(recent_.begin(), recent_.end(), [&](auto const& node) { return node->last < position; });
  if (found == recent_.end() || (*found)->before > position) return nullptr;
  return *found;
}

TailCursor::TailCursor(Tail& tail, std::shared_ptr<Tail::Consumer> consumer)
    : tail_(tail), consumer_(std::move(consumer)) {}

TailCursor::~TailCursor() {
  std::lock_guard const lock(tail_.consumers_mutex_);
  std::erase(tail_.consumers_, consumer_);
}

Position TailCursor::position() const { return Position(consumer_->position.load()); }

void TailCursor::move_to(Position after) {
  node_.reset();
  reader_.reset();
  until_look_ = 0;
  consumer_->position = after.value();
}

void TailCursor::wake_at(Position position) {
  consumer_->wake_at = position.value();
  // Published between the caller's look at the head and the line above.
  if (tail_.head() >= position && consumer_->wake_at.exchange(kNever) != kNever) consumer_->wake();
}

std::optional<TailCommit> TailCursor::next_in_memory() {
  auto node = node_.lock();
  while (node) {
    if (next_in_node_ < node->entries.size()) {
      auto const& [commit, link] = node->entries[next_in_node_++];
      consumer_->position = commit->last().value();
      return TailCommit{commit, {commit->last(), link}};
    }
    if (!node->linked.load(std::memory_order_acquire)) return std::nullopt;
    node = node->next;
    node_ = node;
    next_in_node_ = 0;
  }
  return std::nullopt;
}

ResultOr<std::optional<TailCommit>> TailCursor::next_in_store() {
  if (!reader_) {
    auto opened = FLORIN_TRY(CommitReader::after(tail_.log_, position()));
    if (!opened) {
      return fault(Fault::Kind::corrupt, "log: no commit ends at position " + std::to_string(position().value()));
    }
    reader_ = std::move(opened);
  }
  auto found = reader_->next();
  if (!found) {
    reader_.reset();  // what could not be read may have passed: the next call reads it again
    return fail(std::move(found).error());
  }
  auto& commit = found.value();
  if (!commit) return std::optional<TailCommit>();
  auto shared = std::make_shared<domain::Commit const>(*std::move(commit));
  consumer_->position = shared->last().value();
  return std::optional(TailCommit{std::move(shared), reader_->head()});
}

ResultOr<std::optional<TailCommit>> TailCursor::next() {
  for (;;) {
    if (!node_.expired()) {
      if (auto found = next_in_memory()) return std::optional(std::move(found));
    }
    auto const at = position();
    if (at >= tail_.head()) {
      // Caught up. Ask to be woken, then look once more: a commit may have come in between.
      consumer_->wake_at = at.value() + 1;
      until_look_ = 0;  // what comes next will be in memory
      if (tail_.head() <= at) return std::optional<TailCommit>();
      consumer_->wake_at = kNever;
    }
    if (node_.expired() && until_look_ == 0) {
      if (auto const node = tail_.find(at)) {
        node_ = node;
        reader_.reset();
        auto const begin = std::partition_point(node->entries.begin(), node->entries.end(),
                                                [&](auto const& entry) { return entry.commit->first <= at; });
        next_in_node_ = static_cast<std::size_t>(begin - node->entries.begin());
        continue;
      }
      until_look_ = kLookEvery;
    }
    if (!node_.expired()) continue;
    if (until_look_ > 0) --until_look_;
    auto found = next_in_store();
    if (!found || found.value()) return found;
    // The store ends here and the head is further on, so it must be in memory.
    until_look_ = 0;
    if (!tail_.find(at)) {
      reader_.reset();
      return fault(Fault::Kind::corrupt, "position " + std::to_string(domain::next(at).value()) +
                                             ": missing; the log ends before what was appended to it");
    }
  }
}

}  // namespace florin::eventstore
