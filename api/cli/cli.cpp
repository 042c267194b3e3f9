#include "api/cli/cli.h"

#include <algorithm>
#include <exception>
#include <sstream>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "api/cli/command.h"
#include "api/config.h"
#include "api/http/nearest_name.h"
#include "domain/utf8.h"

namespace florin::api::cli {
namespace {

constexpr char const* kExamples = R"(Examples:
  florin serve --data /var/lib/florin --listen 127.0.0.1:8080
  florin game create --name "Knights" --currency Gold:GLD:100.00 --status live --sandbox
  florin game list
  florin player balance ada@example.com --key ivsdk_...
  florin payout list --status requested
  florin log tail --data /var/lib/florin --follow
  florin log show txn_000000000002G --data /var/lib/florin
  florin audit verify --data /var/lib/florin
  florin audit at 2026-11-20T12:00:00Z --data /var/lib/florin
  florin projection rebuild history
  florin bench replay --data /var/lib/florin)";

std::string exit_codes_help() {
  std::string out = "Exit codes:\n";
  for (auto const& [code, meaning] : kExitMeanings) out += "  " + std::to_string(code) + "  " + meaning + "\n";
  return out;
}

// Examples (kept as the footer) come first: they are what most readers of a help page are looking for.
class ExamplesFirst final : public CLI::Formatter {
 public:
  std::string make_help(CLI::App const* app, std::string name, CLI::AppFormatMode mode) const override {
    if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
    return app->get_footer() + "\n\n" + make_description(app) + make_usage(app, std::move(name)) +
           make_positionals(app) + make_groups(app, mode) + make_subcommands(app, mode) + "\n" + exit_codes_help();
  }
};

std::vector<CLI::App const*> commands_of(CLI::App const& app) {
  return app.get_subcommands([](CLI::App const*) { return true; });
}

std::string name_of(CLI::App const& app) {
  return app.get_parent() == nullptr ? app.get_name() : name_of(*app.get_parent()) + " " + app.get_name();
}

// A word where a command should be, or none where one is needed. CLI11 would only say that a subcommand is required.
std::optional<std::string> wrong_command(CLI::App const& app, int count, char const* const* words) {
  auto const* at = &app;
  for (int i = 1;; ++i) {
    auto const commands = commands_of(*at);
    if (commands.empty()) return std::nullopt;
    std::vector<std::string> names;
    names.reserve(commands.size());
    for (auto const* command : commands) names.push_back(command->get_name());
    std::vector<std::string_view> const known(names.begin(), names.end());
    if (i >= count) return name_of(*at) + " needs a command: " + nearest_hint("", known);
    std::string const word = words[i];
    if (word.starts_with('-')) {
      if (at->get_option_no_throw(word) != nullptr) return std::nullopt;  // --help
      return word + " is no option of " + name_of(*at) + ": options follow the command";
    }
    auto const found =
        std::find_if(commands.begin(), commands.end(), [&](auto const* one) { return one->get_name() == word; });
    if (found == commands.end()) {
      return "'" + word + "' is no command of " + name_of(*at) + ": " + nearest_hint(word, known);
    }
    at = *found;
  }
}

// What CLI11 says, but with the nearest option for one that there is not: a required one that seems to be missing may
// be that one, mistyped.
std::string words_of(CLI::ParseError const& error, CLI::App& app) {
  bool const missing = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
  if (!missing && error.get_exit_code() != static_cast<int>(CLI::ExitCodes::ExtrasError)) return error.what();
  auto* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().back();
  // The command hands on what it does not know, so its parents' are asked, too.
  std::vector<std::string> extra;
  for (auto* at = command; extra.empty() && at != nullptr; at = at->get_parent()) extra = at->remaining();
  if (extra.empty()) return error.what();
  auto const found = std::find_if(extra.begin(), extra.end(), [](auto const& one) { return one.starts_with('-'); });
  if (found == extra.end() && missing) return error.what();
  if (found == extra.end()) return "'" + extra.front() + "' is one word too many for " + name_of(*command);
  auto const word = found->substr(0, found->find('='));
  std::vector<std::string> names;
  for (auto const* option : command->get_options([](CLI::Option const*) { return true; })) {
    for (auto const& name : option->get_lnames()) names.push_back("--" + name);
    for (auto const& name : option->get_snames()) names.push_back("-" + name);
  }
  std::vector<std::string_view> const known(names.begin(), names.end());
  return word + " is no option of " + name_of(*command) + ": " + nearest_hint(word, known);
}

// Of variables that nothing reads only those that look like ours: the rest is somebody else's, and the server says so.
void remark_mistyped_variables() {
  for (auto const& variable : unknown_variables(process_environment_names())) {
    if (variable.nearest) remark(describe(variable));
  }
}

// What the shell passes comes as bytes: a name that is not UTF-8 would be written into requests, logs and file names.
// Empty: all of it is UTF-8.
std::string wrong_text(int argc, char const* const* argv) {
  for (int i = 1; i < argc; ++i) {
    if (!domain::is_utf8(argv[i])) return "argument " + std::to_string(i) + " is not UTF-8";
  }
  for (char const* const* each = environ; each != nullptr && *each != nullptr; ++each) {
    std::string_view const variable(*each);
    if (variable.starts_with("FLORIN_") && !domain::is_utf8(variable)) {
      return "the environment's " + domain::repaired_utf8(variable.substr(0, variable.find('='))) + " is not UTF-8";
    }
  }
  return {};
}

}  // namespace
}  // namespace florin::api::cli

namespace florin::api {

int run(int argc, char** argv) {
  using namespace cli;
  std::vector<std::string_view> const words(argv + std::min(argc, 1), argv + argc);
  auto const asks_for_json = [&] { return std::find(words.begin(), words.end(), "--json") != words.end(); };
  Invocation invocation;
  if (auto const wrong = wrong_text(argc, argv); !wrong.empty()) {
    auto const what = wrong + ". Set the terminal to UTF-8 and type it again.";
    invocation.json = asks_for_json();
    return complain(invocation, kUsage, what);
  }
  CLI::App app("Florin: a self-hosted ledger and payments server for game currencies.", "florin");
  auto const formatter = std::make_shared<ExamplesFirst>();
  formatter->column_width(34);
  app.formatter(formatter);
  app.footer(kExamples);
  app.set_version_flag("--version", std::string("florin ") + FLORIN_VERSION);
  app.require_subcommand(1);
  add_serve_command(app, invocation);
  add_game_commands(app, invocation);
  add_player_commands(app, invocation);
  add_payout_commands(app, invocation);
  add_clock_commands(app, invocation);
  add_projection_commands(app, invocation);
  add_log_commands(app, invocation);
  add_audit_commands(app, invocation);
  add_keys_commands(app, invocation);
  add_bench_commands(app, invocation);
  auto const usage = [&](std::string const& what) {
    invocation.json = asks_for_json();
    auto const code = complain(invocation, kUsage, what);
    remark("run it with --help to see how it is used");
    return code;
  };
  if (auto const wrong = wrong_command(app, argc, argv)) return usage(*wrong);
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    if (error.get_exit_code() != 0) return usage(words_of(error, app));
    // Help and the version are "errors" with code 0.
    std::ostringstream out;
    app.exit(error, out, out);
    return print(out.str()) ? kOk : kUnreachable;
  }
  if (auto const wrong = read_variables(invocation)) return usage(*wrong);
  if (invocation.command->get_name() != "serve") remark_mistyped_variables();
  try {
    return invocation.action();
  } catch (std::exception const& error) {
    return complain(invocation, kCheckFailed, error.what());
  }
}

}  // namespace florin::api
