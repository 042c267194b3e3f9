// What a driver says of its own thread. The thread itself is a std::thread that the driver owns and joins.
#pragma once

#include <chrono>

namespace florin::eventstore {

// The name of the calling thread, at most 15 letters: for operators (top -H).
void name_this_thread(char const* name);

// Work that may take longer (folding into views, snapshots, sorting) gets what answering clients leaves over: on a busy
// core 1.5 % at worst. Threads that the calling thread starts inherit it.
inline constexpr int kBackgroundNice = 19;
// The priority of the calling thread: 0 is normal, 19 the lowest. Failing to change it changes nothing else.
void lower_this_thread(int nice);

// Sleeps. For whoever watches something from outside (the command line), never where an event could be waited for.
void pause_this_thread(std::chrono::milliseconds time);

}  // namespace florin::eventstore
