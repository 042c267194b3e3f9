// The yardstick for api/http: a minimal server straight from Beast's own pieces. One thread, one io_context, callbacks,
// string bodies, no timers, no guards. GET and POST answer a fixed body of --bytes bytes; a POST's body is read first.
//
//   bare_beast --port 9000 --bytes 600

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, std::string const& body) : socket_(std::move(socket)), body_(body) {
    socket_.set_option(asio::ip::tcp::no_delay(true));
  }

  void read() {
    request_ = {};
    http::async_read(socket_, buffer_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->write();
    });
  }

 private:
  void write() {
    response_ = {};
    response_.version(request_.version());
    response_.result(http::status::ok);
    response_.set(http::field::content_type, "application/json");
    response_.keep_alive(request_.keep_alive());
    response_.body() = body_;
    response_.prepare_payload();
    http::async_write(socket_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error && self->response_.keep_alive()) self->read();
    });
  }

  Socket socket_;
  std::string const& body_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

void accept(Acceptor& acceptor, std::string const& body) {
  acceptor.async_accept([&acceptor, &body](beast::error_code error, Socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket), body)->read();
    accept(acceptor, body);
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 9000;
  std::size_t bytes = 600;
  CLI::App app("Bare Beast: the benchmark's yardstick");
  app.add_option("--port", port);
  app.add_option("--bytes", bytes, "Size of every reply's body");
  CLI11_PARSE(app, argc, argv);

  std::string const body(bytes, 'x');
  asio::io_context io(1);
  Acceptor acceptor(io, {asio::ip::address_v4::loopback(), port});
  accept(acceptor, body);
  std::printf("listening on 127.0.0.1:%u\n", unsigned{port});
  std::fflush(stdout);
  io.run();
}
