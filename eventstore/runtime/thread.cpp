#include "eventstore/runtime/thread.h"

#include <thread>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace florin::eventstore {

void name_this_thread(char const* name) { ::pthread_setname_np(::pthread_self(), name); }

void pause_this_thread(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

// On Linux the nice value is a thread's.
void lower_this_thread(int nice) { ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), nice); }

}  // namespace florin::eventstore
