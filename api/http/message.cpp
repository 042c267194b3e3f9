#include "api/http/message.h"

#include <algorithm>

#include "api/http/field_value.h"
#include "domain/percent.h"
#include "domain/utf8.h"

namespace florin::api {
std::string_view method_name(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::del: return "DELETE";
    case Method::other:
    case Method::unknown: return "OTHER";
  }
  return "OTHER";
}

std::optional<std::string> Request::query_value(std::string_view name) const {
  if (names_asked != nullptr) names_asked->emplace_back(name);
  std::string_view rest = query;
  while (!rest.empty()) {
    std::size_t const end = rest.find('&');
    std::string_view const pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    std::size_t const equals = pair.find('=');
    // Names are ours and plain: an encoded name is another name.
    if (pair.substr(0, equals) != name) continue;
    return domain::percent_decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1),
                                  domain::Plus::is_blank);
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

std::string_view bearer_token(std::string_view authorization) {
  auto const blank = std::min(authorization.find(' '), authorization.size());
  if (!iequals(authorization.substr(0, blank), "bearer")) return {};
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' ', blank), authorization.size()));
  return authorization;
}

bool names_tag(std::string_view if_none_match, std::string_view tag) {
  if (if_none_match == "*") return true;
  while (!if_none_match.empty()) {
    auto each = take_element(if_none_match);
    if (each.starts_with("W/")) each.remove_prefix(2);
    if (each == tag) return true;
  }
  return false;
}

void append_request_id(std::string& out, std::uint64_t id) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kHex[(id >> shift) & 15]);
}

// As a whole: '/', '&' and '=' are ASCII, so none of them can complete a character that was cut short.
bool is_readable(std::string_view path_or_query) {
  if (path_or_query.find('%') == std::string_view::npos) return domain::is_utf8(path_or_query);
  auto const decoded = domain::percent_decode(path_or_query);
  return decoded && domain::is_utf8(*decoded);
}

}  // namespace florin::api
