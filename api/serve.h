// `florin serve`: builds both environments, listens, and runs until SIGINT or SIGTERM; then stops accepting, drains,
// appends, writes a checkpoint and returns. main's thread.
#pragma once

#include "api/cli/exit_codes.h"
#include "api/config.h"

namespace florin::api {

// How the line that says where the server listens is written to stdout.
enum class StartLine : std::uint8_t { text, json };

// How it ended; `why` is empty after a clean stop, and is in the log otherwise.
struct Served {
  cli::ExitCode code = cli::kOk;
  std::string why;
};
[[nodiscard]] Served serve(Config const& config, StartLine start_line);

}  // namespace florin::api
