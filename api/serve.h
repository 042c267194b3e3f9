// `florin serve`: builds both environments, listens, and runs until SIGINT or SIGTERM; then stops accepting, drains,
// appends, writes a checkpoint and returns. main's thread.
#pragma once

#include "api/config.h"

namespace florin::api {

// The exit code: 0 after a clean stop, otherwise one of api/cli/cli.h after saying why on stderr.
[[nodiscard]] int serve(Config const& config);

}  // namespace florin::api
