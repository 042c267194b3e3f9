#include "api/cli/command.h"
#include "api/config.h"
#include "api/serve.h"

namespace florin::api::cli {
namespace {

struct ServeArguments {
  std::string data;
  std::string listen;
  std::string config;
  std::vector<std::string> settings;  // "key=value"
};

int run_serve(Invocation const& invocation, ServeArguments const& arguments) {
  ConfigSources sources;
  sources.environment = process_environment;
  if (!arguments.config.empty()) sources.file = arguments.config;
  if (!arguments.data.empty()) sources.flags.emplace_back("data", arguments.data);
  if (!arguments.listen.empty()) sources.flags.emplace_back("listen", arguments.listen);
  for (auto const& setting : arguments.settings) {
    auto const equals = setting.find('=');
    if (equals == std::string::npos) return complain(invocation, kUsage, "--set " + setting + ": write KEY=VALUE");
    sources.flags.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  auto const config = load_config(sources);
  if (!config) return complain(invocation, kUsage, config.error());
  auto const served = serve(config.value(), invocation.json ? StartLine::json : StartLine::text);
  // A folder that could not even be made, such as one on a disk that is not mounted, is one that is not there.
  std::error_code error;
  bool const unmade = served.code == kUsage && !std::filesystem::exists(config.value().data, error);
  auto const code = unmade ? kUnreachable : served.code;
  if (invocation.json && code != kOk) print_json_error(code, served.why);
  return code;
}

}  // namespace

void add_serve_command(CLI::App& app, Invocation& invocation) {
  auto const arguments = std::make_shared<ServeArguments>();
  auto const examples = R"(Examples:
  florin serve --data /var/lib/florin --listen 127.0.0.1:8080
  FLORIN_ADMIN_TOKEN=$(openssl rand -hex 32) florin serve --data ./data
  florin serve --config florin.toml --set limits.enabled=false
  florin serve --data ./data --json        # the line that says where it listens, or why it does not, as JSON

Settings (TOML key, default, meaning). The environment variable of a key is FLORIN_ and the key in capitals with _
for the dot: FLORIN_SERVER_IO_THREADS. The command line beats the environment, which beats the file.
)" + settings_help();
  auto* command = add_command(app, invocation, "serve", "Run the server", examples,
                              [&invocation, arguments] { return run_serve(invocation, *arguments); });
  command->add_option("--data", arguments->data, "folder of the data; made when absent");
  command->add_option("--listen", arguments->listen, "HOST:PORT to listen on");
  add_variable_option(*command, invocation, "--config", "FLORIN_CONFIG", arguments->config, "TOML file",
                      Need::optional);
  command->add_option("--set", arguments->settings, "any setting, as KEY=VALUE")->allow_extra_args(false);
}

}  // namespace florin::api::cli
