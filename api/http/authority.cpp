#include "api/http/authority.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include <arpa/inet.h>

#include "domain/digits.h"

namespace florin::api {
namespace {

bool is_hex(char c) { return domain::is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// RFC 3986, 2.2 and 2.3: unreserved and sub-delims, without the comma.
bool is_name_letter(char c) {
  constexpr std::string_view kMarks = "-._~!$&'()*+;=";
  return domain::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kMarks.find(c) != std::string_view::npos;
}

bool is_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_name_letter(text[i])) continue;
    if (text[i] != '%' || i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
    i += 2;
  }
  return !text.empty();
}

// What stands between the brackets. An IPvFuture address is nobody's yet, and refused.
bool is_ipv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return false;
  std::copy(text.begin(), text.end(), terminated.begin());
  in6_addr address{};
  return inet_pton(AF_INET6, terminated.data(), &address) == 1;
}

bool is_port(std::string_view text) {
  unsigned value = 0;
  for (char const c : text) {
    if (!domain::is_digit(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > 65535) return false;
  }
  return true;
}

}  // namespace

bool is_authority(std::string_view text) {
  std::size_t end = 0;
  bool host = false;
  if (text.starts_with('[')) {
    std::size_t const closing = text.find(']');
    if (closing == std::string_view::npos) return false;
    host = is_ipv6(text.substr(1, closing - 1));
    end = closing + 1;
  } else {
    end = std::min(text.find(':'), text.size());
    host = is_name(text.substr(0, end));
  }
  if (!host) return false;
  auto const rest = text.substr(end);
  return rest.empty() || (rest.starts_with(':') && is_port(rest.substr(1)));
}

}  // namespace florin::api
