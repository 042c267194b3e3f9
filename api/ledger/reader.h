// Reading what lies on the disk, for a coroutine on an io thread, which holds no thread meanwhile.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "api/http/worker.h"
#include "api/ledger/ledger.h"

namespace florin::api {

// Why a read gave nothing, although nothing is wrong with the question.
struct Unread {
  enum class Why : std::uint8_t {
    busy,    // too much waits for a worker
    behind,  // the view does not show the wanted position in time
    fault,   // the view or the log cannot be read
  };
  Why why = Why::busy;
  eventstore::Fault fault{};
};
template <class T>
using Readable = Result<T, Unread>;

// A value. Its parts outlive it.
struct Reader {
  Ledger const& ledger;
  WorkerPool& workers;
  Inbox& inbox;

  template <class ResultOr>
  using ValueOf = std::decay_t<decltype(std::declval<ResultOr&>().value())>;

  template <class Work>
  using OfDisk = Readable<ValueOf<std::invoke_result_t<Work&>>>;
  template <class Work>
  using OfView = Readable<ValueOf<std::invoke_result_t<Work&, ViewReader&>>>;

  // Runs work(), a ResultOr<T>, on a worker. It may refer to the caller's locals.
  template <class Work>
  [[nodiscard]] Awaitable<OfDisk<Work>> disk(Work work) const {
    return run_disk(*this, std::move(work));
  }
  // Waits until the view shows `wanted` (Views::reach), then runs work(ViewReader&), a ResultOr<T>, on a worker.
  template <class Work>
  [[nodiscard]] Awaitable<OfView<Work>> view(View view, domain::Position wanted, Work work) const {
    return run_view(*this, view, wanted, std::move(work));
  }

 private:
  // The coroutines hold a reader of their own: whoever asks by call.reader() has only a temporary one.
  template <class Work>
  static Awaitable<OfDisk<Work>> run_disk(Reader reader, Work work) {
    auto done = co_await reader.workers.run(reader.inbox, std::move(work));
    if (!done) co_return fail(Unread{Unread::Why::busy, {}});
    if (!*done) co_return fail(Unread{Unread::Why::fault, std::move(*done).error()});
    co_return std::move(*done).value();
  }

  template <class Work>
  static Awaitable<OfView<Work>> run_view(Reader reader, View view, domain::Position wanted, Work work) {
    auto const& views = reader.ledger.views;
    bool const reached = co_await views.reach(reader.inbox, view, wanted);
    if (!reached) co_return fail(Unread{Unread::Why::behind, {}});
    auto done = co_await reader.workers.run(reader.inbox, [&]() -> std::invoke_result_t<Work&, ViewReader&> {
      auto open = FLORIN_TRY(views.read(view));
      return work(open);
    });
    if (!done) co_return fail(Unread{Unread::Why::busy, {}});
    if (!*done) co_return fail(Unread{Unread::Why::fault, std::move(*done).error()});
    co_return std::move(*done).value();
  }
};

}  // namespace florin::api
