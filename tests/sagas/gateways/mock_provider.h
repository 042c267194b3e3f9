// A provider on loopback that answers as a test says: blocking sockets, a thread a connection, plain or TLS.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace florin::test_support {

struct MockReply {
  std::string raw;     // sent as it stands
  bool close = false;  // afterwards, without a word
  bool hang = false;   // afterwards nothing, until the client has gone
};

[[nodiscard]] MockReply http_reply(unsigned status, std::string const& body, std::string const& more_headers = {});

class MockProvider {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Script = std::function<MockReply(std::size_t nth, Request const& request)>;  // nth request of all, from 0

  // With PEM texts: TLS.
  explicit MockProvider(Script script, std::string certificate = {}, std::string key = {});
  ~MockProvider();
  MockProvider(MockProvider const&) = delete;
  MockProvider& operator=(MockProvider const&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::size_t connections() const { return connections_; }
  [[nodiscard]] std::vector<Request> requests() const;
  // The name that TLS clients asked for, of the last handshake.
  [[nodiscard]] std::string server_name() const;

 private:
  struct Sockets;
  void accept_all();
  template <class Stream>
  void serve(Stream& stream);

  Script const script_;
  std::unique_ptr<Sockets> sockets_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_{0};
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::string server_name_;
  std::thread acceptor_;
};

// A certificate for `host` that signs itself.
struct SelfSigned {
  std::string certificate;  // PEM
  std::string key;          // PEM
};
[[nodiscard]] SelfSigned self_signed(std::string const& host);

}  // namespace florin::test_support
