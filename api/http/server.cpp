#include "api/http/server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <random>
#include <system_error>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/core/demangle.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <spdlog/spdlog.h>

#include "api/http/connection_counts.h"
#include "api/http/io_thread.h"
#include "api/http/session.h"
#include "eventstore/runtime/runtime.h"

namespace florin::api {
namespace {

// Connections over the limit that are told so and closed politely; beyond these they are just closed.
constexpr std::size_t kTurnedAwayAtOnce = 256;

// What the kernel holds for a connection. A reader that stops costs kUnsentBytes and as much again, whatever it asked
// for; up to kSendBuffer may be on its way to one that reads from far away (1 MiB at 100 ms are 10 MiB/s).
constexpr int kUnsentBytes = 64 << 10;
constexpr int kSendBuffer = 512 << 10;  // the kernel doubles it, for its own bookkeeping

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

std::uint64_t random_start() { return eventstore::draw_number<std::uint64_t>(eventstore::machine()); }

}  // namespace

struct Server::Impl {
  Impl(ServerOptions given, Router const& routes, WorkerPool& pool)
      : options(std::move(given)),
        router(routes),
        workers(pool),
        limits{options.body_limit, options.idle_seconds, options.request_seconds, options.reply_seconds,
               options.trusted_proxies} {}

  void bind();
  Awaitable<void> accept();
  void admit(IoThread& io, Socket socket);

  ServerOptions const options;
  Router const& router;
  WorkerPool& workers;
  SessionLimits const limits;
  SessionBudgets budgets{options.body_limit, options.strangers_replies};
  ConnectionCounts by_address{options.max_connections_per_address};
  std::atomic<std::size_t> open{0};
  std::atomic<std::size_t> turning_away{0};
  std::vector<std::unique_ptr<IoThread>> threads;
  std::optional<Acceptor> acceptor;  // used on the first thread only, once started
  std::promise<void> accept_ended;
  std::uint16_t port = 0;
  bool running = false;
};

void Server::Impl::bind() {
  asio::ip::tcp::endpoint const endpoint(asio::ip::make_address(options.host), options.port);
  acceptor.emplace(threads.front()->context());
  acceptor->open(endpoint.protocol());
  acceptor->set_option(asio::socket_base::reuse_address(true));
  // Connections inherit these. After its reply a client that takes nothing is given up by the kernel itself.
  acceptor->set_option(asio::socket_base::send_buffer_size(kSendBuffer));
  acceptor->set_option(asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>(kUnsentBytes));
  acceptor->set_option(
      asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>(options.reply_seconds * 1000));
  acceptor->bind(endpoint);
  acceptor->listen(asio::socket_base::max_listen_connections);
  port = acceptor->local_endpoint().port();
}

Awaitable<void> Server::Impl::accept() {
  using Timer =
      asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
  Timer pause(threads.front()->context());
  for (std::size_t turn = 0; acceptor->is_open(); ++turn) {
    IoThread& io = *threads[turn % threads.size()];
    auto [error, socket] = co_await acceptor->async_accept(io.context(), asio::as_tuple(use_awaitable));
    if (!acceptor->is_open()) break;
    if (!error) {
      admit(io, std::move(socket));
    } else if (error != asio::error::connection_aborted) {
      // Out of descriptors or memory: trying again at once would only burn the core that could free some.
      spdlog::error("accept failed: {}", error.message());
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::as_tuple(use_awaitable));
    }
  }
  accept_ended.set_value();
}

namespace {

Awaitable<void> run_session(IoThread& io, Socket socket, Router const& router, WorkerPool& workers,
                            SessionLimits const& limits, SessionBudgets& budgets, std::atomic<std::size_t>& count,
                            ConnectionCounts::Ticket ticket, bool admitted) {
  try {
    Session session(io, std::move(socket), router, workers, limits, budgets);
    if (admitted) {
      co_await session.serve();
    } else {
      co_await session.turn_away();
    }
  } catch (std::exception const& exception) {  // out of memory, most likely: this connection ends, the others go on
    spdlog::error("a session ended with {}", boost::core::demangle(typeid(exception).name()));
  }
  {
    auto const ended = std::move(ticket);
  }
  count.fetch_sub(1, std::memory_order_relaxed);
  io.session_ended();
}

}  // namespace

void Server::Impl::admit(IoThread& io, Socket socket) {
  boost::system::error_code error;
  auto const peer = socket.remote_endpoint(error);
  if (error) return;  // it has gone already
  bool admitted = open.load(std::memory_order_relaxed) < options.max_connections;
  ConnectionCounts::Ticket ticket;
  if (admitted && !options.trusted_proxies.contains(peer.address())) {
    ticket = by_address.take(subscriber_of(peer.address()));
    admitted = static_cast<bool>(ticket);
  }
  std::atomic<std::size_t>& count = admitted ? open : turning_away;
  if (!admitted && turning_away.load(std::memory_order_relaxed) >= kTurnedAwayAtOnce) return;
  count.fetch_add(1, std::memory_order_relaxed);
  io.expect_session();
  asio::co_spawn(
      io.context(),
      run_session(io, std::move(socket), router, workers, limits, budgets, count, std::move(ticket), admitted),
      asio::detached);
}

Server::Server(ServerOptions options, Router const& router, WorkerPool& workers)
    : impl_(std::make_unique<Impl>(std::move(options), router, workers)) {}

Server::~Server() { stop(0); }

void Server::start() {
  Impl& my = *impl_;
  unsigned const count = my.options.io_threads != 0 ? my.options.io_threads : usable_cores();
  std::uint64_t const first_id = random_start();
  for (unsigned i = 0; i < count; ++i) my.threads.push_back(std::make_unique<IoThread>(first_id, i, count));
  try {
    my.bind();
  } catch (boost::system::system_error const& error) {
    my.acceptor.reset();
    my.threads.clear();
    throw std::system_error(error.code().value(), std::system_category(),
                            "cannot listen on " + my.options.host + ":" + std::to_string(my.options.port));
  }
  my.running = true;
  asio::co_spawn(my.threads.front()->context(), my.accept(), asio::detached);
  for (auto& thread : my.threads) thread->start();
}

std::uint16_t Server::port() const { return impl_->port; }

std::size_t Server::connections() const { return impl_->open.load(std::memory_order_relaxed); }

void Server::stop(int drain_seconds) {
  Impl& my = *impl_;
  if (!std::exchange(my.running, false)) return;
  asio::post(my.threads.front()->context(), [&my] { my.acceptor->close(); });
  my.accept_ended.get_future().wait();
  for (auto& thread : my.threads) thread->drain();
  // The threads end by themselves; past the deadline they are pushed.
  std::promise<void> joined;
  std::thread watchdog([&my, drain_seconds, done = joined.get_future()] {
    if (done.wait_for(std::chrono::seconds(drain_seconds)) == std::future_status::ready) return;
    for (auto& thread : my.threads) thread->destroy_sessions();
  });
  for (auto& thread : my.threads) thread->join();
  joined.set_value();
  watchdog.join();
  my.acceptor.reset();
  my.threads.clear();
}

}  // namespace florin::api
