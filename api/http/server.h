// The HTTP/1.1 server: io threads with one io_context each, one acceptor, a coroutine per connection.
//
// Guards before any handler runs: header at most 16 KiB, body at most what its route takes and never over
// ServerOptions::body_limit (413), framing that two readers could read differently (request_head.h): 400 and close. A
// connection that does not send a whole request
// within request_seconds, or take its reply within reply_seconds, or say anything for idle_seconds, is closed;
// deadlines are swept a few times a second per io thread instead of arming a timer per operation. Over max_connections,
// or max_connections_per_address, the accepted socket gets a 503 and is closed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "api/http/forwarded.h"
#include "api/http/message.h"
#include "api/http/router.h"
#include "api/http/worker.h"

namespace florin::api {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;          // 0: any free port, see Server::port()
  unsigned io_threads = 0;            // 0: as many as cores this process may use
  std::size_t body_limit = 8u << 20;  // a batch of 100,000 e-mails is 2 to 3 MiB; anything else is far smaller
  std::size_t max_connections = 10'000;
  // Of one IPv4 address, or of one /64 of IPv6; trusted proxies have as many as they like. Some dozens are many for a
  // game server, and twenty such addresses are needed to take all.
  std::size_t max_connections_per_address = 512;
  int idle_seconds = 75;
  int request_seconds = 15;
  int reply_seconds = 30;
  // Replies that wait for their readers, to callers that no gate has let in, and a quarter of them to one address as
  // above; another one's connection is reset. Each holds some 128 KiB in the kernel.
  std::size_t strangers_replies = 1'024;
  TrustedProxies trusted_proxies;  // whose X-Forwarded-For is believed
};

class Server {
 public:
  // `router` and `workers` (which pulls BodyStreams) outlive the server.
  Server(ServerOptions options, Router const& router, WorkerPool& workers);
  // Stops, if stop() was not called.
  ~Server();

  // Binds and starts the io threads. Throws std::system_error when the address cannot be bound.
  void start();
  // The port that is listened on; after start().
  [[nodiscard]] std::uint16_t port() const;
  // Stops accepting, lets requests at hand finish (at most drain_seconds), closes, joins. After drain_seconds every
  // Completion with a deadline is expired and every socket closed; a worker job is waited for.
  void stop(int drain_seconds = 10);
  // Any thread.
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::api
