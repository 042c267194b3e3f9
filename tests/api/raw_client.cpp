#include "tests/api/raw_client.h"

#include <cerrno>
#include <cstdlib>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace florin::api::testing {

std::string RawReply::header(std::string_view name) const {
  std::string const key = "\r\n" + std::string(name) + ": ";
  std::size_t const at = head.find(key);
  if (at == std::string::npos) return "";
  std::size_t const begin = at + key.size();
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

RawClient::RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // A hung server must fail the test, not hang it; generous, because nothing is measured with it.
  timeval const patience{30, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) ADD_FAILURE() << "connect failed";
}

RawClient::~RawClient() { ::close(fd_); }

void RawClient::shrink_receive_buffer() {
  int const size = 4096;
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t const sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ASSERT_GT(sent, 0) << "send failed";
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawClient::send_if_open(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t const sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawClient::shutdown_send() { ::shutdown(fd_, SHUT_WR); }

bool RawClient::fill() {
  char chunk[65536];
  ssize_t const count = ::recv(fd_, chunk, sizeof chunk, 0);
  if (count > 0) {
    buffer_.append(chunk, static_cast<std::size_t>(count));
    return true;
  }
  if (count < 0 && errno == ECONNRESET) reset_ = true;
  if (count < 0 && errno == EAGAIN) ADD_FAILURE() << "the server neither answered nor closed";
  return false;
}

std::optional<RawReply> RawClient::read_reply(bool head_request) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  RawReply reply;
  reply.head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  reply.status = std::atoi(reply.head.c_str() + 9);
  if (head_request || reply.status == 100 || reply.status == 204 || reply.status == 304) return reply;
  if (!reply.header("Transfer-Encoding").empty()) {
    for (;;) {
      std::size_t line = 0;
      while ((line = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill()) return std::nullopt;
      }
      std::size_t const size = std::strtoul(buffer_.c_str(), nullptr, 16);
      while (buffer_.size() < line + 2 + size + 2) {
        if (!fill()) return std::nullopt;
      }
      reply.body += buffer_.substr(line + 2, size);
      buffer_.erase(0, line + 2 + size + 2);
      if (size == 0) return reply;
    }
  }
  std::string const length = reply.header("Content-Length");
  if (length.empty()) {
    while (fill()) {
    }
    reply.body = std::move(buffer_);
    buffer_.clear();
    return reply;
  }
  std::size_t const size = std::stoul(length);
  while (buffer_.size() < size) {
    if (!fill()) return std::nullopt;
  }
  reply.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return reply;
}

std::string RawClient::read_to_end(bool* reset) {
  while (fill()) {
  }
  if (reset != nullptr) *reset = reset_;
  return std::move(buffer_);
}

bool RawClient::peek() {
  char byte = 0;
  return ::recv(fd_, &byte, 1, MSG_PEEK) == 1;
}

bool RawClient::closed() { return !fill(); }

}  // namespace florin::api::testing
