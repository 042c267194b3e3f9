#include "sagas/gateways/url.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <boost/asio/ip/address_v6.hpp>

namespace florin::sagas {
namespace {

bool is_strange(char c) { return c <= ' ' || c >= '\x7f' || c == '@' || c == '?' || c == '#' || c == '\\'; }

bool is_ipv6(std::string const& host) {
  boost::system::error_code failed;
  boost::asio::ip::make_address_v6(host, failed);
  return !failed;
}

// Of 1 to 5 digits.
bool is_port(std::string_view text) {
  std::uint16_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number != 0 && text.size() <= 5;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  url.tls = text.starts_with("https://");
  if (!url.tls && !text.starts_with("http://")) return std::nullopt;
  text.remove_prefix(url.tls ? 8 : 7);
  if (std::ranges::any_of(text, is_strange)) return std::nullopt;
  auto const slash = std::min(text.find('/'), text.size());
  auto const authority = text.substr(0, slash);
  url.path = text.substr(slash);

  auto host_end = std::min(authority.find(':'), authority.size());
  if (authority.starts_with('[')) {
    host_end = authority.find(']');
    if (host_end == std::string_view::npos) return std::nullopt;
    url.host = authority.substr(1, host_end - 1);
    if (!is_ipv6(url.host)) return std::nullopt;
    ++host_end;
  } else {
    url.host = authority.substr(0, host_end);
  }
  if (url.host.empty()) return std::nullopt;
  auto const port = authority.substr(host_end);
  if (!port.empty() && (port.front() != ':' || !is_port(port.substr(1)))) return std::nullopt;
  url.port = port.empty() ? (url.tls ? "443" : "80") : port.substr(1);
  return url;
}

}  // namespace florin::sagas
