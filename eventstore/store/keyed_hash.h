// HMAC-SHA256 with the key's two blocks hashed once: a short message costs two or three compressions and no
// allocation, about 0.2 µs. A value; any thread may compute with a shared one.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <openssl/sha.h>

#include "domain/ids.h"

namespace florin::eventstore {

class KeyedHash {
 public:
  explicit KeyedHash(std::span<std::uint8_t const> key);  // at most 64 bytes
  ~KeyedHash();
  KeyedHash(KeyedHash const&) = default;
  KeyedHash& operator=(KeyedHash const&) = default;

  [[nodiscard]] domain::Digest operator()(std::string_view message) const { return (*this)(message, {}); }
  // Of one message in two pieces.
  [[nodiscard]] domain::Digest operator()(std::string_view begin, std::string_view rest) const;

  // The first half of it: what stands for a text or a key where 16 bytes are enough.
  [[nodiscard]] std::array<std::uint8_t, 16> first_half(std::string_view message) const;

  // A hash under a key of its own, HMAC(this key, purpose): what one purpose shows says nothing about another.
  [[nodiscard]] KeyedHash derived(std::string_view purpose) const;

 private:
  SHA256_CTX inner_;  // after key ^ ipad
  SHA256_CTX outer_;  // after key ^ opad
};

}  // namespace florin::eventstore
