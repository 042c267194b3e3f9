#include "eventstore/runtime/wake.h"

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace florin::eventstore {

Wake::~Wake() {
  if (fd_ >= 0) ::close(fd_);
}

ResultOr<Unit> Wake::open() {
  if (fd_ < 0) fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd_ < 0) return fault(Fault::Kind::io, "eventfd: " + std::system_category().message(errno));
  return Unit{};
}

void Wake::signal() {
  std::uint64_t const one = 1;
  // Fails only when the counter is full: a signal is pending then.
  [[maybe_unused]] auto const written = ::write(fd_, &one, sizeof one);
}

void Wake::wait(int timeout_ms) {
  pollfd entry{fd_, POLLIN, 0};
  if (::poll(&entry, 1, timeout_ms) <= 0) return;
  std::uint64_t count = 0;
  [[maybe_unused]] auto const taken = ::read(fd_, &count, sizeof count);
}

}  // namespace florin::eventstore
