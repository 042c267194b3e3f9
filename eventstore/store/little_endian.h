// Numbers as they lie in files and messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace florin::eventstore {

template <class Byte, class Number>
void put_little_endian(Byte* out, Number value) {
  static_assert(sizeof(Byte) == 1 && std::is_unsigned_v<Number>);
  for (std::size_t i = 0; i < sizeof(Number); ++i) out[i] = static_cast<Byte>(value >> (8 * i));
}

template <class Number, class Byte>
[[nodiscard]] Number get_little_endian(Byte const* in) {
  static_assert(sizeof(Byte) == 1 && std::is_unsigned_v<Number>);
  Number out = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) out |= Number{static_cast<std::uint8_t>(in[i])} << (8 * i);
  return out;
}

}  // namespace florin::eventstore
