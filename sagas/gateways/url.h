// http and https URLs, as settings and the command line name servers. Pure.
//
// Rejected: Boost.URL 1.81, which reads "http://127.0.0.1.example.com" as the host 127.0.0.1, "https://[::1]8080" as
// [::1], "https://h:1x" as port 1 and port 65536 as 0. Two places read URLs by themselves: api/web/links.h takes what
// every browser reads in one way, and twilio_signature.cpp needs the text as it was signed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace florin::sagas {

struct Url {
  bool tls = true;
  std::string host;  // a name or an address; an IPv6 address without its brackets
  std::string port;  // "443" and "80" when none was given
  std::string path;  // as it was written; "" or "/…"
};

// nullopt: not http or https, no host, a port that is none, or a user, a query or a fragment, which no server's URL
// has.
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

}  // namespace florin::sagas
