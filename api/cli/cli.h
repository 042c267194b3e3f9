// The command line `florin`: one file per command group beside this one. main() calls run() and nothing else.
#pragma once

namespace florin::api {

// Reads the arguments, runs the command, returns its exit code. Results on stdout, complaints and progress on stderr.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace florin::api

namespace florin::api::cli {

enum ExitCode : int {
  kOk = 0,
  kCheckFailed = 1,  // the stored data is not what was written, or the server tried and failed
  kUsage = 2,        // the command, its arguments, the configuration or the credentials are wrong
  kUnreachable = 3,  // the server or the folder did not answer; the same command may work later
  kConflict = 4,     // it clashes with what is there: already done, or another one is at it
};

}  // namespace florin::api::cli
