#include "api/cli/command.h"

#include <algorithm>
#include <cstdio>

#include "api/http/json.h"

namespace florin::api::cli {
namespace {

constexpr ExitCode exit_of(eventstore::Fault::Kind kind) {
  using Kind = eventstore::Fault::Kind;
  switch (kind) {
    case Kind::io:
    case Kind::full: return kUnreachable;
    case Kind::corrupt: return kCheckFailed;
    case Kind::conflict: return kConflict;
    case Kind::missing: return kUsage;
    case Kind::unknown: return kCheckFailed;
  }
  return kCheckFailed;
}

std::size_t width(std::string const& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // not a UTF-8 continuation byte
  }));
}

}  // namespace

ExitCode exit_code_of(eventstore::Fault::Kind kind) { return exit_of(kind); }

CLI::App* add_command(CLI::App& group, Invocation& invocation, std::string name, std::string description,
                      std::string const& examples, std::function<int()> action) {
  auto* command = group.add_subcommand(std::move(name), std::move(description));
  command->footer(examples);
  command->add_flag("--json", invocation.json, "one JSON object a line instead of text");
  command->callback([&invocation, action = std::move(action)] { invocation.action = action; });
  return command;
}

CLI::App* add_group(CLI::App& app, std::string name, std::string description, std::string const& examples) {
  auto* group = app.add_subcommand(std::move(name), std::move(description));
  group->footer(examples);
  group->require_subcommand(1);
  return group;
}

void add_server_options(CLI::App& command, Invocation& invocation) {
  command.add_option("--server", invocation.server, "the running server's URL")
      ->envname("FLORIN_SERVER")
      ->capture_default_str();
  command.add_flag("--sandbox", invocation.sandbox, "the sandbox instead of production");
}

void add_data_options(CLI::App& command, Invocation& invocation) {
  command.add_option("--data", invocation.data, "the server's data folder")->envname("FLORIN_DATA")->required();
  command.add_flag("--sandbox", invocation.sandbox, "the sandbox instead of production");
}

int complain(Invocation const& invocation, ExitCode code, std::string_view message) {
  std::fprintf(stderr, "florin: %.*s\n", static_cast<int>(message.size()), message.data());
  if (invocation.json) {
    std::string line;
    JsonWriter json(line);
    json.begin_object();
    json.string("status", "error");
    json.integer("exit_code", int{code});
    json.string("message", message);
    json.end_object();
    (void)print(line + '\n');
  }
  return code;
}

int complain(Invocation const& invocation, eventstore::Fault const& fault) {
  return complain(invocation, exit_code_of(fault.kind), fault.what);
}

std::string grouped(std::uint64_t number) {
  auto digits = std::to_string(number);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
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

bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

}  // namespace florin::api::cli
