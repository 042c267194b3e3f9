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
#include "projections/projector.h"

namespace florin::projections {
namespace {

using eventstore::Fault;
using eventstore::ResultOr;

// How long commits are gathered when nobody waits for them: a quarter of a second's commits share most of the pages
// that they write. A reader that waits ends the gathering at once.
constexpr auto kGather = std::chrono::milliseconds(250);
}  // namespace

struct Runner::Impl {
  eventstore::Log& log;
  eventstore::Tail& tail;
  eventstore::Runtime& runtime;

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

  Projector projector;  // the projector thread's; wakes and orders builds by what is above
  std::thread projector_thread;
  std::thread builder_thread;

  Impl(eventstore::Log& the_log, eventstore::Tail& the_tail, std::filesystem::path views,
       std::vector<Projection const*> const& projections, std::chrono::milliseconds retry_after,
       eventstore::Runtime& with)
      : log(the_log),
        tail(the_tail),
        runtime(with),
        projector(
            the_log, the_tail, std::move(views), projections, retry_after, with, [this] { wake.signal(); },
            [this](ViewSlot& slot) { order_build(slot); }) {}

  ResultOr<Unit> start();
  void stop();
  void project();
  void take_built();
  void sleep();
  void announce();
  bool when_reached(ViewSlot const& slot, domain::Position position, int timeout_ms,
                    std::unique_ptr<ViewWaiter> waiter);
  // Those who need not wait any longer. Under waiting_mutex.
  [[nodiscard]] std::vector<Waiting> take_told();
  bool order_build(ViewSlot& slot);
  void build();
};

ResultOr<Unit> Runner::Impl::start() {
  FLORIN_TRY(wake.open());
  FLORIN_TRY(projector.open());
  projector_thread = std::thread([this] { project(); });
  builder_thread = std::thread([this] { build(); });
  return Unit{};
}

void Runner::Impl::stop() {
  {
    std::scoped_lock const lock(builds_mutex, waiting_mutex);
    if (stopping.exchange(true)) return;
  }
  if (!projector_thread.joinable()) return;
  build_ordered.notify_all();
  advanced.notify_all();
  wake.signal();
  builder_thread.join();
  projector_thread.join();
  announce();
  projector.close();
}

void Runner::Impl::project() {
  eventstore::name_this_thread("projector");
  eventstore::lower_this_thread(eventstore::kBackgroundNice);
  while (!stopping) {
    take_built();
    bool const caught_up = projector.step([this](eventstore::SteadyTime started) {
      return stopping || (waiters > 0 && runtime.now() - started > kGather);
    });
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
  for (auto const& result : results) projector.finish(*result.slot, result.fault);
}

// Until there is something to do; then a little longer, so that one transaction takes many commits.
void Runner::Impl::sleep() {
  while (!stopping && !builds_finished) {
    auto const retry_ms = projector.until_retry_ms();
    if (projector.is_behind() || retry_ms == 0) break;
    wake.wait(retry_ms);
  }
  auto const until = runtime.now() + kGather;
  while (!stopping && !builds_finished && waiters == 0) {
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(until - runtime.now());
    if (left.count() <= 0) break;
    wake.wait(static_cast<int>(left.count()));
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

ResultOr<Unit> Runner::start() { return impl_->start(); }
void Runner::stop() { impl_->stop(); }

ResultOr<ViewReader> Runner::read(std::string_view name) {
  auto* slot = impl_->projector.find(name);
  if (slot == nullptr) return eventstore::fault(Fault::Kind::missing, "view: unknown name");
  if (slot->drop_distrusted()) impl_->order_build(*slot);
  auto generation = FLORIN_TRY(slot->readable());
  return ViewReader::open(std::move(generation));
}

bool Runner::wait_for(std::string_view name, domain::Position position, int timeout_ms) {
  auto const* slot = impl_->projector.find(name);
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
  auto const* slot = impl_->projector.find(name);
  if (slot == nullptr) return waiter->tell(false), true;
  return impl_->when_reached(*slot, position, timeout_ms, std::move(waiter));
}

domain::Position Runner::position(std::string_view name) const {
  auto const* slot = impl_->projector.find(name);
  return slot != nullptr ? slot->position() : domain::Position{};
}

std::vector<ProjectionStatus> Runner::status() const {
  std::vector<ProjectionStatus> all;
  for (auto const& slot : impl_->projector.slots()) all.push_back(slot.status(impl_->tail.head()));
  return all;
}

ResultOr<Unit> Runner::rebuild(std::string_view name) {
  auto* slot = impl_->projector.find(name);
  if (slot == nullptr || impl_->stopping) return eventstore::fault(Fault::Kind::missing, "view: unknown name");
  if (!impl_->order_build(*slot)) {
    return eventstore::fault(Fault::Kind::conflict, "view " + std::string(name) + ": a rebuild is under way");
  }
  return Unit{};
}

}  // namespace florin::projections
