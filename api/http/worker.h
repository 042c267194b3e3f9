// A small pool of threads for what blocks: reads of views and of the log, pulls of a BodyStream. Owned by main,
// outlives the Server and its handlers.
//
//   auto page = co_await workers.run(*request.inbox, [&] { return history.page(player, cursor); });
//   if (!page) co_return error_response(request, 503, "BUSY", …, {}, 1);
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "api/http/completion.h"
#include "domain/result.h"

namespace florin::api {

class WorkerPool {
 public:
  // Past `queue_limit` waiting jobs (0.1 to 1 s of them at a few hundred µs to ms each) waiting longer helps nobody.
  // Without threads whoever asks runs the work at once: for simulations.
  explicit WorkerPool(unsigned threads, std::size_t queue_limit = 512);
  // Runs what is queued, then joins.
  ~WorkerPool();
  WorkerPool(WorkerPool const&) = delete;
  WorkerPool& operator=(WorkerPool const&) = delete;

  [[nodiscard]] std::size_t size() const { return threads_.size(); }

  template <class F>
  using Returned = std::conditional_t<std::is_void_v<std::invoke_result_t<F&>>, Unit, std::invoke_result_t<F&>>;

  // Io thread of `inbox`. Suspends the calling coroutine until `work` has run on a worker; always waits for it, so
  // `work` may refer to the coroutine's locals. nullopt: the queue is full, `work` was not run. Exceptions of `work`
  // come back to the caller. `urgent` work is queued beyond the limit: for streams already under way.
  template <class F>
  [[nodiscard]] Awaitable<std::optional<Returned<F>>> run(Inbox& inbox, F work, bool urgent = false) {
    using Outcome = Result<Returned<F>, std::exception_ptr>;
    Completion<Outcome> done(inbox);
    if (!submit(std::make_unique<Task<F>>(std::move(work), done.completer()), urgent)) co_return std::nullopt;
    std::optional<Outcome> outcome = co_await done.wait(0);
    if (!outcome) co_return std::nullopt;
    if (!outcome->ok()) std::rethrow_exception(outcome->error());
    co_return std::move(*outcome).value();
  }

 private:
  struct Job {
    virtual ~Job() = default;
    virtual void run() = 0;
  };

  template <class F>
  struct Task final : Job {
    using Outcome = Result<Returned<F>, std::exception_ptr>;
    Task(F f, Completer<Outcome> c) : work(std::move(f)), completer(std::move(c)) {}
    void run() override { completer.complete(outcome()); }
    Outcome outcome() {
      try {
        if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
          work();
          return Unit{};
        } else {
          return work();
        }
      } catch (...) {
        return fail(std::current_exception());
      }
    }
    F work;
    Completer<Outcome> completer;
  };

  bool submit(std::unique_ptr<Job> job, bool urgent);
  void loop();

  std::size_t const queue_limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Job>> jobs_;  // under mutex_
  bool stopping_ = false;                  // under mutex_
  std::vector<std::thread> threads_;
};

}  // namespace florin::api
