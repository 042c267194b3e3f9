// Single members of a reply's JSON, as a client that knows the contract finds them.
#pragma once

#include <string>
#include <string_view>

namespace florin::simulation {

// The value of the first member of this name, a text; empty: there is none.
inline std::string text_member(std::string_view json, std::string_view name) {
  auto const start = "\"" + std::string(name) + "\":\"";
  auto const at = json.find(start);
  if (at == std::string_view::npos) return {};
  auto const from = at + start.size();
  return std::string(json.substr(from, json.find('"', from) - from));
}

}  // namespace florin::simulation
