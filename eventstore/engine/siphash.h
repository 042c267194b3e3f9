// SipHash-2-4 (Aumasson, Bernstein): a keyed hash for tables that clients can aim at, and a checksum of blocks. Fast
// on short inputs; not for proofs.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace florin::eventstore {

static_assert(std::endian::native == std::endian::little, "hashes and files are little-endian");

struct SipKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(Hash128 const&, Hash128 const&) = default;
};

namespace siphash_detail {

struct Sip {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
    v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
    v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
  }
  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  // `length` is that of the whole message; `rest` its last part, after whole words already absorbed.
  void absorb_rest(std::string_view rest, std::uint64_t length) {
    while (rest.size() >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, rest.data(), 8);
      absorb(word);
      rest.remove_prefix(8);
    }
    std::uint64_t last = length << 56;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      last |= std::uint64_t{static_cast<unsigned char>(rest[i])} << (8 * i);
    }
    absorb(last);
  }
  std::uint64_t finish(std::uint64_t& marked, std::uint64_t mark) {
    marked ^= mark;
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

inline Sip keyed(SipKey key) {
  return {key.low ^ 0x736f'6d65'7073'6575, key.high ^ 0x646f'7261'6e64'6f6d, key.low ^ 0x6c79'6765'6e65'7261,
          key.high ^ 0x7465'6462'7974'6573};
}

}  // namespace siphash_detail

// Of the message u64le(first) || bytes.
[[nodiscard]] inline Hash128 siphash128(SipKey key, std::uint64_t first, std::string_view bytes) {
  auto sip = siphash_detail::keyed(key);
  sip.v1 ^= 0xee;
  sip.absorb(first);
  sip.absorb_rest(bytes, bytes.size() + 8);
  auto const head = sip.finish(sip.v2, 0xee);
  auto const tail = sip.finish(sip.v1, 0xdd);
  return {head, tail};
}

[[nodiscard]] inline std::uint64_t siphash64(SipKey key, std::uint64_t first, std::string_view bytes) {
  auto sip = siphash_detail::keyed(key);
  sip.absorb(first);
  sip.absorb_rest(bytes, bytes.size() + 8);
  return sip.finish(sip.v2, 0xff);
}

}  // namespace florin::eventstore
