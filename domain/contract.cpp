#include "domain/contract.h"

#include <cstdio>
#include <cstdlib>

namespace florin {

void assertion_failed(char const* expression, char const* file, int line) noexcept {
  std::fprintf(stderr, "florin: invariant broken: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace florin
