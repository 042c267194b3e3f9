#include "api/cli/cli.h"

#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "api/cli/command.h"
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

constexpr char const* kExitCodes =
    "Exit codes: 0 ok, 1 a check failed, 2 usage, 3 the server or folder is unreachable, 4 conflict.";

// Examples (kept as the footer) come first: they are what most readers of a help page are looking for.
class ExamplesFirst final : public CLI::Formatter {
 public:
  std::string make_help(CLI::App const* app, std::string name, CLI::AppFormatMode mode) const override {
    if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
    return app->get_footer() + "\n\n" + make_description(app) + make_usage(app, std::move(name)) +
           make_positionals(app) + make_groups(app, mode) + make_subcommands(app, mode) + "\n" + kExitCodes + "\n";
  }
};

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
  if (auto const wrong = wrong_text(argc, argv); !wrong.empty()) {
    std::fprintf(stderr, "florin: %s. Set the terminal to UTF-8 and type it again.\n", wrong.c_str());
    return kUsage;
  }
  Invocation invocation;
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
  add_projection_commands(app, invocation);
  add_log_commands(app, invocation);
  add_audit_commands(app, invocation);
  add_bench_commands(app, invocation);
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    // Help and the version are "errors" with code 0; the library's other codes are ours as one: usage.
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  try {
    return invocation.action();
  } catch (std::exception const& error) {
    std::fprintf(stderr, "florin: %s\n", error.what());
    return kCheckFailed;
  }
}

}  // namespace florin::api
