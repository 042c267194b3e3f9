#include "api/http/router.h"

#include <string>
#include <utility>
#include <vector>

#include "domain/contract.h"

namespace florin::api {
namespace {

constexpr std::array kRoutable = {Method::get, Method::post, Method::put, Method::patch, Method::del};

constexpr std::size_t slot(Method method) { return static_cast<std::size_t>(method); }

// Takes the first segment off "/a/b": returns "a", leaves "/b".
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  std::string_view const segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

template <class T>
T const* longest_prefix(std::vector<std::pair<std::string, T>> const& all, std::string_view path) {
  std::pair<std::string, T> const* found = nullptr;
  for (auto const& each : all) {
    if (!path.starts_with(each.first) || (found != nullptr && each.first.size() < found->first.size())) continue;
    found = &each;
  }
  return found != nullptr ? &found->second : nullptr;
}

}  // namespace

struct Router::Node {
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;  // few: a scan is quicker than a hash
  std::unique_ptr<Node> name;
  // Of the pattern that ends here; empty when none does.
  std::string pattern;
  std::string allow;
  struct Route {
    Handler handler;
    std::size_t body_limit = kBodyLimit;
    Takes takes = Takes::json;
  };
  std::array<Route, kRoutable.size()> routes;

  Node& child(std::string_view segment) {
    if (segment.starts_with('{')) {
      if (!name) name = std::make_unique<Node>();
      return *name;
    }
    for (auto& [text, node] : literals) {
      if (text == segment) return *node;
    }
    return *literals.emplace_back(segment, std::make_unique<Node>()).second;
  }

  // Depth is bounded by the deepest pattern.
  Node const* find(std::string_view path, PathValues& values) const {
    if (path.empty()) return pattern.empty() ? nullptr : this;
    std::string_view const segment = take_segment(path);
    for (auto const& [text, node] : literals) {
      if (text != segment) continue;
      if (Node const* const found = node->find(path, values)) return found;
      break;
    }
    if (!name || segment.empty()) return nullptr;
    values.values[values.count++] = segment;
    if (Node const* const found = name->find(path, values)) return found;
    --values.count;
    return nullptr;
  }
};

Router::Router(RouterOptions options) : options_(options), root_(std::make_unique<Node>()) {
  for (auto const& header : options_.own_headers) FLORIN_ASSERT(header.place < kOwnHeadersMax);
}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Method method, std::string_view pattern, Handler handler, std::size_t body_limit, Takes takes) {
  FLORIN_ASSERT(pattern.starts_with('/') && method != Method::other && method != Method::unknown);
  Node* node = root_.get();
  std::size_t names = 0;
  for (std::string_view rest = pattern; !rest.empty();) {
    std::string_view const segment = take_segment(rest);
    if (segment.starts_with('{')) ++names;
    node = &node->child(segment);
  }
  FLORIN_ASSERT(names <= PathValues{}.values.size());
  FLORIN_ASSERT(!node->routes[slot(method)].handler);
  node->routes[slot(method)] = {std::move(handler), body_limit, takes};
  if (node->pattern.empty()) node->pattern = pattern;
  node->allow.clear();
  for (Method const each : kRoutable) {
    if (!node->routes[slot(each)].handler) continue;
    if (!node->allow.empty()) node->allow += ", ";
    node->allow += each == Method::get ? "GET, HEAD" : method_name(each);
  }
}

void Router::add_clock(std::string_view prefix, eventstore::Clock const& clock) {
  clocks_.emplace_back(prefix, &clock);
}

eventstore::Clock const* Router::clock_of(std::string_view path) const {
  auto const* const found = longest_prefix(clocks_, path);
  return found != nullptr ? *found : nullptr;
}

void Router::add_gate(std::string_view prefix, Gate gate) { gates_.emplace_back(prefix, std::move(gate)); }

Gate const* Router::gate_of(std::string_view path) const { return longest_prefix(gates_, path); }

Router::Match Router::find(Method method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  Node const* const node = root_->find(path, match.values);
  if (node == nullptr) return match;
  match.route = node->pattern;
  match.allow = node->allow;
  if (method == Method::other || method == Method::unknown) return match;
  if (auto const& route = node->routes[slot(method)]; route.handler) {
    match.handler = &route.handler;
    match.body_limit = route.body_limit;
    match.takes = route.takes;
  }
  return match;
}

}  // namespace florin::api
