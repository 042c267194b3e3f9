// What the command files share: registration, exit codes of faults, small output. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "api/cli/cli.h"
#include "api/layout.h"
#include "eventstore/fault.h"

namespace florin::api::cli {

// What one invocation asks for. Each leaf command sets `action`; run() calls it after the arguments were accepted.
struct Invocation {
  std::function<int()> action;
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

void add_serve_command(CLI::App& app, Invocation& invocation);
void add_game_commands(CLI::App& app, Invocation& invocation);
void add_player_commands(CLI::App& app, Invocation& invocation);
void add_payout_commands(CLI::App& app, Invocation& invocation);
void add_projection_commands(CLI::App& app, Invocation& invocation);
void add_log_commands(CLI::App& app, Invocation& invocation);
void add_audit_commands(CLI::App& app, Invocation& invocation);
void add_mailboxes_command(CLI::App& audit, Invocation& invocation);
void add_bench_commands(CLI::App& app, Invocation& invocation);

// Says what is wrong on stderr, as one JSON object on stdout too when asked for, and returns `code`.
int complain(Invocation const& invocation, ExitCode code, std::string_view message);
int complain(Invocation const& invocation, eventstore::Fault const& fault);
[[nodiscard]] ExitCode exit_code_of(eventstore::Fault::Kind kind);

// Writes to stdout and flushes; false when the reader has gone.
bool print(std::string_view text);

// "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);
// Aligned columns, two blanks apart; the first row is the head. Cells count as many columns as they have code points.
[[nodiscard]] std::string table(std::vector<std::vector<std::string>> const& rows,
                                std::vector<bool> const& right_aligned);

}  // namespace florin::api::cli
