// Small fixed-width arrays inside a row's blob: little endian, read with bounds checked by the caller's size.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace florin::projections {

static_assert(std::endian::native == std::endian::little, "packed blobs are little endian");

template <class T>
void append_packed(std::string& out, T value) {
  out.append(reinterpret_cast<char const*>(&value), sizeof value);
}

template <class T>
[[nodiscard]] T packed_at(std::string_view bytes, std::size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <class T>
void set_packed(std::string& bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

}  // namespace florin::projections
