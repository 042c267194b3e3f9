#include "api/cli/json_view.h"

#include <algorithm>
#include <vector>

#include "api/cli/command.h"
#include "api/event_text.h"

namespace florin::api::cli {
namespace {

namespace dom = simdjson::dom;

// A server's text without anything that could steer the terminal.
std::string plain(std::string_view text) {
  auto const safe = terminal_quoted(text);
  return safe.substr(1, safe.size() - 2);
}

bool is_scalar(dom::element value) {
  return value.type() != dom::element_type::ARRAY && value.type() != dom::element_type::OBJECT;
}

std::string scalar(dom::element value) {
  switch (value.type()) {
    case dom::element_type::STRING: return plain(value.get_string().value_unsafe());
    case dom::element_type::INT64: return std::to_string(value.get_int64().value_unsafe());
    case dom::element_type::UINT64: return std::to_string(value.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE: return simdjson::minify(value);
    case dom::element_type::BOOL: return value.get_bool().value_unsafe() ? "yes" : "no";
    case dom::element_type::NULL_VALUE: return "-";
    case dom::element_type::ARRAY:
    case dom::element_type::OBJECT: return "";
  }
  return "";
}

std::string scalar_list(dom::array list) {
  std::string out;
  for (auto const item : list) out += (out.empty() ? "" : ", ") + scalar(item);
  return out.empty() ? "-" : out;
}

std::string table_of(dom::array list) {
  std::vector<std::vector<std::string>> rows(1);
  auto& head = rows.front();
  for (auto const item : list) {
    dom::object object;
    if (item.get_object().get(object) != simdjson::SUCCESS) continue;
    for (auto const field : object) {
      auto const name = std::string(field.key);
      if (is_scalar(field.value) && std::find(head.begin(), head.end(), name) == head.end()) head.push_back(name);
    }
  }
  auto const columns = head;
  for (auto& name : head) name = plain(name);
  for (auto const item : list) {
    std::vector<std::string> row;
    for (auto const& name : columns) row.push_back(scalar_text(item[name]));
    rows.push_back(std::move(row));
  }
  return table(rows, std::vector<bool>(columns.size()));
}

struct View {
  std::vector<std::vector<std::string>> fields;
  std::string tables;
};

void collect(dom::object object, std::string const& prefix, View& view) {
  for (auto const field : object) {
    auto const name = prefix + plain(field.key);
    dom::object inner;
    dom::array list;
    if (field.value.get_object().get(inner) == simdjson::SUCCESS) {
      collect(inner, name + ".", view);
    } else if (field.value.get_array().get(list) != simdjson::SUCCESS) {
      view.fields.push_back({name, scalar(field.value)});
    } else if (list.size() == 0 || is_scalar(list.at(0).value_unsafe())) {
      view.fields.push_back({name, scalar_list(list)});
    } else {
      view.tables += "\n" + name + "\n" + table_of(list);
    }
  }
}

}  // namespace

std::string scalar_text(simdjson::simdjson_result<dom::element> value) {
  dom::element element;
  if (value.get(element) != simdjson::SUCCESS) return "";
  return scalar(element);
}

std::string render(dom::element reply) {
  dom::object object;
  if (reply.get_object().get(object) != simdjson::SUCCESS) return scalar(reply) + '\n';
  View view;
  collect(object, "", view);
  return table(view.fields, {false, false}) + view.tables;
}

}  // namespace florin::api::cli
