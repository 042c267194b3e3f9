// FLORIN_ASSERT: on in every build, release included. It means "bug or corruption", never "bad input":
// continuing after a broken invariant would write a wrong fact into an append-only log.
#pragma once

namespace florin {
[[noreturn]] void assertion_failed(char const* expression, char const* file, int line) noexcept;
}

#define FLORIN_ASSERT(expression) \
  (static_cast<bool>(expression) ? void(0) : ::florin::assertion_failed(#expression, __FILE__, __LINE__))
