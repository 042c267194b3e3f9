#include "projections/runner.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "domain/contract.h"
#include "eventstore/runtime/thread.h"
#include "eventstore/runtime/wake.h"
#include "projections/view_folder.h"
#include "projections/view_slot.h"

namespace florin::projections {
namespace {

using eventstore::Fault;
using eventstore::Faulty;

// A transaction writes each page of heads once, however many of its players moved: the larger, the cheaper a commit.
// About 100 bytes of memory a commit and view.
constexpr std::uint64_t kTransactionCommits = 1u << 16;
// How long commits are gathered when nobody waits for them: a quarter of a second's commits share most of the pages
// that they write. A reader that waits ends the gathering at once.
constexpr auto kGather = std::chrono::milliseconds(250);
constexpr std::uint64_t kLookAroundCommits = 256;  // between looks at the clock and for waiters

}  // namespace

struct ViewReader::Impl {
  std::shared_ptr<Generation> generation;
  std::unique_ptr<Database> connection;
  domain::Position position;
};

ViewReader::ViewReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ViewReader::ViewReader(ViewReader&&) noexcept = default;

ViewReader::~ViewReader() {
  if (!impl_) return;
  impl_->connection->reset_statements();
  if (impl_->connection->damaged()) impl_->generation->distrust();
  if (impl_->connection->execute("COMMIT")) impl_->generation->give_back(std::move(impl_->connection));
}

Database& ViewReader::database() { return *impl_->connection; }
domain::Position ViewReader::position() const { return impl_->position; }

Failure<Fault> ViewReader::distrust(std::string what) {
  impl_->connection->mark_damaged();
  return eventstore::fault(Fault::Kind::corrupt, "view: " + std::move(what));
}

struct Runner::Impl {
  eventstore::Log& log;
  eventstore::Tail& tail;
  eventstore::Runtime& runtime;
  std::filesystem::path folder;
  std::deque<ViewSlot> slots;  // never changes after construction

  std::atomic<bool> stopping{false};
  eventstore::Wake wake;

  std::atomic<int> waiters{0};
  std::mutex waiting_mutex;  // for the condition only: what it is about is atomic
  std::condition_variable advanced;

  struct Waiting {
    ViewSlot const* slot;
    domain::Position position;
    eventstore::SteadyTime until;
    std::unique_ptr<ViewWaiter> waiter;
    [[nodiscard]] bool reached() const { return slot->position() >= position; }
  };
  std::vector<Waiting> waiting;  // under waiting_mutex; each counts in `waiters`

  struct BuildOrder {
    ViewSlot* slot;
    std::shared_ptr<BuildProgress> progress;
  };
  struct BuildResult {
    ViewSlot* slot;
    std::optional<Fault> fault;
  };
  std::mutex builds_mutex;
  std::condition_variable build_ordered;
  std::deque<BuildOrder> build_orders;
  std::vector<BuildResult> build_results;
  std::atomic<bool> builds_finished{false};  // build_results is not empty

  // The projector's.
  std::unique_ptr<eventstore::TailCursor> const cursor;
  domain::Position start_head;
  bool other_versions_gone = false;

  std::thread projector;
  std::thread builder;

  Impl(eventstore::Log& the_log, eventstore::Tail& the_tail, std::filesystem::path views,
       std::vector<Projection const*> const& projections, std::chrono::milliseconds retry_after,
       eventstore::Runtime& with)
      : log(the_log),
        tail(the_tail),
        runtime(with),
        folder(std::move(views)),
        cursor(tail.follow("views", tail.head(), [this] { wake.signal(); })) {
    for (auto const* projection : projections) slots.emplace_back(*projection, folder, retry_after, runtime);
  }

  ViewSlot* find(std::string_view name) {
    for (auto& slot : slots) {
      if (slot.projection().name() == name) return &slot;
    }
    return nullptr;
  }

  Faulty<Unit> start();
  void stop();
  void project();
  void take_built();
  [[nodiscard]] int until_retry_ms();
  void retry_stopped();
  bool run_transaction();
  void sleep();
  void remove_old_files();
  [[nodiscard]] std::optional<domain::Position> lowest();
  void fail(ViewSlot& slot, ViewFile const* file, Fault const& fault);
  void fail_all(Fault const& fault);
  void announce();
  bool when_reached(ViewSlot const& slot, domain::Position position, int timeout_ms,
                    std::unique_ptr<ViewWaiter> waiter);
  // Those who need not wait any longer. Under waiting_mutex.
  [[nodiscard]] std::vector<Waiting> take_told();
  bool order_build(ViewSlot& slot);
  void build();
};

Faulty<Unit> Runner::Impl::start() {
  if (auto made = runtime.files().make_folder(folder); !made) return made;
  if (auto const opened = wake.open(); !opened) return opened;
  auto const log_head = log.head();
  if (!log_head) return florin::fail(log_head.error());
  start_head = log_head.value().position;
  for (auto& slot : slots) {
    if (!slot.open(log, log_head.value())) order_build(slot);
  }
  projector = std::thread([this] { project(); });
  builder = std::thread([this] { build(); });
  return Unit{};
}

void Runner::Impl::stop() {
  {
    std::scoped_lock const lock(builds_mutex, waiting_mutex);
    if (stopping.exchange(true)) return;
  }
  if (!projector.joinable()) return;
  build_ordered.notify_all();
  advanced.notify_all();
  wake.signal();
  builder.join();
  projector.join();
  announce();
  for (auto& slot : slots) slot.close();
}

void Runner::Impl::project() {
  eventstore::name_this_thread("projector");
  eventstore::lower_this_thread(eventstore::kBackgroundNice);
  while (!stopping) {
    take_built();
    retry_stopped();
    bool const caught_up = run_transaction();
    for (auto& slot : slots) slot.swap_when_caught_up();
    remove_old_files();
    announce();
    if (caught_up) sleep();
  }
}

void Runner::Impl::take_built() {
  std::vector<BuildResult> results;
  {
    std::lock_guard const lock(builds_mutex);
    results.swap(build_results);
    builds_finished = false;
  }
  for (auto const& result : results) {
    if (result.fault) {
      result.slot->fail_build(*result.fault);
    } else {
      result.slot->adopt(tail.head());
    }
  }
}

// Until a stopped view is to be tried again; below zero: none is.
int Runner::Impl::until_retry_ms() {
  int least = -1;
  for (auto const& slot : slots) {
    auto const at = slot.retry_at();
    if (!at) continue;
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(*at - runtime.now()).count();
    auto const wait = static_cast<int>(std::max<std::int64_t>(left, 0));
    if (least < 0 || wait < least) least = wait;
  }
  return least;
}

void Runner::Impl::retry_stopped() {
  auto const now = runtime.now();
  for (auto& slot : slots) {
    if (slot.retry_at() && *slot.retry_at() <= now && slot.retry(log)) order_build(slot);
  }
}

// The position of the view that is furthest behind; nullopt when none takes commits.
std::optional<domain::Position> Runner::Impl::lowest() {
  std::optional<domain::Position> lowest;
  for (auto& slot : slots) {
    for (auto const* file : {slot.live(), slot.built()}) {
      if (file != nullptr && (!lowest || file->reached() < *lowest)) lowest = file->reached();
    }
  }
  return lowest;
}

// Decodes each commit once and hands it to every file that is at its place. True when the log had no more.
bool Runner::Impl::run_transaction() {
  auto const from = lowest();
  if (!from) return true;
  if (cursor->position() != *from) cursor->move_to(*from);
  auto const started = runtime.now();
  bool caught_up = false;
  for (std::uint64_t commits = 0; commits < kTransactionCommits; ++commits) {
    if (commits % kLookAroundCommits == kLookAroundCommits - 1) {
      if (stopping || (waiters > 0 && runtime.now() - started > kGather)) break;
    }
    auto const found = cursor->next();
    if (!found) return fail_all(found.error()), true;
    if (!found.value()) {
      caught_up = true;
      break;
    }
    auto const& [commit, head] = *found.value();
    for (auto& slot : slots) {
      for (auto* file : {slot.live(), slot.built()}) {
        if (file == nullptr || domain::next(file->reached()) != commit->first) continue;
        auto const applied = file->apply(*commit, head);
        if (!applied) fail(slot, file, applied.error());
      }
    }
  }
  for (auto& slot : slots) {
    for (auto* file : {slot.live(), slot.built()}) {
      if (file == nullptr) continue;
      auto const done = file->commit();
      if (!done) fail(slot, file, done.error());
    }
    if (slot.live() != nullptr) slot.committed();
  }
  return caught_up;
}

// Until there is something to do; then a little longer, so that one transaction takes many commits.
void Runner::Impl::sleep() {
  auto const behind = [this] {
    auto const position = lowest();
    return position && tail.head() > *position;
  };
  while (!stopping && !builds_finished) {
    auto const retry_ms = until_retry_ms();
    if (behind() || retry_ms == 0) break;
    wake.wait(retry_ms);
  }
  auto const until = runtime.now() + kGather;
  while (!stopping && !builds_finished && waiters == 0) {
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(until - runtime.now());
    if (left.count() <= 0) break;
    wake.wait(static_cast<int>(left.count()));
  }
}

void Runner::Impl::remove_old_files() {
  if (other_versions_gone) return;
  for (auto& slot : slots) {
    if (slot.live() == nullptr || slot.position() < start_head) return;
  }
  for (auto& slot : slots) remove_other_versions(runtime.files(), folder, slot.projection());
  other_versions_gone = true;
}

void Runner::Impl::fail(ViewSlot& slot, ViewFile const* file, Fault const& fault) {
  if (file == slot.built()) return slot.fail_build(fault);
  if (slot.fail_live(fault)) order_build(slot);
}

// The log could not be read: no view can go on.
void Runner::Impl::fail_all(Fault const& fault) {
  cursor->move_to(cursor->position());  // reads the log anew
  for (auto& slot : slots) {
    if (slot.built() != nullptr) slot.fail_build(fault);
    if (slot.live() != nullptr) slot.stop_live(fault);
  }
}

void Runner::Impl::announce() {
  if (waiters == 0) return;
  std::vector<Waiting> told;
  {
    std::lock_guard const lock(waiting_mutex);  // a waiter between its look and its sleep is not missed
    told = take_told();
  }
  advanced.notify_all();
  for (auto& one : told) one.waiter->tell(one.reached());
}

std::vector<Runner::Impl::Waiting> Runner::Impl::take_told() {
  std::vector<Waiting> told;
  auto const now = runtime.now();
  for (std::size_t i = 0; i < waiting.size();) {
    auto& one = waiting[i];
    if (!stopping && !one.reached() && !one.slot->failed() && now < one.until) {
      ++i;
      continue;
    }
    told.push_back(std::move(one));
    if (i + 1 < waiting.size()) one = std::move(waiting.back());
    waiting.pop_back();
  }
  waiters -= static_cast<int>(told.size());
  return told;
}

bool Runner::Impl::when_reached(ViewSlot const& slot, domain::Position position, int timeout_ms,
                                std::unique_ptr<ViewWaiter> waiter) {
  if (slot.position() >= position) return waiter->tell(true), true;
  auto const until = runtime.now() + std::chrono::milliseconds(timeout_ms);
  std::vector<Waiting> told;
  ++waiters;  // before the look at the position that decides: the projector looks the other way round
  bool taken = true;
  {
    std::lock_guard const lock(waiting_mutex);
    if (waiting.size() >= kWaitersMax) told = take_told();
    taken = waiting.size() < kWaitersMax;
    if (taken) {
      waiting.push_back({&slot, position, until, std::move(waiter)});
      if (waiting.back().reached() || slot.failed() || stopping) {
        told.push_back(std::move(waiting.back()));
        waiting.pop_back();
        --waiters;
      }
    } else {
      --waiters;
    }
  }
  for (auto& one : told) one.waiter->tell(one.reached());
  if (taken) wake.signal();
  return taken;
}

bool Runner::Impl::order_build(ViewSlot& slot) {
  auto progress = slot.begin_build();
  if (!progress) return false;
  progress->target = tail.head().value();
  {
    std::lock_guard const lock(builds_mutex);
    build_orders.push_back({&slot, std::move(progress)});
  }
  build_ordered.notify_one();
  return true;
}

void Runner::Impl::build() {
  eventstore::name_this_thread("builder");
  eventstore::lower_this_thread(eventstore::kBackgroundNice);
  std::unique_lock lock(builds_mutex);
  while (true) {
    build_ordered.wait(lock, [this] { return stopping || !build_orders.empty(); });
    if (stopping) return;
    auto const order = std::move(build_orders.front());
    build_orders.pop_front();
    lock.unlock();
    auto const built =
        build_view(log, order.slot->projection(), order.slot->build_file(), *order.progress, stopping, runtime);
    lock.lock();
    if (stopping) return remove_view_file(runtime.files(), order.slot->build_file());
    build_results.push_back({order.slot, built ? std::nullopt : std::optional(built.error())});
    builds_finished = true;
    wake.signal();
  }
}

Runner::Runner(eventstore::Log& log, eventstore::Tail& tail, std::filesystem::path views,
               std::vector<Projection const*> const& projections, std::chrono::milliseconds retry_after,
               eventstore::Runtime& runtime)
    : impl_(std::make_unique<Impl>(log, tail, std::move(views), projections, retry_after, runtime)) {}

Runner::~Runner() { stop(); }

Faulty<Unit> Runner::start() { return impl_->start(); }
void Runner::stop() { impl_->stop(); }

Faulty<ViewReader> Runner::read(std::string_view name) {
  auto* slot = impl_->find(name);
  if (slot == nullptr) return eventstore::fault(Fault::Kind::missing, "view: unknown name");
  if (slot->drop_distrusted()) impl_->order_build(*slot);
  auto generation = slot->readable();
  if (!generation) return fail(generation.error());
  auto impl = std::make_unique<ViewReader::Impl>();
  impl->generation = std::move(generation).value();
  auto connection = impl->generation->take();
  if (!connection) return fail(connection.error());
  impl->connection = std::move(connection).value();
  if (auto const begun = impl->connection->execute("BEGIN"); !begun) return fail(begun.error());
  auto select = impl->connection->statement("SELECT position FROM checkpoint");
  if (!select) return fail(select.error());
  auto const row = select.value().first();
  if (!row) return fail(row.error());
  if (!row.value()) return eventstore::fault(Fault::Kind::corrupt, "view " + std::string(name) + ": no checkpoint");
  impl->position = select.value().position(0);
  select.value().reset();
  return ViewReader(std::move(impl));
}

bool Runner::wait_for(std::string_view name, domain::Position position, int timeout_ms) {
  auto const* slot = impl_->find(name);
  if (slot == nullptr) return false;
  if (slot->position() >= position) return true;
  auto const until = impl_->runtime.now() + std::chrono::milliseconds(timeout_ms);
  ++impl_->waiters;
  impl_->wake.signal();
  {
    std::unique_lock lock(impl_->waiting_mutex);
    impl_->advanced.wait_until(lock, until,
                               [&] { return slot->position() >= position || slot->failed() || impl_->stopping; });
  }
  --impl_->waiters;
  return slot->position() >= position;
}

bool Runner::when_reached(std::string_view name, domain::Position position, int timeout_ms,
                          std::unique_ptr<ViewWaiter> waiter) {
  auto const* slot = impl_->find(name);
  if (slot == nullptr) return waiter->tell(false), true;
  return impl_->when_reached(*slot, position, timeout_ms, std::move(waiter));
}

domain::Position Runner::position(std::string_view name) const {
  auto const* slot = impl_->find(name);
  return slot != nullptr ? slot->position() : domain::Position{};
}

std::vector<ProjectionStatus> Runner::status() const {
  std::vector<ProjectionStatus> all;
  for (auto const& slot : impl_->slots) all.push_back(slot.status(impl_->tail.head()));
  return all;
}

Faulty<Unit> Runner::rebuild(std::string_view name) {
  auto* slot = impl_->find(name);
  if (slot == nullptr || impl_->stopping) return eventstore::fault(Fault::Kind::missing, "view: unknown name");
  if (!impl_->order_build(*slot)) {
    return eventstore::fault(Fault::Kind::conflict, "view " + std::string(name) + ": a rebuild is under way");
  }
  return Unit{};
}

}  // namespace florin::projections
