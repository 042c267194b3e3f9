// The command line `florin`: one file per command group beside this one. main() calls run() and nothing else.
#pragma once

#include "api/cli/exit_codes.h"

namespace florin::api {

// Reads the arguments, runs the command, returns its exit code. Results on stdout, complaints and progress on stderr.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace florin::api
