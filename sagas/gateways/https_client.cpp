#include "sagas/gateways/https_client.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <openssl/ssl.h>

#include "eventstore/runtime/runtime.h"

namespace florin::sagas {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using tcp = asio::ip::tcp;
using boost::system::error_code;

using Timer = SteadyTimer;
using TcpStream = beast::basic_stream<tcp, Executor>;
using TlsStream = beast::ssl_stream<TcpStream>;
using Resolver = asio::ip::basic_resolver<tcp, Executor>;
using Message = http::request<http::string_body>;
using Parser = http::response_parser<http::string_body>;

constexpr auto kAwait = asio::as_tuple(use_awaitable);
constexpr std::uint32_t kHeaderMax = 16u << 10;
// Providers close what is idle after a minute or more.
constexpr std::chrono::seconds kIdleMax{30};
constexpr std::string_view kUserAgent = "florin";
// A request that waited until less than this part of its time was left is not begun: it would likely be done and not
// heard of.
constexpr int kTooLate = 10;

bool is_loopback(std::string const& host) {
  if (host == "localhost") return true;
  error_code failed;
  auto const address = asio::ip::make_address(host, failed);
  return !failed && address.is_loopback();
}

bool is_address(std::string const& host) {
  error_code failed;
  (void)asio::ip::make_address(host, failed);
  return !failed;
}

// One connection, plain or TLS. Which of the two is used is the base URL's choice, once.
struct Connection {
  explicit Connection(asio::io_context& io) : plain(std::make_unique<TcpStream>(io.get_executor())) {}
  Connection(asio::io_context& io, ssl::context& context)
      : secure(std::make_unique<TlsStream>(TcpStream(io.get_executor()), context)) {}

  TcpStream& lowest() { return secure ? beast::get_lowest_layer(*secure) : *plain; }

  // True if the idle socket has no pending bytes. Any byte (usually a TLS close_notify) means: do not reuse.
  bool quiet() {
    auto& socket = lowest().socket();
    error_code failed;
    socket.non_blocking(true, failed);
    char byte = 0;
    if (!failed) socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, failed);
    return failed == asio::error::would_block;
  }

  std::unique_ptr<TcpStream> plain;
  std::unique_ptr<TlsStream> secure;
  beast::flat_buffer buffer;
  eventstore::SteadyTime idle_since;
};

HttpsFault fault_of(error_code error, HttpsFault otherwise) {
  if (error == beast::error::timeout || error == asio::error::timed_out) return HttpsFault::timeout;
  if (error == http::error::body_limit || error == http::error::header_limit || error == http::error::buffer_overflow) {
    return HttpsFault::reply_too_large;
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message) return HttpsFault::broken;
  if (error.category() == http::make_error_code(http::error::bad_version).category())
    return HttpsFault::reply_malformed;
  return otherwise;
}

// What an exchange on one connection came to.
struct Exchange {
  std::optional<HttpsFault> fault;
  bool nothing_came = false;  // with a fault: not one byte of reply
  bool reusable = false;
  HttpsReply reply;
};

template <class Stream>
Awaitable<Exchange> exchange(Stream& stream, beast::flat_buffer& buffer, Message const& request,
                             std::size_t reply_bytes_max) {
  Exchange out;
  auto const [write_error, written] = co_await http::async_write(stream, request, kAwait);
  if (write_error) {
    out.fault = fault_of(write_error, HttpsFault::broken);
    out.nothing_came = true;
    co_return out;
  }
  Parser parser;
  parser.header_limit(kHeaderMax);
  parser.body_limit(reply_bytes_max);
  auto const [read_error, read] = co_await http::async_read(stream, buffer, parser, kAwait);
  if (read_error) {
    out.fault = fault_of(read_error, HttpsFault::broken);
    out.nothing_came = !parser.got_some();
    co_return out;
  }
  // Bytes behind the reply belong to nothing we asked for.
  out.reusable = parser.get().keep_alive() && !parser.get().need_eof() && buffer.size() == 0;
  out.reply.status = parser.get().result_int();
  out.reply.replayed = parser.get()["Idempotent-Replayed"] == "true";
  out.reply.body = std::move(parser.get().body());
  co_return out;
}

}  // namespace

std::string_view https_fault_name(HttpsFault fault) {
  switch (fault) {
    case HttpsFault::timeout: return "timeout";
    case HttpsFault::busy: return "busy";
    case HttpsFault::unresolved: return "unresolved";
    case HttpsFault::unreachable: return "unreachable";
    case HttpsFault::tls: return "tls";
    case HttpsFault::broken: return "broken";
    case HttpsFault::reply_too_large: return "reply_too_large";
    case HttpsFault::reply_malformed: return "reply_malformed";
  }
  return "unknown";
}

std::optional<BaseUrl> parse_base_url(std::string_view url) {
  auto parsed = parse_url(url);
  if (!parsed || (!parsed->tls && !is_loopback(parsed->host))) return std::nullopt;
  while (parsed->path.ends_with('/')) parsed->path.pop_back();
  return parsed;
}

struct HttpsClient::Pool {
  Pool(asio::io_context& context, HttpsOptions settings, BaseUrl url)
      : io(context), options(std::move(settings)), base(std::move(url)), tls(ssl::context::tls_client) {}

  struct Waiter {
    Timer timer;
    bool granted = false;
  };

  // One of the connections_max, for as long as it lives.
  class Place {
   public:
    explicit Place(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}
    Place(Place&& other) noexcept = default;
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (pool_) pool_->leave();
    }

   private:
    std::shared_ptr<Pool> pool_;
  };

  // A place in the queue; leaves it, or gives back the connection it was just granted, when the wait is destroyed.
  class Queued {
   public:
    Queued(Pool& pool, Waiter& waiter) : pool_(pool), waiter_(waiter) { pool.waiting.push_back(&waiter); }
    Queued(Queued const&) = delete;
    Queued& operator=(Queued const&) = delete;
    ~Queued() {
      if (taken_) return;
      if (waiter_.granted) {
        pool_.leave();
      } else {
        std::erase(pool_.waiting, &waiter_);
      }
    }
    void take() { taken_ = true; }

   private:
    Pool& pool_;
    Waiter& waiter_;
    bool taken_ = false;
  };

  // Static, so that the frame owns the pool and not only refers to it.
  static Awaitable<std::optional<Place>> enter(std::shared_ptr<Pool> pool, eventstore::SteadyTime deadline) {
    if (pool->used < pool->options.connections_max) {
      ++pool->used;
      co_return Place(std::move(pool));
    }
    Waiter waiter{Timer(pool->io.get_executor(), deadline)};
    Queued queued(*pool, waiter);
    co_await waiter.timer.async_wait(kAwait);
    if (!waiter.granted) co_return std::nullopt;
    queued.take();
    co_return Place(pool);
  }

  void leave() {
    if (waiting.empty()) {
      --used;
      return;
    }
    Waiter* const next = waiting.front();
    waiting.pop_front();
    next->granted = true;
    next->timer.cancel();
  }

  std::unique_ptr<Connection> take_idle() {
    while (!idle.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle.back());
      idle.pop_back();
      if (eventstore::machine().now() - connection->idle_since < kIdleMax && connection->quiet()) return connection;
    }
    return nullptr;
  }

  void keep(std::unique_ptr<Connection> connection) {
    connection->lowest().expires_never();
    connection->idle_since = eventstore::machine().now();
    idle.push_back(std::move(connection));
  }

  asio::io_context& io;
  HttpsOptions const options;
  BaseUrl const base;
  ssl::context tls;
  std::size_t used = 0;  // places taken
  std::deque<Waiter*> waiting;
  std::vector<std::unique_ptr<Connection>> idle;  // the one used last at the end; never more than free places
};

namespace {

// A look-up blocks in the C library, for longer than any deadline of ours, and cannot be cancelled there; so it is
// waited for and, when it is too late, left to end by itself.
struct Lookup {
  explicit Lookup(asio::io_context& io, eventstore::SteadyTime deadline)
      : resolver(io.get_executor()), timer(io.get_executor(), deadline) {}
  Resolver resolver;
  Timer timer;
  bool done = false;
  error_code failed;
  std::vector<tcp::endpoint> endpoints;
};

Awaitable<Result<std::vector<tcp::endpoint>, HttpsFault>> look_up(asio::io_context& io, BaseUrl const& base,
                                                                  eventstore::SteadyTime deadline) {
  error_code failed;
  auto const address = asio::ip::make_address(base.host, failed);
  if (!failed) {
    std::vector<tcp::endpoint> one;
    one.emplace_back(address, static_cast<std::uint16_t>(std::stoi(base.port)));
    co_return one;
  }
  auto const lookup = std::make_shared<Lookup>(io, deadline);
  lookup->resolver.async_resolve(base.host, base.port,
                                 [lookup](error_code error, Resolver::results_type const& results) {
                                   lookup->failed = error;
                                   for (auto const& entry : results) lookup->endpoints.push_back(entry.endpoint());
                                   lookup->done = true;
                                   lookup->timer.cancel();
                                 });
  // It ends no earlier than the next turn of this thread, so the wait below is always there to be cancelled.
  co_await lookup->timer.async_wait(kAwait);
  if (!lookup->done) {
    lookup->resolver.cancel();
    co_return fail(HttpsFault::timeout);
  }
  if (lookup->failed || lookup->endpoints.empty()) co_return fail(HttpsFault::unresolved);
  co_return std::move(lookup->endpoints);
}

}  // namespace

HttpsClient::HttpsClient(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}
HttpsClient::~HttpsClient() = default;

Result<std::unique_ptr<HttpsClient>, std::string> HttpsClient::make(asio::io_context& io, HttpsOptions options) {
  auto base = parse_base_url(options.base_url);
  if (!base) return fail(std::string("base_url: https://host[:port][/path], or http with a loopback host"));
  if (options.timeout.count() <= 0) return fail(std::string("timeout: must be above zero"));
  if (options.connections_max == 0) return fail(std::string("connections_max: must be above zero"));
  try {
    auto pool = std::make_shared<Pool>(io, std::move(options), std::move(*base));
    if (pool->base.tls) {
      SSL_CTX_set_min_proto_version(pool->tls.native_handle(), TLS1_2_VERSION);
      if (pool->options.ca_file.empty()) {
        pool->tls.set_default_verify_paths();
      } else {
        pool->tls.load_verify_file(pool->options.ca_file);
      }
      pool->tls.set_verify_mode(ssl::verify_peer);
      pool->tls.set_verify_callback(ssl::host_name_verification(pool->base.host));
    }
    return std::unique_ptr<HttpsClient>(new HttpsClient(std::move(pool)));
  } catch (std::exception const& failed) {
    return fail(std::string("ca_file: ") + failed.what());
  }
}

namespace {

// Connects, and for TLS shakes hands. nullopt: it is ready.
Awaitable<std::optional<HttpsFault>> open(Connection& connection, asio::io_context& io, BaseUrl const& base,
                                          eventstore::SteadyTime deadline) {
  auto const endpoints = co_await look_up(io, base, deadline);
  if (!endpoints) co_return endpoints.error();
  TcpStream& lowest = connection.lowest();
  lowest.expires_at(deadline);
  auto const [connect_error, endpoint] = co_await lowest.async_connect(endpoints.value(), kAwait);
  if (connect_error) co_return fault_of(connect_error, HttpsFault::unreachable);
  error_code ignored;
  lowest.socket().set_option(tcp::no_delay(true), ignored);
  if (connection.secure) {
    if (!is_address(base.host) &&
        SSL_set_tlsext_host_name(connection.secure->native_handle(), base.host.c_str()) != 1) {
      co_return HttpsFault::tls;
    }
    auto const [handshake_error] = co_await connection.secure->async_handshake(ssl::stream_base::client, kAwait);
    if (handshake_error) co_return fault_of(handshake_error, HttpsFault::tls);
  }
  co_return std::nullopt;
}

Message make_message(BaseUrl const& base, HttpsClient::Request request) {
  bool const is_post = request.method == HttpsClient::Method::post;
  Message message(is_post ? http::verb::post : http::verb::get, base.path + request.target, 11);
  std::string host = base.host.find(':') == std::string::npos ? base.host : "[" + base.host + "]";
  if (base.port != (base.tls ? "443" : "80")) host += ":" + base.port;
  message.set(http::field::host, host);
  message.set(http::field::user_agent, kUserAgent);
  message.set(http::field::accept, "application/json");
  if (!request.authorization.empty()) message.set(http::field::authorization, request.authorization);
  for (auto const& [name, value] : request.headers) message.set(name, value);
  if (is_post) {
    message.set(http::field::content_type, request.content_type);
    message.body() = std::move(request.body);
  }
  message.prepare_payload();
  return message;
}

}  // namespace

Awaitable<Result<HttpsReply, HttpsFault>> HttpsClient::send(Request request) {
  std::shared_ptr<Pool> const pool = pool_;
  eventstore::SteadyTime const own = eventstore::machine().now() + pool->options.timeout;
  eventstore::SteadyTime const deadline = std::min(own, request.deadline.value_or(own));
  try {
    if (pool->used >= pool->options.connections_max && pool->waiting.size() >= pool->options.waiting_max) {
      co_return fail(HttpsFault::busy);
    }
    auto const place = co_await Pool::enter(pool, deadline);
    if (!place || deadline - eventstore::machine().now() < pool->options.timeout / kTooLate)
      co_return fail(HttpsFault::timeout);
    Message const message = make_message(pool->base, std::move(request));
    std::unique_ptr<Connection> connection = pool->take_idle();
    for (;;) {
      bool const used_before = connection != nullptr;
      if (!used_before) {
        connection =
            pool->base.tls ? std::make_unique<Connection>(pool->io, pool->tls) : std::make_unique<Connection>(pool->io);
        auto const failed = co_await open(*connection, pool->io, pool->base, deadline);
        if (failed) co_return fail(*failed);
      }
      connection->lowest().expires_at(deadline);
      // Not a conditional expression: g++ 12 destroys the outcome of one that awaits twice.
      Exchange result;
      if (connection->secure) {
        result = co_await exchange(*connection->secure, connection->buffer, message, pool->options.reply_bytes_max);
      } else {
        result = co_await exchange(*connection->plain, connection->buffer, message, pool->options.reply_bytes_max);
      }
      if (!result.fault) {
        if (result.reusable) pool->keep(std::move(connection));
        co_return std::move(result.reply);
      }
      if (!used_before || !result.nothing_came || *result.fault != HttpsFault::broken) co_return fail(*result.fault);
      connection.reset();  // closed at the other end while it lay idle: once more, on a new one
    }
  } catch (std::exception const&) {
    co_return fail(HttpsFault::broken);  // out of memory, out of descriptors
  }
}

}  // namespace florin::sagas
