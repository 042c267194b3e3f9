// The OpenAPI document, as the tests of the routes read it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "api/routes/route.h"

namespace florin::api {

using Names = std::set<std::string, std::less<>>;

// The object with this member changed, or without it.
[[nodiscard]] std::string changed(simdjson::dom::object object, std::string_view name,
                                  std::optional<std::string> const& value);

class RouteDocument : public ::testing::Test {
 protected:
  RouteDocument() { root_ = parser_.load(FLORIN_OPENAPI); }

  // Follows a $ref, if there is one.
  [[nodiscard]] simdjson::dom::element resolve(simdjson::dom::element node) const;
  // The operation of the row; its path stands in the document as it stands in the row.
  [[nodiscard]] simdjson::dom::element operation(Route const& route) const;
  // Adds every field that an object of this schema may have, with its path: "bank.routing_number".
  void add_fields(simdjson::dom::element named, std::string const& path, Names& fields) const;

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

}  // namespace florin::api
