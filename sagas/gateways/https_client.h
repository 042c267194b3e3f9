// POSTs to one provider over TLS: what every outside adapter stands on.
//
// Certificate and host name are always verified (TLS 1.2 or later, the system's authorities), with SNI. Plain http is
// taken for loopback hosts only: mock servers. Redirects are not followed.
//
// Thread: the effects thread, which runs the io_context; one client per provider. Destroy it before the io_context, or
// after it has run out of work. Waits that are destroyed with the io_context are safe.
//
// Deadline: `timeout` for one post from its start to the last byte of the reply: waiting for a connection, looking up
// the name, connecting, the handshake, writing and reading all count against it. Bounds: `connections_max` connections
// (a text takes a provider about 0.2 s, so four carry 20 a second), as many posts waiting for one as `waiting_max`,
// `reply_bytes_max` of reply.
//
// Connections are kept and used again. One that the provider closed while it lay idle is noticed before it is used, or,
// when the close crosses the request, by an end without a single byte of reply; then the request is sent once more, on
// a new connection. So a post can arrive twice, as it can whenever an answer is lost.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "domain/result.h"
#include "sagas/gateways/asio.h"

namespace florin::sagas {

struct HttpsOptions {
  std::string base_url;  // scheme://host[:port][/prefix]
  std::chrono::milliseconds timeout{10'000};
  std::size_t connections_max = 4;
  std::size_t waiting_max = 256;
  std::size_t reply_bytes_max = std::size_t{64} << 10;  // providers' replies are one or two KB
  std::string ca_file;                                  // PEM; empty: the system's authorities
};

struct HttpsReply {
  unsigned status = 0;
  std::string body;
};

enum class HttpsFault : std::uint8_t {
  timeout,          // the deadline passed
  busy,             // waiting_max posts are already waiting
  unresolved,       // no address for the name
  unreachable,      // no connection
  tls,              // no handshake: among others, a certificate that is not the host's
  broken,           // the connection ended before the reply did
  reply_too_large,  // over reply_bytes_max, or 16 KB of headers
  reply_malformed,  // not HTTP
};
// One token: "timeout", "busy" …
[[nodiscard]] std::string_view https_fault_name(HttpsFault fault);

struct BaseUrl {
  bool tls = true;
  std::string host;    // without brackets
  std::string port;    // digits
  std::string prefix;  // "" or "/path", without a slash at its end
};
// nullopt for anything but scheme://host[:port][/prefix] with https, or with http and a loopback host.
[[nodiscard]] std::optional<BaseUrl> parse_base_url(std::string_view url);

class HttpsClient {
 public:
  struct Post {
    std::string target;         // "/path", behind the base URL's prefix
    std::string authorization;  // the header's value; a secret
    std::string content_type;
    std::string body;
  };

  // The error says which setting is wrong.
  [[nodiscard]] static Result<std::unique_ptr<HttpsClient>, std::string> make(asio::io_context& io,
                                                                              HttpsOptions options);
  ~HttpsClient();
  HttpsClient(HttpsClient const&) = delete;
  HttpsClient& operator=(HttpsClient const&) = delete;

  // Never throws.
  [[nodiscard]] Awaitable<Result<HttpsReply, HttpsFault>> post(Post post);

 private:
  struct Pool;
  explicit HttpsClient(std::shared_ptr<Pool> pool);
  std::shared_ptr<Pool> pool_;  // shared with the posts under way
};

}  // namespace florin::sagas
