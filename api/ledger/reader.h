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

  template <class Faulty>
  using ValueOf = std::decay_t<decltype(std::declval<Faulty&>().value())>;

  // Runs work(), a Faulty<T>, on a worker. It may refer to the caller's locals.
  template <class Work>
  [[nodiscard]] Awaitable<Readable<ValueOf<std::invoke_result_t<Work&>>>> disk(Work work) const {
    auto done = co_await workers.run(inbox, std::move(work));
    if (!done) co_return fail(Unread{Unread::Why::busy, {}});
    if (!*done) co_return fail(Unread{Unread::Why::fault, std::move(*done).error()});
    co_return std::move(*done).value();
  }

  // Waits until the view shows `wanted` (Views::reach), then runs work(ViewReader&), a Faulty<T>, on a worker.
  template <class Work>
  [[nodiscard]] Awaitable<Readable<ValueOf<std::invoke_result_t<Work&, ViewReader&>>>> view(View view,
                                                                                            domain::Position wanted,
                                                                                            Work work) const {
    using Faulty = std::invoke_result_t<Work&, ViewReader&>;
    bool const reached = co_await ledger.views.reach(inbox, view, wanted);
    if (!reached) co_return fail(Unread{Unread::Why::behind, {}});
    auto done = co_await workers.run(inbox, [&]() -> Faulty {
      auto reader = ledger.views.read(view);
      if (!reader) return fail(reader.error());
      return work(reader.value());
    });
    if (!done) co_return fail(Unread{Unread::Why::busy, {}});
    if (!*done) co_return fail(Unread{Unread::Why::fault, std::move(*done).error()});
    co_return std::move(*done).value();
  }
};

}  // namespace florin::api
