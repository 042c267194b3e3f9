#include "eventstore/runtime/timer_clock.h"

#include <utility>

namespace florin::eventstore {
namespace {

thread_local Runtime* followed = nullptr;  // null: the machine

}  // namespace

TimerClock::time_point TimerClock::now() { return followed != nullptr ? followed->now() : machine().now(); }

TimersFollow::TimersFollow(Runtime& runtime) : before_(std::exchange(followed, &runtime)) {}

TimersFollow::~TimersFollow() { followed = before_; }

}  // namespace florin::eventstore
