// A small synchronous HTTP client for the commands that ask a running server. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/result.h"

namespace florin::api::cli {

struct ServerAddress {
  std::string host;
  std::string port;
};
// "http://host[:port][/]"; nullopt for anything else (https included: the server speaks plain HTTP).
[[nodiscard]] std::optional<ServerAddress> parse_server_url(std::string_view url);

struct HttpReply {
  int status = 0;
  std::string body;
};

struct HttpTimeouts {
  int connect_seconds = 5;
  int reply_seconds = 30;  // the server answers everything within its own deadline, which is shorter
};

using Header = std::pair<std::string, std::string>;

// One request on one connection. The error says in words why there is no reply.
[[nodiscard]] Result<HttpReply, std::string> http_exchange(ServerAddress const& server, std::string_view method,
                                                           std::string_view target, std::string_view body,
                                                           std::vector<Header> const& headers,
                                                           HttpTimeouts timeouts = {});

}  // namespace florin::api::cli
