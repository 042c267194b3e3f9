// A blocking TCP client that sends exactly the bytes a test says, to a server on the loopback.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace florin::api::testing {

struct RawReply {
  int status = 0;
  std::string head;
  std::string body;
  [[nodiscard]] std::string header(std::string_view name) const;  // "" when absent; exact case
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(RawClient const&) = delete;
  RawClient& operator=(RawClient const&) = delete;

  // Asks for a small receive buffer, so that a large reply blocks its sender. Before the first byte.
  void shrink_receive_buffer();
  void send(std::string_view bytes);
  // As send(), but a connection that the server closes meanwhile is no failure.
  void send_if_open(std::string_view bytes);
  void shutdown_send();

  // The next reply with a Content-Length or chunked body (decoded); nullopt when the connection ended before it was
  // whole. A reply with neither is read to the end of the connection.
  std::optional<RawReply> read_reply(bool head_request = false);
  // Everything up to the end of the connection; `reset` tells whether it was cut.
  std::string read_to_end(bool* reset = nullptr);
  // Waits for something to read and leaves it there; false when the connection has ended.
  bool peek();
  // True when the server has closed the connection (waits for it).
  bool closed();

 private:
  bool fill();
  int fd_ = -1;
  bool reset_ = false;
  std::string buffer_;
};

}  // namespace florin::api::testing
