// The routes and their description agree: what a handler asks a request for is what the OpenAPI document lists, and the
// reverse. Each handler is given the document's own examples. That every row has a description and every description a
// row is checked by the build (api/openapi/assemble.py); the replies are checked by the contract tests.
#include "tests/api/route_document.h"

#include "tests/api/route_scene.h"

namespace florin::api {
namespace {

namespace dom = simdjson::dom;

// Required by the contract; the server takes its absence for "yes", as it always did.
Names const kNotMissed{"universal_transfers"};
// Refused, with a word of advice, and no field of the call.
Names const kNamesToRefuse{"currencies"};

// What is wrong with a row's request, by its document; every one must be refused, with the field's name.
struct Wrong {
  std::string field;
  std::string body;
};

class DocumentedRoutes : public RouteDocument {
 protected:
  // An example of the parameter, or some value that its schema allows.
  [[nodiscard]] std::string example_of(dom::element parameter) const {
    auto const schema = resolve(parameter["schema"].value());
    for (auto const& found :
         {parameter["example"], schema["examples"].at(0), schema["enum"].at(0), schema["const"], schema["minimum"]}) {
      dom::element value;
      if (found.get(value) == simdjson::SUCCESS) {
        return value.is_string() ? std::string(value.get_string().value()) : simdjson::minify(value);
      }
    }
    return "1";
  }

  // What the document says must not be sent: a required field that is missing, one of another type, and one that is
  // longer or larger than allowed.
  [[nodiscard]] std::vector<Wrong> wrong_bodies(dom::element schema, dom::object example) const;
};

// Letters of an e-mail or a phone that a query holds encoded only.
std::string encoded(std::string_view text) {
  std::string out;
  for (char const letter : text) out += letter == '+' ? "%2B" : letter == '@' ? "%40" : std::string(1, letter);
  return out;
}

std::vector<Wrong> DocumentedRoutes::wrong_bodies(dom::element schema, dom::object example) const {
  std::vector<Wrong> wrong;
  dom::array required;
  if (schema["required"].get(required) == simdjson::SUCCESS) {
    for (auto const field : required) {
      std::string const name(field.get_string().value());
      if (!kNotMissed.contains(name)) wrong.push_back({name, changed(example, name, std::nullopt)});
    }
  }
  for (auto const property : dom::object(schema["properties"].value())) {
    std::string const name(property.key);
    auto const field = resolve(property.value);
    std::string_view type;
    if (field["type"].get(type) != simdjson::SUCCESS) continue;
    wrong.push_back({name, changed(example, name, type == "boolean" ? "\"yes\"" : "false")});
    std::int64_t most = 0;
    if (field["maxLength"].get(most) == simdjson::SUCCESS) {
      wrong.push_back(
          {name, changed(example, name, "\"" + std::string(static_cast<std::size_t>(most) + 1, 'a') + "\"")});
    }
    if (field["maximum"].get(most) == simdjson::SUCCESS) {
      wrong.push_back({name, changed(example, name, std::to_string(most + 1))});
    }
    if (field["minimum"].get(most) == simdjson::SUCCESS) {
      wrong.push_back({name, changed(example, name, std::to_string(most - 1))});
    }
  }
  return wrong;
}

TEST_F(DocumentedRoutes, WhatTheDocumentForbidsIsRefusedWithTheFieldsName) {
  RouteScene scene(false);
  auto const key = scene.make_game();
  Asking list;
  list.token = RouteScene::kAdminToken;
  auto const game = text_of(scene.ask("listGames", list).body, "game_id");
  std::size_t tried = 0;
  for (auto const& group : all_routes()) {
    for (auto const& route : group.routes) {
      if (route.accepts.body != Body::json && route.accepts.body != Body::optional_json) continue;
      auto const described = operation(route);
      auto const schema = resolve(described["requestBody"]["content"]["application/json"]["schema"].value());
      Asking asking;
      if (route.who == Who::game) asking.key = key;
      if (route.who == Who::operators) asking.token = RouteScene::kAdminToken;
      dom::array parameters;
      if (described["parameters"].get(parameters) == simdjson::SUCCESS) {
        for (auto const named : parameters) {
          auto const parameter = resolve(named);
          bool const in_path = parameter["in"].get_string().value() == "path";
          bool const is_game = parameter["name"].get_string().value() == "id";
          if (in_path) asking.path.push_back(is_game ? game : encoded(example_of(parameter)));
        }
      }
      for (auto& [field, body] : wrong_bodies(schema, schema["examples"].at(0).value())) {
        SCOPED_TRACE(std::string(route.operation) + " " + body.substr(0, 400));
        asking.body = std::move(body);
        auto const response = scene.ask(route.operation, asking);
        EXPECT_EQ(response.status, 400) << response.body;
        // The rules of the ledger name it in their message.
        bool const names_it =
            text_of(response.body, "field") == field || text_of(response.body, "message").starts_with(field + " ");
        EXPECT_TRUE(names_it) << field << " " << response.body;
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 300u);
}

TEST_F(DocumentedRoutes, AHandlerAsksForTheNamesThatAreDocumented) {
  RouteScene scene(false);
  auto const key = scene.make_game();
  Asking list;
  list.token = RouteScene::kAdminToken;
  auto const game = text_of(scene.ask("listGames", list).body, "game_id");
  std::size_t bodies = 0;
  for (auto const& group : all_routes()) {
    for (auto const& route : group.routes) {
      // What a page asks for depends on where its visit stands.
      if (route.who == Who::link || route.who == Who::provider) continue;
      SCOPED_TRACE(std::string(route.operation));
      auto const described = operation(route);
      Names documented;
      Asking asking;
      std::vector<std::string> asked;
      asking.names_asked = &asked;
      if (route.who == Who::game) asking.key = key;
      if (route.who == Who::operators) asking.token = RouteScene::kAdminToken;
      dom::array parameters;
      if (described["parameters"].get(parameters) == simdjson::SUCCESS) {
        for (auto const named : parameters) {
          auto const parameter = resolve(named);
          std::string const name(parameter["name"].get_string().value());
          std::string_view const in = parameter["in"].get_string().value();
          auto const example = encoded(example_of(parameter));
          if (in == "path") asking.path.push_back(name == "id" ? game : example);
          if (in != "query") continue;
          documented.insert(name);
          asking.query += (asking.query.empty() ? "" : "&") + name + "=" + example;
        }
      }
      dom::element schema;
      bool const has_body =
          described["requestBody"]["content"]["application/json"]["schema"].get(schema) == simdjson::SUCCESS;
      EXPECT_EQ(has_body, route.accepts.body == Body::json || route.accepts.body == Body::optional_json);
      std::vector<std::string> examples{""};
      if (has_body) {
        ++bodies;
        add_fields(schema, "", documented);
        examples.clear();
        for (auto const example : dom::array(resolve(schema)["examples"].value())) {
          examples.push_back(simdjson::minify(example));
        }
      }

      Response response;
      for (auto const& example : examples) {
        asking.body = example;
        response = scene.ask(route.operation, asking);
        EXPECT_NE(response.status, 500) << response.body;
      }
      Names names(asked.begin(), asked.end());
      for (auto const& name : kNamesToRefuse) {
        if (!documented.contains(name)) names.erase(name);
      }
      // Of an object that no example has, nothing is asked.
      std::erase_if(documented, [&](std::string const& name) {
        auto const outer = name.substr(0, name.find_first_of(".["));
        return outer != name && asking.body.find("\"" + outer + "\"") == std::string::npos;
      });
      EXPECT_EQ(names, documented) << response.status << " " << response.body << "\n" << asking.body;
    }
  }
  EXPECT_GT(bodies, 30u);
}

}  // namespace
}  // namespace florin::api
