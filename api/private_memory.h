// Keeps this process's memory to itself, because cards, keys and personal texts pass through it in the clear. A core
// dump would put them on a disk; a debugger or /proc/PID/mem would show them to other processes of the same user.
#pragma once

namespace florin::api {

// No core dumps and no ptrace by anybody but root, for the whole process, from here on. False: the system would not.
// Sanitized builds leave it be: the leak checker reads its own process that way. An engineer who wants gdb or perf
// sets server.dumpable.
[[nodiscard]] bool keep_memory_private();

}  // namespace florin::api
