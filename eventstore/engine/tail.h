// The end of the log, for everything downstream (DESIGN, The way data flows): projector, sagas, snapshots, whoever
// follows. A consumer has a name and a place of its own. It gets recent commits from memory, already decoded, and older
// ones from the store, checked and decoded; it never sees one that is not durable, nor one that the durable state
// lacks. Its lag is the head less its position. Places are not stored here: after a restart each consumer says where it
// goes on (a view at its file's checkpoint, snapshots at the last one, sagas at the recovered head).
//
// The appender publishes and is never held up: consumers that are behind are not waited for, and one that sleeps is
// woken by a call that does not block. Recent commits lie in a list whose nodes link to the next one once and for all,
// so that a consumer of low priority that is preempted holds no lock that the appender wants.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eventstore/engine/commit.h"
#include "eventstore/store/commit_reader.h"
#include "eventstore/store/log.h"

namespace florin::eventstore {

class TailCursor;

// Where a consumer stands.
struct TailConsumer {
  std::string name;
  domain::Position position;
  std::uint64_t lag = 0;  // events
};

class Tail {
 public:
  // Commits kept in memory: 50 ms of the most that a machine like ours has appended, about 1.5 MB, so that they are
  // freed while they are in a cache: with 16,384 a purchase cost the appender half a microsecond more. Whoever acts at
  // once (sagas) is never further behind; whoever gathers for longer (views) reads the store.
  static constexpr std::size_t kRecentCommits = 2'048;

  // `head`: where the log stands. The log outlives the tail, the tail its cursors.
  Tail(Log& log, Head const& head, std::size_t recent_commits = kRecentCommits);
  ~Tail();

  // The appender. `rows` are the stored forms of `commits`, which follow the head.
  void publish(std::span<CommitPtr const> commits, std::span<StoredCommit const> rows);

  // Any thread: the last published event.
  [[nodiscard]] domain::Position head() const { return domain::Position(head_.load()); }

  // Whether a consumer must learn of an event at once.
  using IsUrgent = bool (*)(domain::Event const&);
  // Events that are not urgent wake their consumer when so many have gathered.
  static constexpr std::uint64_t kGathered = 1'000;

  // A cursor that continues after `after`, the last position of some commit (or zero). `wake` is called on the appender
  // when a commit arrives after next() found none, once: it must not block and not call the tail. With `is_urgent` the
  // commits without an urgent event wait until kGathered events are there, because a call costs the appender as much as
  // half a purchase; who does not want to be that far behind asks next() from time to time.
  [[nodiscard]] std::unique_ptr<TailCursor> follow(std::string name, domain::Position after, std::function<void()> wake,
                                                   IsUrgent is_urgent = nullptr);

  // Any thread.
  [[nodiscard]] std::vector<TailConsumer> consumers() const;

 private:
  friend class TailCursor;
  struct Node;
  struct Consumer;

  // The node that holds the commit after `position`, or that ends there; null when it is not in memory.
  [[nodiscard]] std::shared_ptr<Node const> find(domain::Position position) const;

  Log& log_;
  std::size_t const recent_commits_;
  std::atomic<std::uint64_t> head_;
  mutable std::mutex mutex_;  // held for moments, by cursors only when they change from the store to memory
  std::deque<std::shared_ptr<Node>> recent_;  // under mutex_; never empty
  std::size_t held_commits_ = 0;              // the appender's
  mutable std::mutex consumers_mutex_;
  std::vector<std::shared_ptr<Consumer>> consumers_;  // under consumers_mutex_
};

// One commit of the tail, and the log's head when it was the last one.
struct TailCommit {
  CommitPtr commit;
  Head head;
};

// One thread.
class TailCursor {
 public:
  ~TailCursor();
  TailCursor(TailCursor const&) = delete;
  TailCursor& operator=(TailCursor const&) = delete;

  // The next commit; nullopt when there is none, and then `wake` is called as follow() says. Kind::corrupt when a
  // commit in the store is not what was written, Kind::unknown for an event of a newer version: the cursor passes
  // neither. After any fault the next call reads the same commit again.
  [[nodiscard]] ResultOr<std::optional<TailCommit>> next();
  // Instead of next(), for who needs no commits: calls `wake` when the head has reached `position`.
  void wake_at(domain::Position position);
  // The last position that next() returned, or moved to.
  [[nodiscard]] domain::Position position() const;
  // Goes on after `after` instead, as follow().
  void move_to(domain::Position after);

 private:
  friend class Tail;
  TailCursor(Tail& tail, std::shared_ptr<Tail::Consumer> consumer);
  std::optional<TailCommit> next_in_memory();
  ResultOr<std::optional<TailCommit>> next_in_store();

  Tail& tail_;
  std::shared_ptr<Tail::Consumer> const consumer_;
  std::weak_ptr<Tail::Node const> node_;  // empty: reads the store
  std::size_t next_in_node_ = 0;
  std::optional<CommitReader> reader_;
  std::uint64_t until_look_ = 0;  // commits to read from the store before memory is looked at again
};

}  // namespace florin::eventstore
