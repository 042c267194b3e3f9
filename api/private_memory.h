// Cards, keys and personal texts pass through this process in the clear and are promised never to be on a disk or in
// another process: a core dump would be the one, a debugger or /proc/PID/mem of the same user the other.
#pragma once

namespace florin::api {

// No core dumps and no ptrace by anybody but root, for the whole process, from here on. False: the system would not.
// Sanitized builds leave it be: the leak checker reads its own process that way. An engineer who wants gdb or perf
// sets server.dumpable.
[[nodiscard]] bool keep_memory_private();

}  // namespace florin::api
