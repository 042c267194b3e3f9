#include "api/cli/command.h"

#include <algorithm>
#include <cstdio>

#include "api/config.h"
#include "api/http/json.h"
#include "api/http/nearest_name.h"
#include "api/http/printable_text.h"
#include "domain/ids.h"
#include "domain/time.h"

namespace florin::api::cli {
namespace {

std::size_t width(std::string const& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // not a UTF-8 continuation byte
  }));
}

}  // namespace

CLI::App* add_command(CLI::App& group, Invocation& invocation, std::string name, std::string description,
                      std::string const& examples, std::function<int()> action) {
  auto* command = group.add_subcommand(std::move(name), std::move(description));
  command->footer(examples);
  command->add_flag("--json", invocation.json, "one JSON object a line instead of text");
  command->callback([&invocation, command, action = std::move(action)] {
    invocation.command = command;
    invocation.action = action;
  });
  return command;
}

CLI::App* add_group(CLI::App& app, std::string name, std::string description, std::string const& examples) {
  auto* group = app.add_subcommand(std::move(name), std::move(description));
  group->footer(examples);
  group->require_subcommand(1);
  return group;
}

CLI::Option* add_variable_option(CLI::App& command, Invocation& invocation, std::string name, char const* variable,
                                 std::string& value, std::string const& description, Need need) {
  auto* option = command.add_option(std::move(name), value, description + " (or " + variable + ")");
  invocation.variable_options.push_back({option, variable, &value, need == Need::required});
  return option;
}

std::optional<std::string> read_variables(Invocation const& invocation) {
  for (auto const& [option, variable, value, required] : invocation.variable_options) {
    auto const options = invocation.command->get_options();
    if (std::find(options.begin(), options.end(), option) == options.end() || option->count() > 0) continue;
    auto found = process_environment(variable);
    if (found && !found->empty()) {
      *value = *std::move(found);
    } else if (required) {
      return option->get_name() + " is required: give it, or " + variable;
    }
  }
  return std::nullopt;
}

void add_server_options(CLI::App& command, Invocation& invocation) {
  add_variable_option(command, invocation, "--server", "FLORIN_SERVER", invocation.server, "the running server's URL",
                      Need::optional)
      ->capture_default_str();
  command.add_flag("--sandbox", invocation.sandbox, "the sandbox instead of production");
}

void add_data_options(CLI::App& command, Invocation& invocation) {
  add_variable_option(command, invocation, "--data", "FLORIN_DATA", invocation.data, "the server's data folder",
                      Need::required);
  command.add_flag("--sandbox", invocation.sandbox, "the sandbox instead of production");
}

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  auto const wanted = "a whole number from " + grouped(least) + " to " + grouped(most);
  return CLI::Validator(
      [=](std::string const& text) {
        auto const number = text == "0" ? std::optional<std::uint64_t>(0) : domain::parse_number(text);
        return number && *number >= least && *number <= most ? std::string() : "'" + text + "' is not " + wanted;
      },
      std::to_string(least) + " to " + std::to_string(most));
}

CLI::Validator one_of(std::vector<std::string> words) {
  std::string listed;
  for (auto const& word : words) listed += (listed.empty() ? "" : ", ") + word;
  return CLI::Validator(
      [words = std::move(words), listed](std::string const& text) {
        if (std::find(words.begin(), words.end(), text) != words.end()) return std::string();
        std::vector<std::string_view> const known(words.begin(), words.end());
        auto const nearest = nearest_name(text, known);
        return "'" + text + "' is not one of " + listed +
               (nearest ? "; did you mean '" + std::string(*nearest) + "'?" : "");
      },
      listed);
}

CLI::Validator a_day() {
  return CLI::Validator(
      [](std::string const& text) {
        return domain::parse_iso8601(text + "T00:00:00Z") ? std::string()
                                                          : "'" + text + "' is not a day like 2026-11-20";
      },
      "YYYY-MM-DD");
}

int complain(Invocation const& invocation, ExitCode code, std::string_view message) {
  remark(message);
  if (invocation.json) print_json_error(code, message);
  return code;
}

void print_json_error(ExitCode code, std::string_view message) {
  std::string line;
  JsonWriter json(line);
  json.begin_object();
  json.string("status", "error");
  json.integer("exit_code", int{code});
  json.string("message", message);
  json.end_object();
  (void)print_json(line + '\n');
}

int complain(Invocation const& invocation, eventstore::Fault const& fault) {
  return complain(invocation, exit_code_of(fault.kind), fault.what);
}

void remark(std::string_view message) { std::fprintf(stderr, "florin: %s\n", printable_lines(message).c_str()); }

std::string grouped(std::uint64_t number) {
  auto digits = std::to_string(number);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
}

std::string counted(std::uint64_t number, std::string const& noun) {
  return grouped(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string table(std::vector<std::vector<std::string>> const& rows, std::vector<bool> const& right_aligned) {
  std::vector<std::size_t> widths(right_aligned.size());
  for (auto const& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (auto const& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      auto const blanks = std::string(widths[i] - width(row[i]), ' ');
      if (i != 0) line += "  ";
      line += right_aligned[i] ? blanks + row[i] : row[i] + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

bool print(std::string_view text) { return print_bytes(printable_lines(text)); }

bool print_json(std::string_view lines) { return print_bytes(printable_json(lines)); }

bool print(Invocation const& invocation, std::string_view text_or_json) {
  return invocation.json ? print_json(text_or_json) : print(text_or_json);
}

bool print_bytes(std::string_view bytes) {
  return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() && std::fflush(stdout) == 0;
}

}  // namespace florin::api::cli
