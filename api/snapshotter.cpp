#include "api/snapshotter.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include "eventstore/recovery.h"
#include "projections/balances.h"
#include "projections/commit_feed.h"

namespace florin::api {
namespace {

using eventstore::Fault;

// Answering clients comes first: a snapshot that takes longer costs nothing but a longer replay after a crash.
constexpr int kNice = 19;
using eventstore::Faulty;

Faulty<Unit> snapshot_state(eventstore::Log& log, std::filesystem::path const& folder, domain::Position until) {
  eventstore::Recovered recovered;
  auto newest = eventstore::read_newest_snapshot(folder, log, until);
  if (newest) recovered = std::move(newest).value();
  if (auto replayed = eventstore::replay(log, recovered, until); !replayed) return replayed;
  return eventstore::write_snapshot(folder, recovered);
}

Faulty<Unit> snapshot_balances(eventstore::Log& log, std::filesystem::path const& folder, domain::Position until) {
  projections::Balances balances;
  auto newest = balances.read_newest_snapshot(folder, log, until);
  if (!newest && newest.error().kind != Fault::Kind::missing) return newest;
  if (auto folded = catch_up(log, balances, until); !folded) return folded;
  return balances.write_snapshot(folder, log);
}

}  // namespace

Faulty<Unit> catch_up(eventstore::Log& log, projections::Balances& balances, domain::Position until) {
  auto feed = projections::CommitFeed::open(log, balances.position());
  if (!feed) return fail(feed.error());
  while (balances.position() < until) {
    auto const fed = feed.value().next();
    if (!fed) return fail(fed.error());
    if (!fed.value()) break;
    balances.apply(fed.value()->commit);
  }
  return Unit{};
}

Snapshotter::Snapshotter(eventstore::Log& log, std::filesystem::path folder, domain::Position last,
                         std::uint64_t every_events)
    : log_(log), folder_(std::move(folder)), every_events_(every_events), last_(last) {}

Snapshotter::~Snapshotter() { stop(); }

void Snapshotter::start() {
  thread_ = std::thread([this] { run(); });
}

void Snapshotter::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Snapshotter::on_commits(std::span<eventstore::CommitPtr const> commits) {
  auto const head = commits.back()->last();
  {
    std::lock_guard const lock(mutex_);
    if (wanted_ || head.value() - last_.value() < every_events_) return;
    wanted_ = head;
  }
  wake_.notify_one();
}

void Snapshotter::run() {
  // On Linux the nice value is a thread's, and the threads that a replay starts inherit it.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || wanted_; });
    if (stopping_) return;
    auto const until = wanted_;
    lock.unlock();
    auto done = snapshot_state(log_, folder_, until);
    if (done) done = snapshot_balances(log_, folder_, until);
    if (done) {
      spdlog::info("snapshot at position {}", until.value());
    } else {
      // Nothing is lost: the next start replays more. The next one is tried after as many events again.
      spdlog::error("snapshot at position {} failed: {}", until.value(), done.error().what);
    }
    lock.lock();
    last_ = until;
    wanted_ = {};
  }
}

}  // namespace florin::api
