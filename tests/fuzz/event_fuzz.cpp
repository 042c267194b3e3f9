// Bytes that claim to be a commit: decode never crashes, and whatever it accepts survives a round trip.
#include <string>
#include <string_view>

#include "domain/contract.h"
#include "eventstore/store/codec.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace florin::eventstore;
  auto const first = decode({reinterpret_cast<char const*>(data), size});
  if (!first) return 0;
  Encoder encoder;
  std::string bytes;
  encoder.encode(first.value(), bytes);
  auto const second = decode(bytes);
  FLORIN_ASSERT(second && second.value() == first.value());
  std::string again;
  encoder.encode(second.value(), again);
  FLORIN_ASSERT(again == bytes);
  return 0;
}
