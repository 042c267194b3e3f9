#include "tests/api/route_document.h"

#include <algorithm>

namespace florin::api {

namespace dom = simdjson::dom;

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

}  // namespace

std::string changed(dom::object object, std::string_view name, std::optional<std::string> const& value) {
  std::string out;
  bool found = false;
  auto const add = [&](std::string_view key, std::string_view json) {
    out.append(out.empty() ? "{\"" : ",\"").append(key).append("\":").append(json);
  };
  for (auto const member : object) {
    bool const is_it = member.key == name;
    found = found || is_it;
    if (!is_it) add(member.key, simdjson::minify(member.value));
    if (is_it && value) add(name, *value);
  }
  if (!found && value) add(name, *value);
  return (out.empty() ? "{" : out) + "}";
}

dom::element RouteDocument::resolve(dom::element node) const {
  std::string_view reference;
  if (node.is_object() && node["$ref"].get(reference) == simdjson::SUCCESS) {
    return resolve(root_.at_pointer(reference.substr(1)));
  }
  return node;
}

dom::element RouteDocument::operation(Route const& route) const {
  return root_["paths"][route.path][lower(method_name(route.method))];
}

void RouteDocument::add_fields(dom::element named, std::string const& path, Names& fields) const {
  auto const schema = resolve(named);
  dom::array parts;
  if (schema["allOf"].get(parts) == simdjson::SUCCESS) {
    for (auto const part : parts) add_fields(part, path, fields);
  }
  dom::object properties;
  if (schema["properties"].get(properties) != simdjson::SUCCESS) return;
  for (auto const property : properties) {
    auto const name = path + std::string(property.key);
    fields.insert(name);
    auto const inner = resolve(property.value);
    add_fields(inner, name + ".", fields);
    dom::element items;
    if (inner["items"].get(items) == simdjson::SUCCESS) add_fields(items, name + "[0].", fields);
  }
}

}  // namespace florin::api
