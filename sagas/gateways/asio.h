// The Asio types of the effects context: the same as api/'s, with the concrete executor and no type erasure.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "eventstore/runtime/timer_clock.h"

namespace florin::sagas {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> use_awaitable{};
using SteadyTimer =
    asio::basic_waitable_timer<eventstore::TimerClock, asio::wait_traits<eventstore::TimerClock>, Executor>;

}  // namespace florin::sagas
