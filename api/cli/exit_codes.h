// The exit codes of every command, in one table: what --help prints, what the commands return, and what a fault of the
// machine becomes.
#pragma once

#include "eventstore/fault.h"

namespace florin::api::cli {

enum ExitCode : int {
  kOk = 0,
  kCheckFailed = 1,
  kUsage = 2,
  kUnreachable = 3,
  kConflict = 4,
};

struct ExitMeaning {
  ExitCode code;
  char const* meaning;
};
inline constexpr ExitMeaning kExitMeanings[] = {
    {kOk, "done"},
    {kCheckFailed, "a check failed: stored data is not what was written, or the server tried and failed"},
    {kUsage, "the command, its arguments, the configuration or the credentials are wrong"},
    {kUnreachable, "the server or the folder is not there or does not answer; the same command may work later"},
    {kConflict, "it clashes with what is there: done already, or another one is at it"},
};

[[nodiscard]] constexpr ExitCode exit_code_of(eventstore::Fault::Kind kind) {
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

}  // namespace florin::api::cli
