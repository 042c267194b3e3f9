#include "api/cli/http_client.h"

#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "api/http/asio.h"
#include "sagas/gateways/url.h"

namespace florin::api::cli {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using Stream = beast::basic_stream<asio::ip::tcp, Executor>;
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;

constexpr std::size_t kMaxReplyBytes = 64u << 20;  // lists of games; far more than any reply holds

Awaitable<void> exchange(ServerAddress const& server, http::request<http::string_body> const& request,
                         HttpTimeouts timeouts, http::response_parser<http::string_body>& parser) {
  auto const executor = co_await asio::this_coro::executor;
  Resolver resolver(executor);
  Stream stream(executor);
  stream.expires_after(std::chrono::seconds(timeouts.connect_seconds));
  auto const found = co_await resolver.async_resolve(server.host, server.port, use_awaitable);
  co_await stream.async_connect(found, use_awaitable);
  stream.expires_after(std::chrono::seconds(timeouts.reply_seconds));
  co_await http::async_write(stream, request, use_awaitable);
  beast::flat_buffer buffer;
  co_await http::async_read(stream, buffer, parser, use_awaitable);
  boost::system::error_code ignored;
  stream.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
}

}  // namespace

std::optional<ServerAddress> parse_server_url(std::string_view url) {
  auto const parsed = sagas::parse_url(url);
  if (!parsed || parsed->tls || !(parsed->path.empty() || parsed->path == "/")) return std::nullopt;
  return ServerAddress{parsed->host, parsed->port};
}

Result<HttpReply, std::string> http_exchange(ServerAddress const& server, std::string_view method,
                                             std::string_view target, std::string_view body,
                                             std::vector<Header> const& headers, HttpTimeouts timeouts) {
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(method);
  request.target(target);
  auto const v6 = server.host.find(':') != std::string::npos;
  request.set(http::field::host, (v6 ? "[" + server.host + "]" : server.host) + ":" + server.port);
  request.set(http::field::user_agent, "florin");
  for (auto const& [name, value] : headers) request.set(name, value);
  request.body() = body;
  request.keep_alive(false);
  request.prepare_payload();

  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxReplyBytes);
  asio::io_context context;
  std::exception_ptr failure;
  bool done = false;
  asio::co_spawn(context, exchange(server, request, timeouts, parser), [&](std::exception_ptr error) {
    failure = std::move(error);
    done = true;
  });
  // The resolver has no deadline of its own: this one bounds everything together.
  context.run_for(std::chrono::seconds(timeouts.connect_seconds + timeouts.reply_seconds));
  if (!done) return fail(std::string("no answer in time"));
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (boost::system::system_error const& error) {
    if (error.code() == beast::error::timeout) return fail(std::string("no answer in time"));
    if (error.code() == http::error::end_of_stream)
      return fail(std::string("the connection was closed without a reply"));
    return fail(error.code().message());
  } catch (std::exception const& error) {
    return fail(std::string(error.what()));
  }
  return HttpReply{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

}  // namespace florin::api::cli
