// What the command files share: registration, options that a variable may give, exit codes of faults, small output.
// One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "api/layout.h"
#include "eventstore/fault.h"

namespace florin::api::cli {

// An option whose value may come from an environment variable: the flag beats the variable. CLI11's own envname() is
// not used, because it also fills the options of commands that were not named, and these share their variables.
struct VariableOption {
  CLI::Option* option;
  char const* variable;
  std::string* value;
  bool required;
};

// What one invocation asks for. Each leaf command sets `command` and `action`; run() calls the action after the
// arguments were accepted.
struct Invocation {
  CLI::App const* command = nullptr;
  std::function<int()> action;
  std::vector<VariableOption> variable_options;  // of all commands
  bool json = false;
  // Commands that ask a running server.
  std::string server = "http://127.0.0.1:8080";
  bool sandbox = false;
  // Commands that read a folder.
  std::string data;
};

// A leaf command: its options are added by the caller, `action` runs when it was named. `examples` come first in
// --help.
CLI::App* add_command(CLI::App& group, Invocation& invocation, std::string name, std::string description,
                      std::string const& examples, std::function<int()> action);
CLI::App* add_group(CLI::App& app, std::string name, std::string description, std::string const& examples);
void add_server_options(CLI::App& command, Invocation& invocation);
void add_data_options(CLI::App& command, Invocation& invocation);
enum class Need : std::uint8_t { optional, required };
// `value`, which outlives the invocation, keeps its default when neither the flag nor the variable is given. An empty
// variable counts as none.
CLI::Option* add_variable_option(CLI::App& command, Invocation& invocation, std::string name, char const* variable,
                                 std::string& value, std::string const& description, Need need);
// Takes the variables of the options that were not given on the command line; what is wrong, if anything.
[[nodiscard]] std::optional<std::string> read_variables(Invocation const& invocation);

// Checks of an option's text; the complaint says what to write.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> words);
[[nodiscard]] CLI::Validator a_day();

void add_serve_command(CLI::App& app, Invocation& invocation);
void add_game_commands(CLI::App& app, Invocation& invocation);
void add_player_commands(CLI::App& app, Invocation& invocation);
void add_clock_commands(CLI::App& app, Invocation& invocation);
void add_payout_commands(CLI::App& app, Invocation& invocation);
void add_projection_commands(CLI::App& app, Invocation& invocation);
void add_log_commands(CLI::App& app, Invocation& invocation);
void add_audit_commands(CLI::App& app, Invocation& invocation);
void add_keys_commands(CLI::App& app, Invocation& invocation);
void add_mailboxes_command(CLI::App& audit, Invocation& invocation);
void add_bench_commands(CLI::App& app, Invocation& invocation);

// Says what is wrong on stderr, as one JSON object on stdout too when asked for, and returns `code`.
int complain(Invocation const& invocation, ExitCode code, std::string_view message);
int complain(Invocation const& invocation, eventstore::Fault const& fault);
// The object alone, where stderr has been told.
void print_json_error(ExitCode code, std::string_view message);
// On stderr, without ending anything.
void remark(std::string_view message);

// The ways to stdout; each flushes, and is false when the reader has gone. Text and JSON are made safe to look at, so
// that nothing from outside fools a reader (printable_text.h).
bool print(std::string_view text);
bool print_json(std::string_view lines);
bool print(Invocation const& invocation, std::string_view text_or_json);
// As it is: a file, for a redirection.
bool print_bytes(std::string_view bytes);

// "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);
// "1 commit", "1,234 commits".
[[nodiscard]] std::string counted(std::uint64_t number, std::string const& noun);
// Aligned columns, two blanks apart; the first row is the head. Cells count as many columns as they have code points.
[[nodiscard]] std::string table(std::vector<std::vector<std::string>> const& rows,
                                std::vector<bool> const& right_aligned);

}  // namespace florin::api::cli
