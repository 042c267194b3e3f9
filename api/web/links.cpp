#include "api/web/links.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <arpa/inet.h>

#include "domain/digits.h"

namespace florin::api {
namespace {

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_hex(char c) { return domain::is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

// Path, query and fragment: unreserved, reserved or an escape; one '#'. Brackets belong to hosts only.
bool is_rest(std::string_view text) {
  constexpr std::string_view kMarks = "-._~:/?@!$&'()*+,;=";
  bool fragment = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
    } else if (c == '#') {
      if (fragment) return false;
      fragment = true;
    } else if (!is_letter(c) && !domain::is_digit(c) && kMarks.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// A name of letters, digits and inner dashes. A last label that a browser would read as a number must be part of a
// plain IPv4 address: "2130706433" and "0x7f.1" are addresses to a browser and names to others.
std::optional<std::string> read_host(std::string_view text) {
  if (text.empty() || text.size() > 253) return std::nullopt;
  std::string host = lower(text);
  std::string_view last;
  for (std::string_view rest = host;;) {
    auto const dot = rest.find('.');
    last = rest.substr(0, dot);
    bool const sound =
        !last.empty() && last.size() <= 63 && last.front() != '-' && last.back() != '-' &&
        std::all_of(last.begin(), last.end(), [](char c) { return is_letter(c) || domain::is_digit(c) || c == '-'; });
    if (!sound) return std::nullopt;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  bool const number = std::all_of(last.begin(), last.end(), domain::is_digit) ||
                      (last.starts_with("0x") && std::all_of(last.begin() + 2, last.end(), is_hex));
  in_addr address{};
  if (number && inet_pton(AF_INET, host.c_str(), &address) != 1) return std::nullopt;
  return host;
}

std::optional<std::string> read_ipv6(std::string_view inside) {
  // A dotted tail is an IPv4 address in disguise, which browsers write in another way.
  if (inside.find('.') != std::string_view::npos) return std::nullopt;
  in6_addr address{};
  if (inet_pton(AF_INET6, std::string(inside).c_str(), &address) != 1) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(AF_INET6, &address, text.data(), text.size()) == nullptr) return std::nullopt;
  std::string_view const canonical(text.data());
  if (canonical.find('.') != std::string_view::npos) return std::nullopt;
  return "[" + std::string(canonical) + "]";
}

struct Link {
  bool tls = false;
  std::string host;
  std::string port;  // ":8443", or empty
  [[nodiscard]] bool local() const { return host == "localhost" || host == "127.0.0.1" || host == "[::1]"; }
};

std::optional<Link> read_link(std::string_view url) {
  if (url.size() > kLinkMax) return std::nullopt;
  Link link;
  auto const mark = url.find("://");
  if (mark > 5) return std::nullopt;  // or there is none
  std::string const scheme = lower(url.substr(0, mark));
  if (scheme != "https" && scheme != "http") return std::nullopt;
  link.tls = scheme == "https";
  url.remove_prefix(mark + 3);

  std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  if (!is_rest(url.substr(authority.size()))) return std::nullopt;

  std::optional<std::string> host;
  std::string_view port;
  if (authority.starts_with('[')) {
    auto const close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    host = read_ipv6(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
  } else {
    auto const colon = authority.find(':');
    host = read_host(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (!host) return std::nullopt;
  link.host = std::move(*host);

  if (!port.empty()) {
    if (port.size() < 2 || port.size() > 6 || port.front() != ':') return std::nullopt;
    std::uint32_t number = 0;
    for (char const c : port.substr(1)) {
      if (!domain::is_digit(c)) return std::nullopt;
      number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (number == 0 || number > 65'535) return std::nullopt;
    if (number != (link.tls ? 443U : 80U)) link.port = ":" + std::to_string(number);
  }
  return link;
}

}  // namespace

bool link_allowed(std::string_view url) {
  auto const link = read_link(url);
  return link && (link->tls || link->local());
}

std::string origin_of(std::string_view url) {
  auto const link = read_link(url);
  if (!link || !(link->tls || link->local())) return {};
  return (link->tls ? "https://" : "http://") + link->host + link->port;
}

bool onward_allowed(std::string_view url) {
  if (!url.starts_with('/') && !url.starts_with('?')) return read_link(url).has_value();
  return url.size() <= kLinkMax && !url.starts_with("//") && is_rest(url);
}

}  // namespace florin::api
