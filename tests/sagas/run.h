// Runs a coroutine to its end on an io_context of the test's.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "sagas/gateways/asio.h"

namespace florin::test_support {

template <class T>
sagas::Awaitable<void> store(sagas::Awaitable<T> work, std::optional<T>& result) {
  result.emplace(co_await std::move(work));
}

template <class T>
T run(boost::asio::io_context& io, sagas::Awaitable<T> work) {
  std::optional<T> result;
  boost::asio::co_spawn(io, store(std::move(work), result), [](std::exception_ptr failed) {
    if (failed) std::rethrow_exception(failed);
  });
  io.restart();
  io.run_for(std::chrono::seconds(60));
  return std::move(result).value();
}

}  // namespace florin::test_support
