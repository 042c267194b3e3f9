#include "api/http/message.h"

#include <algorithm>

namespace florin::api {
namespace {

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const letter = text[i];
    if (letter == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      int const high = hex_value(text[i + 1]);
      int const low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(plus_is_blank && letter == '+' ? ' ' : letter);
    }
  }
  return out;
}

}  // namespace

std::string_view method_name(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::del: return "DELETE";
    case Method::other: return "OTHER";
  }
  return "OTHER";
}

std::optional<std::string> Request::query_value(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    std::size_t const end = rest.find('&');
    std::string_view const pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    std::size_t const equals = pair.find('=');
    // Names are ours and plain: an encoded name is another name.
    if (pair.substr(0, equals) != name) continue;
    return decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
  }
  return std::nullopt;
}

std::optional<std::string_view> Request::unknown_query_name(std::span<std::string_view const> known) const {
  for (auto rest = query; !rest.empty();) {
    std::size_t const end = rest.find('&');
    auto const name = rest.substr(0, end).substr(0, rest.substr(0, end).find('='));
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (!name.empty() && std::find(known.begin(), known.end(), name) == known.end()) return name;
  }
  return std::nullopt;
}

void append_request_id(std::string& out, std::uint64_t id) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kHex[(id >> shift) & 15]);
}

// A '+' in a path is a plus sign: "a+b@example.com" is a legal address.
std::optional<std::string> percent_decode(std::string_view text) { return decode(text, false); }

}  // namespace florin::api
