// Requests to one provider over TLS: what every outside adapter stands on.
//
// Certificate and host name are always verified (TLS 1.2 or later, the system's authorities), with SNI. Plain http is
// taken for loopback hosts only: mock servers. Redirects are not followed.
//
// Thread: the effects thread, which runs the io_context; one client per provider. Destroy it before the io_context, or
// after it has run out of work. Waits that are destroyed with the io_context are safe.
//
// Deadline: `timeout` for one request from its start to the last byte of the reply: waiting for a connection, looking
// up the name, connecting, the handshake, writing and reading all count against it. Bounds: `connections_max`
// connections (a text takes a provider about 0.2 s, so four carry 20 a second), as many requests waiting for one as
// `waiting_max`, `reply_bytes_max` of reply.
//
// Connections are kept and used again. One that the provider closed while it lay idle is noticed before it is used, or,
// when the close crosses the request, by an end without a single byte of reply; then the request is sent once more, on
// a new connection. So a request can arrive twice, as it can whenever an answer is lost: what must not be done twice
// carries the provider's idempotency key.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.h"
#include "eventstore/runtime/runtime.h"
#include "sagas/gateways/asio.h"
#include "sagas/gateways/url.h"

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
  bool replayed = false;  // "Idempotent-Replayed: true": what the first request with this key was told then
};

enum class HttpsFault : std::uint8_t {
  timeout,          // the deadline passed
  busy,             // waiting_max requests are already waiting
  unresolved,       // no address for the name
  unreachable,      // no connection
  tls,              // no handshake: among others, a certificate that is not the host's
  broken,           // the connection ended before the reply did
  reply_too_large,  // over reply_bytes_max, or 16 KB of headers
  reply_malformed,  // not HTTP
};
// One token: "timeout", "busy" …
[[nodiscard]] std::string_view https_fault_name(HttpsFault fault);

using BaseUrl = Url;  // its path is put before every request's, and has no slash at its end
// nullopt for anything but scheme://host[:port][/path] with https, or with http and a loopback host.
[[nodiscard]] std::optional<BaseUrl> parse_base_url(std::string_view url);

class HttpsClient {
 public:
  enum class Method : std::uint8_t { post, get };
  struct Header {
    std::string name;
    std::string value;  // without line breaks: the caller's word
  };
  struct Request {
    std::string target;         // "/path?query", behind the base URL's prefix
    std::string authorization;  // the header's value; a secret
    std::string content_type;   // of a post
    std::string body;           // the same
    Method method = Method::post;
    std::vector<Header> headers = {};
    // When set and sooner than the client's timeout: for calls that are made of several requests.
    std::optional<eventstore::SteadyTime> deadline = std::nullopt;
  };

  // The error says which setting is wrong.
  [[nodiscard]] static Result<std::unique_ptr<HttpsClient>, std::string> make(asio::io_context& io,
                                                                              HttpsOptions options);
  ~HttpsClient();
  HttpsClient(HttpsClient const&) = delete;
  HttpsClient& operator=(HttpsClient const&) = delete;

  // Never throws.
  [[nodiscard]] Awaitable<Result<HttpsReply, HttpsFault>> send(Request request);

 private:
  struct Pool;
  explicit HttpsClient(std::shared_ptr<Pool> pool);
  std::shared_ptr<Pool> pool_;  // shared with the requests under way
};

}  // namespace florin::sagas
