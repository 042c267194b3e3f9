#include "eventstore/engine/writer.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "domain/contract.h"
#include "eventstore/runtime/thread.h"

namespace florin::eventstore {
namespace {

using domain::Position;

// While the appender is busy the writer is woken for this many submissions at once, not for each: server threads may
// share its core, and a wake-up costs as much as a decision. An idle appender wakes it for one.
constexpr std::size_t kWakeAtOnce = 16;

// A sync costs the processor as much as several purchases. Where a crowd was just answered more is on its way, so a
// batch smaller than this waits for company, a quarter of what a crowd waits for its turn anyway. A lone client never
// waits.
constexpr std::size_t kCrowd = 8;
constexpr std::size_t kWorthASync = 32;
constexpr auto kCompany = std::chrono::microseconds(400);

void complete_all(std::vector<Batch::Answer>& answers, Unavailable why) {
  for (auto& answer : answers) answer.reply->complete(why);
  answers.clear();
}

}  // namespace

struct Writer::Impl {
  Impl(Recovered recovered, EngineParts const& parts, WriterOptions with)
      : options(with), runtime(parts.runtime), engine(std::move(recovered), parts), signed_at(runtime.now()) {}

  // --- any thread ---

  void submit(Submission submission) {
    std::unique_lock lock(mutex);
    if (closed || stopped_by) return refuse(lock, submission, Unavailable::stopped);
    if (queue.size() + taken_left >= options.queue_limit) return refuse(lock, submission, Unavailable::busy);
    queue.push_back(std::move(submission));
    auto const wake = queue.size() >= (appender_asleep ? 1 : kWakeAtOnce) && std::exchange(writer_asleep, false);
    lock.unlock();
    if (wake) writer_wakes.notify_one();
  }

  static void refuse(std::unique_lock<std::mutex>& lock, Submission& submission, Unavailable why) {
    lock.unlock();
    submission.reply->complete(why);
  }

  // --- with the mutex held ---

  void wake_writer() {
    if (std::exchange(writer_asleep, false)) writer_wakes.notify_one();
  }
  void wake_appender() {
    bool const waits = std::exchange(appender_asleep, false) || std::exchange(waiting_for_company, false);
    if (waits) appender_wakes.notify_one();
  }
  void stop_for_good(Fault why) {
    if (!stopped_by) stopped_by = std::move(why);
    sound = false;
    wake_writer();
    wake_appender();
  }
  [[nodiscard]] bool undecided() const { return !queue.empty() || taken_left != 0; }

  // --- the writer ---

  void run_writer() {
    name_this_thread("florin-writer");
    std::vector<Submission> taken;
    std::size_t at = 0;
    Batch chunk;
    std::unique_lock lock(mutex);
    for (;;) {
      auto const room = options.batch_limit - std::min(options.batch_limit, ready.answers.size());
      if (stopped_by || (closed && !undecided())) break;
      if (room == 0 || !undecided()) {
        writer_asleep = true;
        writer_wakes.wait(lock, [this] { return !writer_asleep; });
        continue;
      }
      if (at == taken.size()) {
        taken.clear();
        at = 0;
        taken.swap(queue);
      }
      auto const end = std::min(taken.size(), at + room);
      taken_left = taken.size() - end;
      lock.unlock();
      auto const decided = engine.decide(std::span(taken).subspan(at, end - at), chunk);
      at = end;
      lock.lock();
      if (!decided) stop_for_good(decided.error());
      if (stopped_by) break;
      ready.take(chunk);
      if (!waiting_for_company || ready.answers.size() >= kWorthASync) wake_appender();
    }
    auto left = std::move(queue);
    writer_done = true;
    wake_appender();
    lock.unlock();
    complete_all(chunk.answers, Unavailable::outcome_unknown);
    for (auto* rest : {&taken, &left}) {
      for (auto& submission : *rest) {
        if (submission.reply) submission.reply->complete(Unavailable::stopped);
      }
    }
  }

  // --- the appender ---

  void run_appender() {
    name_this_thread("florin-appender");
    Batch current;
    std::size_t last_answers = 0;
    std::unique_lock lock(mutex);
    for (;;) {
      if (stopped_by) break;
      if (ready.empty()) {
        if (writer_done) break;
        if (undecided()) wake_writer();  // too few to have woken it before
        appender_asleep = true;
        wait_for_work(lock);
        appender_asleep = false;
      } else {
        if (last_answers >= kCrowd && ready.answers.size() < kWorthASync && !closed) {
          waiting_for_company = true;
          appender_wakes.wait_for(lock, kCompany, [this] { return !waiting_for_company; });
          waiting_for_company = false;
          if (stopped_by) break;
        }
        last_answers = ready.answers.size();
        std::swap(ready, current);
        if (undecided()) wake_writer();  // there is room again
        lock.unlock();
        auto const appended = engine.append(current);
        if (appended) {
          engine.publish(current);
          engine.answer(current);
        }
        lock.lock();
        if (!appended) {
          stop_for_good(appended.error());
          break;
        }
      }
      if (checkpoint_due()) {
        lock.unlock();
        current.clear();
        auto const written = write_checkpoint();
        lock.lock();
        checkpoint_trouble = written ? std::nullopt : std::optional(written.error());
      } else if (!current.empty()) {
        lock.unlock();
        current.clear();  // frees what was decided: not while submitters wait for the mutex
        lock.lock();
      }
    }
    auto undone = std::move(ready);
    ready.clear();
    lock.unlock();
    complete_all(current.answers, Unavailable::outcome_unknown);
    complete_all(undone.answers, Unavailable::outcome_unknown);
  }

  void wait_for_work(std::unique_lock<std::mutex>& lock) {
    auto const awake = [this] { return !appender_asleep; };
    if (!engine.has_unsigned()) {
      appender_wakes.wait(lock, awake);
    } else {
      appender_wakes.wait_until(lock, signed_at + std::chrono::microseconds(options.checkpoint_every), awake);
    }
  }

  [[nodiscard]] bool checkpoint_due() const {
    return engine.has_unsigned() && runtime.now() - signed_at >= std::chrono::microseconds(options.checkpoint_every);
  }

  // Also after the threads have ended, by stop().
  ResultOr<Unit> write_checkpoint() {
    signed_at = runtime.now();
    return engine.write_checkpoint();
  }

  WriterOptions const options;
  Runtime& runtime;
  Engine engine;
  SteadyTime signed_at;  // when a checkpoint was last tried; the appender's

  mutable std::mutex mutex;
  std::condition_variable writer_wakes;
  std::condition_variable appender_wakes;
  // All guarded.
  std::vector<Submission> queue;
  std::size_t taken_left = 0;  // taken from the queue by the writer and not begun
  Batch ready;                 // decided, for the appender
  bool writer_asleep = false;
  bool appender_asleep = false;
  bool waiting_for_company = false;  // the appender, for more than is ready
  bool closed = false;               // nothing more is accepted
  bool writer_done = false;          // nothing more will be ready
  std::optional<Fault> stopped_by;
  std::optional<Fault> checkpoint_trouble;

  std::atomic<bool> sound = true;
  std::thread writer;
  std::thread appender;
  bool ended = false;
};

Writer::Writer(Recovered recovered, EngineParts const& parts, WriterOptions options)
    : impl_(std::make_unique<Impl>(std::move(recovered), parts, options)) {
  FLORIN_ASSERT(options.batch_limit > 0 && options.queue_limit > 0);
}

Writer::~Writer() {
  if (!impl_->ended) static_cast<void>(stop());
}

void Writer::start() {
  FLORIN_ASSERT(!impl_->writer.joinable() && !impl_->ended);
  impl_->appender = std::thread([this] { impl_->run_appender(); });
  impl_->writer = std::thread([this] { impl_->run_writer(); });
}

void Writer::submit(Submission submission) {
  FLORIN_ASSERT(submission.reply != nullptr);
  impl_->submit(std::move(submission));
}

ResultOr<Recovered> Writer::stop() {
  auto& impl = *impl_;
  FLORIN_ASSERT(!std::exchange(impl.ended, true));
  {
    std::lock_guard const lock(impl.mutex);
    impl.closed = true;
    impl.wake_writer();
  }
  if (impl.writer.joinable()) {
    impl.writer.join();
    impl.appender.join();
  }
  for (auto& submission : impl.queue) submission.reply->complete(Unavailable::stopped);  // it never started
  impl.queue.clear();
  if (impl.stopped_by) return fail(*impl.stopped_by);
  if (impl.engine.has_unsigned()) {
    FLORIN_TRY(impl.write_checkpoint());
  }
  return impl.engine.take_state();
}

bool Writer::healthy() const { return impl_->sound; }

Position Writer::durable() const { return impl_->engine.durable(); }

std::optional<Fault> Writer::fault() const {
  std::lock_guard const lock(impl_->mutex);
  return impl_->stopped_by;
}

std::optional<Fault> Writer::checkpoint_fault() const {
  std::lock_guard const lock(impl_->mutex);
  return impl_->checkpoint_trouble;
}

}  // namespace florin::eventstore
