// How many files and sockets the process may have open at one time.
#pragma once

#include <cstddef>

namespace florin::eventstore {

// Raises the process's soft limit of open descriptors to its hard limit and returns what then holds: shells and service
// managers often start with 1024, which a crowd of connections uses up, and then no file can be opened. When it cannot
// be raised, what was there stays. Call once, before threads start.
std::size_t raise_open_file_limit();

}  // namespace florin::eventstore
