// Prints the table of routes as JSON, for assemble.py: the part of the OpenAPI document that the rows decide.
#include <algorithm>
#include <cstdio>

#include "api/game_json.h"
#include "api/routes/route.h"
#include "domain/contract.h"

namespace florin::api {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

// In the order of the enumerations.
constexpr std::string_view kWho[] = {"game", "operators", "provider", "link", "anybody"};
constexpr std::string_view kBody[] = {"none", "ignored", "optional_json", "json", "form", "text"};
constexpr std::string_view kWhere[] = {"environments", "sandbox", "process"};

template <class Enum, std::size_t N>
std::string_view name_of(std::string_view const (&names)[N], Enum value) {
  FLORIN_ASSERT(static_cast<std::size_t>(value) < N);
  return names[static_cast<std::size_t>(value)];
}

void write_row(JsonWriter& json, Where where, Route const& route) {
  json.begin_object();
  json.string("operation", route.operation);
  json.string("method", lower(method_name(route.method)));
  json.string("path", route.path);
  json.string("where", name_of(kWhere, where));
  json.string("who", name_of(kWho, route.who));
  json.string("body", name_of(kBody, route.accepts.body));
  json.begin_array("query");
  for (auto const name : route.accepts.query) {
    if (!name.empty()) json.string(name);
  }
  json.end_array();
  json.boolean("min_position", route.accepts.min_position);
  json.begin_array("limits");
  for (auto const& limit : route.accepts.limits) {
    if (limit.kind) json.string(limit_name(*limit.kind));
  }
  json.end_array();
  json.end_object();
}

}  // namespace
}  // namespace florin::api

int main() {
  using namespace florin::api;
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (auto const& group : all_routes()) {
    for (auto const& route : group.routes) write_row(json, group.where, route);
  }
  json.end_array();
  return std::puts(out.c_str()) < 0 ? 1 : 0;
}
