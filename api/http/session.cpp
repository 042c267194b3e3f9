#include "api/http/session.h"

#include <array>
#include <charconv>
#include <exception>
#include <typeinfo>

#include <boost/asio/as_tuple.hpp>
#include <boost/core/demangle.hpp>
#include <spdlog/spdlog.h>

#include "api/http/errors.h"
#include "api/http/reply.h"

namespace florin::api {
namespace {

constexpr auto kAwait = asio::as_tuple(use_awaitable);

// Up to here a body is copied behind its head: one buffer costs the kernel less than two.
constexpr std::size_t kCopiedBody = std::size_t{16} << 10;
// A reply's reader has reply_seconds for each of these: a floor of 8.5 KiB/s at the default 30 s.
constexpr std::size_t kProgress = std::size_t{256} << 10;
constexpr std::size_t kKeptOut = std::size_t{64} << 10;
constexpr int kLingerSeconds = 2;
constexpr std::size_t kLingerBytes = std::size_t{16} << 20;

}  // namespace

Session::Session(IoThread& io, Socket socket, Router const& router, WorkerPool& workers, SessionLimits const& limits,
                 SessionBudgets& budgets)
    : io_(io),
      socket_(std::move(socket)),
      router_(router),
      workers_(workers),
      limits_(limits),
      budgets_(budgets),
      reader_(limits.body_limit, &router) {
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  auto const peer = socket_.remote_endpoint(ignored);
  if (!ignored) {
    client_ = peer.address().to_string();
    behind_proxy_ = limits_.trusted_proxies.contains(peer.address());
  }
  io_.add(*this);
}

Session::~Session() { io_.remove(*this); }

void Session::on_late() {
  late_ = true;
  disarm();
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Session::on_drain() {
  if (idle_ && deadline_ != 0) on_late();
}

void Session::on_destroy() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

Request Session::current_request() {
  Request request = reader_.request();
  is_head_ = request.is_head;
  is_http10_ = reader_.is_http10();
  request.client = client_;
  if (behind_proxy_) {
    forwarded_client_ = limits_.trusted_proxies.client_of(request.forwarded);
    if (!forwarded_client_.empty()) request.client = forwarded_client_;
  }
  request.clock = router_.clock_of(request.path);
  request.id = io_.next_request_id();
  request.inbox = &io_.inbox();
  request.parsers = &io_.parsers();
  return request;
}

Holder Session::stranger() const {
  boost::system::error_code error;
  auto const address = asio::ip::make_address(forwarded_client_.empty() ? client_ : forwarded_client_, error);
  if (error) return {};
  auto const subscriber = subscriber_of(address);
  return {subscriber.v6 ? Holder::Kind::ipv6_network : Holder::Kind::ipv4, subscriber.network};
}

Awaitable<void> Session::serve() {
  for (;;) {
    switch (reader_.advance()) {
      case RequestReader::State::complete: {
        disarm();
        request_deadline_ = 0;
        let_in_ = false;
        Request request = current_request();
        Response response = co_await answer(request);
        bool const keep_alive = request.keep_alive && !io_.draining();
        // Before the reply: who reads it slowly keeps no body of others waiting.
        reader_.next();
        large_body_ = {};
        if (!co_await send(response, request.id, keep_alive) || !keep_alive) co_return;
        continue;
      }
      case RequestReader::State::refused: {
        auto const refusal = reader_.refusal();
        co_await refuse(refusal.status, refusal.code, refusal.message);
        co_return;
      }
      case RequestReader::State::need_more: break;
    }
    if (reader_.mid_request()) {
      if (request_deadline_ == 0) request_deadline_ = io_.deadline_in(limits_.request_seconds);
      if (auto const pending = reader_.take_pending_body()) {
        let_in_ = false;
        Request request = current_request();
        if (auto refused = refuse_by_head(request, *pending)) {
          if (co_await send(*refused, request.id, false)) co_await linger();
          co_return;
        }
        constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        if (pending->expects_continue && !co_await write(asio::buffer(kContinue), {})) co_return;
      }
      arm(request_deadline_);
    } else {
      if (io_.draining()) co_return;
      arm(io_.deadline_in(limits_.idle_seconds));
    }
    idle_ = !reader_.mid_request();
    std::span<char> const space = reader_.prepare();
    auto const [error, count] = co_await socket_.async_read_some(asio::buffer(space.data(), space.size()), kAwait);
    idle_ = false;
    if (error) {
      if (late_ && reader_.mid_request()) {
        co_await refuse(408, "REQUEST_TIMEOUT", "The request did not arrive in time. Send it again.");
      }
      co_return;
    }
    reader_.commit(count);
  }
}

Awaitable<void> Session::turn_away() {
  co_await refuse(503, "TOO_MANY_CONNECTIONS", "The server has too many connections. Try again shortly.", 1);
}

namespace {

// "OPTIONS *" asks what the server as a whole can do (RFC 9110, 9.3.7).
Response whole_server() {
  Response response;
  response.status = 204;
  response.allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
  return response;
}

// The reply to a request that no handler takes.
std::optional<Response> refuse_unreadable(Request const& request) {
  for (auto const& [part, text] : {std::pair("path", request.path), std::pair("query", request.query)}) {
    if (is_readable(text)) continue;
    return error_response(request, 400, "INVALID_REQUEST",
                          "The " + std::string(part) +
                              " holds a broken percent escape or bytes that are not UTF-8. Encode its text as UTF-8.");
  }
  return std::nullopt;
}

std::optional<Response> refuse_unrouted(Request const& request, Router::Match const& match) {
  if (match.handler != nullptr) return refuse_unreadable(request);
  if (request.method == Method::unknown) {
    return error_response(request, 501, "NOT_IMPLEMENTED",
                          "This server does not know this method. Methods are written in capitals, such as GET.");
  }
  if (request.path == "*") return whole_server();
  if (match.allow.empty()) {
    return error_response(request, 404, "NOT_FOUND", "There is nothing at this path. Check the URL.");
  }
  Response response =
      error_response(request, 405, "METHOD_NOT_ALLOWED", "This path does not take this method. See the Allow header.");
  response.allow = match.allow;
  return response;
}

}  // namespace

std::optional<Response> Session::refuse_by_head(Request& request, RequestReader::PendingBody const& pending) {
  Router::Match const match = router_.find(request.method, request.path);
  request.route = match.route;
  if (auto refused = refuse_unrouted(request, match)) return refused;
  auto const* const gate = router_.gate_of(request.path);
  std::uint64_t caller = 0;
  if (gate != nullptr) {
    request.caller = &caller;
    auto refused = (*gate)(request);
    request.caller = nullptr;
    if (refused) return refused;
  }
  if (match.takes != Takes::any && request.method != Method::get) {
    if (auto const wrong = check_json_type(request.content_type)) return body_error_response(request, *wrong);
  }
  if (pending.most > kBodyLimit) {
    large_body_ = gate != nullptr ? budgets_.large_bodies.take({Holder::Kind::caller, caller}, pending.most)
                                  : budgets_.strangers_bodies.take(stranger(), pending.most);
    if (!large_body_) {
      return error_response(request, 503, "SERVER_BUSY",
                            "Too many large bodies are on their way; nothing was done. Retry shortly.", {}, 1);
    }
  }
  return std::nullopt;
}

Awaitable<Response> Session::answer(Request& request) {
  Router::Match const match = router_.find(request.method, request.path);
  request.route = match.route;
  request.knows_all_fields = match.takes == Takes::known_json;
  if (auto refused = refuse_unrouted(request, match)) co_return std::move(*refused);
  std::string thrown;
  try {
    Response response = co_await (*match.handler)(request, match.values);
    let_in_ = response.status != 401 && response.status != 403 && router_.gate_of(request.path) != nullptr;
    co_return response;
  } catch (std::exception const& exception) {
    auto const response_to = router_.options().response_to;
    if (auto known = response_to != nullptr ? response_to(request, exception) : std::nullopt)
      co_return *std::move(known);
    thrown = boost::core::demangle(typeid(exception).name());  // what() may quote the request
  } catch (...) {
    thrown = "an exception of unknown type";
  }
  Response response = error_response(request, 500, "INTERNAL_ERROR", router_.options().failure);
  std::string id;
  append_request_id(id, request.id);
  spdlog::error("request {}: the handler threw {}", id, thrown);
  co_return response;
}

Awaitable<bool> Session::send(Response& response, std::uint64_t request_id, bool keep_alive) {
  bool const chunked = response.stream != nullptr && !is_http10_;
  bool const stays = keep_alive && (response.stream == nullptr || chunked);
  if (out_.capacity() > kKeptOut) std::string().swap(out_);
  out_.clear();
  append_head(out_, response, request_id, {stays, is_http10_, io_.date(), router_.options().position_header});
  if (is_head_ || !status_has_content(response.status)) {
    bool const sent = co_await write(asio::buffer(out_), {});
    if (stays != keep_alive) co_return false;
    co_return sent;
  }
  if (response.stream) {
    if (!co_await write(asio::buffer(out_), {}) || !co_await send_stream(*response.stream, chunked)) co_return false;
    co_return stays;
  }
  asio::const_buffer body;
  if (auto const content = response.content(); content.size() <= kCopiedBody) {
    out_ += content;
  } else {
    body = asio::buffer(content);
  }
  std::size_t written = 0;
  if (try_write(asio::buffer(out_), body, written)) co_return true;
  co_return co_await write_rest(asio::buffer(out_), body, written);
}

Awaitable<bool> Session::send_stream(BodyStream& stream, bool chunked) {
  std::string piece;
  bool more = true;
  while (more) {
    piece.clear();
    bool broken = false;
    try {
      auto const pulled = co_await workers_.run(io_.inbox(), [&stream, &piece] { return stream.pull(piece); }, true);
      broken = !pulled.has_value();
      more = pulled.value_or(false);
    } catch (std::exception const& exception) {
      broken = true;
      spdlog::error("a reply's stream was cut: {}", boost::core::demangle(typeid(exception).name()));
    }
    if (broken) {
      cut();
      co_return false;
    }
    if (piece.empty()) continue;
    out_.clear();
    if (chunked) {
      std::array<char, 16> digits;
      out_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr);
      out_ += "\r\n";
      piece += "\r\n";
    }
    if (!co_await write(asio::buffer(out_), asio::buffer(piece))) co_return false;
  }
  if (chunked) {
    constexpr std::string_view kLast = "0\r\n\r\n";
    co_return co_await write(asio::buffer(kLast), {});
  }
  co_return true;
}

// One system call and no suspension: what nearly every reply takes. True when all is written.
bool Session::try_write(asio::const_buffer head, asio::const_buffer body, std::size_t& written) {
  boost::system::error_code error;
  if (body.size() == 0) {
    written = socket_.write_some(head, error);
  } else {
    written = socket_.write_some(std::array{head, body}, error);
  }
  return !error && written == head.size() + body.size();
}

Awaitable<bool> Session::write_rest(asio::const_buffer head, asio::const_buffer body, std::size_t written) {
  std::size_t const total = head.size() + body.size();
  SharedBudget::Ticket unread;
  if (!let_in_) unread = budgets_.strangers_replies.take(stranger(), 1);
  if (!let_in_ && !unread) {
    cut();
    co_return false;
  }
  arm(io_.deadline_in(limits_.reply_seconds));
  std::size_t progress = 0;
  while (written < total) {
    std::array<asio::const_buffer, 2> rest = {head + written,
                                              body + (written > head.size() ? written - head.size() : 0)};
    auto const [error, count] = co_await socket_.async_write_some(rest, kAwait);
    if (error) {
      cut();  // nothing that still waits in the kernel is worth sending
      co_return false;
    }
    written += count;
    progress += count;
    if (progress >= kProgress) {
      progress = 0;
      arm(io_.deadline_in(limits_.reply_seconds));
    }
  }
  disarm();
  co_return true;
}

Awaitable<bool> Session::write(asio::const_buffer head, asio::const_buffer body) {
  std::size_t written = 0;
  if (try_write(head, body, written)) co_return true;
  co_return co_await write_rest(head, body, written);
}

Awaitable<void> Session::refuse(int status, std::string_view code, std::string_view message, int retry_after_seconds) {
  disarm();
  let_in_ = false;
  Request const request = current_request();
  Response response = error_response(request, status, code, message, {}, retry_after_seconds);
  reader_.drop();
  large_body_ = {};
  if (co_await send(response, request.id, false)) co_await linger();
}

Awaitable<void> Session::linger() {
  boost::system::error_code failed;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, failed);
  if (failed) co_return;
  arm(io_.deadline_in(kLingerSeconds));
  out_.resize(kCopiedBody);
  for (std::size_t dropped = 0; dropped < kLingerBytes;) {
    if (io_.draining()) co_return;
    auto const [error, count] = co_await socket_.async_read_some(asio::buffer(out_), kAwait);
    if (error) co_return;
    dropped += count;
  }
}

void Session::cut() {
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);  // a reset, not an orderly end
  socket_.close(ignored);
}

}  // namespace florin::api
