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

bool is_scalar_list(dom::array list) { return list.size() == 0 || is_scalar(list.at(0).value_unsafe()); }

std::string scalar_list(dom::array list) {
  std::string out;
  for (auto const item : list) out += (out.empty() ? "" : ", ") + scalar(item);
  return out.empty() ? "-" : out;
}

using Row = std::vector<std::pair<std::string, std::string>>;  // column, cell

// An object's fields stand under a.b. A list of objects has no cell: it is in --json, and where one entry is shown.
void flatten(dom::object object, std::string const& prefix, Row& row) {
  for (auto const field : object) {
    auto const name = prefix + plain(field.key);
    dom::object inner;
    dom::array list;
    if (field.value.get_object().get(inner) == simdjson::SUCCESS) {
      flatten(inner, name + ".", row);
    } else if (field.value.get_array().get(list) != simdjson::SUCCESS) {
      row.emplace_back(name, scalar(field.value));
    } else if (is_scalar_list(list)) {
      row.emplace_back(name, scalar_list(list));
    }
  }
}

bool is_part_of(std::string_view column, std::string_view object) {
  return column.size() > object.size() && column.starts_with(object) && column[object.size()] == '.';
}

// In the order of the rows; a column that one row only has stands beside its object's others.
std::vector<std::string> columns_of(std::vector<Row> const& rows) {
  std::vector<std::string> columns;
  for (auto const& row : rows) {
    for (auto const& [name, cell] : row) {
      if (std::find(columns.begin(), columns.end(), name) != columns.end()) continue;
      auto const object = std::string_view(name).substr(0, name.rfind('.'));
      auto const beside = std::find_if(columns.rbegin(), columns.rend(), [&](auto const& column) {
        return object != name && (column == object || is_part_of(column, object));
      });
      columns.insert(beside == columns.rend() ? columns.end() : beside.base(), name);
    }
  }
  // What is null in one row and an object in another is the object's columns.
  std::vector<std::string> shown;
  for (auto const& column : columns) {
    if (std::none_of(columns.begin(), columns.end(), [&](auto const& other) { return is_part_of(other, column); })) {
      shown.push_back(column);
    }
  }
  return shown;
}

std::string cell_of(Row const& row, std::string const& column) {
  for (auto const& [name, cell] : row) {
    if (name == column || is_part_of(column, name)) return cell;
  }
  return {};
}

std::string table_of(dom::array list) {
  std::vector<Row> objects;
  for (auto const item : list) {
    dom::object object;
    if (item.get_object().get(object) == simdjson::SUCCESS) flatten(object, "", objects.emplace_back());
  }
  auto const columns = columns_of(objects);
  std::vector<std::vector<std::string>> rows{columns};
  for (auto const& object : objects) {
    auto& row = rows.emplace_back();
    for (auto const& column : columns) row.push_back(cell_of(object, column));
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
    } else if (is_scalar_list(list)) {
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
