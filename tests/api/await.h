// Runs a coroutine of the api on the test's thread, with an io context and an inbox of its own, until it has ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include "api/http/asio.h"
#include "api/http/completion.h"

namespace florin::api {

template <class T>
Awaitable<void> keep_result(Awaitable<T> running, std::optional<T>& result) {
  auto came = co_await std::move(running);
  result.emplace(std::move(came));
}

// start(Inbox&) makes the coroutine. What it throws is thrown here.
template <class Start>
[[nodiscard]] auto await(Start const& start) {
  constexpr int kSweepMs = 50;
  asio::io_context io;
  auto const inbox = Inbox::make(io);
  std::optional<typename std::invoke_result_t<Start const&, Inbox&>::value_type> result;
  std::exception_ptr thrown;
  bool ended = false;
  auto const work = asio::make_work_guard(io);
  std::int64_t now = kSweepMs;
  inbox->sweep(now);  // deadlines count from a sweep
  asio::co_spawn(io.get_executor(), keep_result(start(*inbox), result), [&](std::exception_ptr error) {
    thrown = error;
    ended = true;
    io.stop();
  });
  for (; !ended; inbox->sweep(now += kSweepMs)) io.run_for(std::chrono::milliseconds(kSweepMs));
  inbox->close();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

}  // namespace florin::api
