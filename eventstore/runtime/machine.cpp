#include <cerrno>

#include <sys/random.h>
#include <time.h>  // NOLINT(modernize-deprecated-headers): CLOCK_BOOTTIME is Linux's, not <ctime>'s

#include "domain/contract.h"
#include "eventstore/runtime/files.h"
#include "eventstore/runtime/runtime.h"

namespace florin::eventstore {
namespace {

std::int64_t micros_of(clockid_t which) {
  timespec at{};
  FLORIN_ASSERT(::clock_gettime(which, &at) == 0);  // Linux has had both for longer than we support it
  return static_cast<std::int64_t>(at.tv_sec) * domain::kMicrosPerSecond + at.tv_nsec / 1'000;
}

class Machine final : public Runtime {
 public:
  [[nodiscard]] ClockReading clocks() const override {
    return {domain::Timestamp::from_micros(micros_of(CLOCK_REALTIME)), micros_of(CLOCK_BOOTTIME)};
  }
  [[nodiscard]] SteadyTime now() const override { return std::chrono::steady_clock::now(); }
  void draw(std::span<std::byte> into) override {
    while (!into.empty()) {
      auto const got = ::getrandom(into.data(), into.size(), 0);
      FLORIN_ASSERT(got > 0 || errno == EINTR);
      if (got > 0) into = into.subspan(static_cast<std::size_t>(got));
    }
  }
  [[nodiscard]] Files& files() override { return machine_files(); }
};

}  // namespace

Runtime& machine() {
  static Machine the_machine;
  return the_machine;
}

}  // namespace florin::eventstore
