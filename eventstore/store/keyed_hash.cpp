// OpenSSL 3 deprecates the SHA256_* calls for EVP, and EVP cannot copy a half-done state cheaply: its HMAC costs
// about 1 µs a message in look-ups and allocations. The functions are stable and use the same assembly.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "eventstore/store/keyed_hash.h"

#include <array>

#include <openssl/crypto.h>

#include "domain/contract.h"

namespace florin::eventstore {
namespace {

constexpr std::size_t kBlock = SHA256_CBLOCK;

SHA256_CTX state_after(std::array<std::uint8_t, kBlock> const& key, std::uint8_t pad) {
  std::array<std::uint8_t, kBlock> block;
  for (std::size_t i = 0; i < kBlock; ++i) block[i] = static_cast<std::uint8_t>(key[i] ^ pad);
  SHA256_CTX state;
  SHA256_Init(&state);
  SHA256_Update(&state, block.data(), block.size());
  OPENSSL_cleanse(block.data(), block.size());
  return state;
}

}  // namespace

KeyedHash::KeyedHash(std::span<std::uint8_t const> key) {
  FLORIN_ASSERT(key.size() <= kBlock);
  std::array<std::uint8_t, kBlock> padded{};
  std::copy(key.begin(), key.end(), padded.begin());
  inner_ = state_after(padded, 0x36);
  outer_ = state_after(padded, 0x5c);
  OPENSSL_cleanse(padded.data(), padded.size());
}

KeyedHash::~KeyedHash() {
  OPENSSL_cleanse(&inner_, sizeof inner_);
  OPENSSL_cleanse(&outer_, sizeof outer_);
}

domain::Digest KeyedHash::operator()(std::string_view begin, std::string_view rest) const {
  domain::Digest digest;
  SHA256_CTX state = inner_;
  SHA256_Update(&state, begin.data(), begin.size());
  SHA256_Update(&state, rest.data(), rest.size());
  SHA256_Final(digest.data(), &state);
  state = outer_;
  SHA256_Update(&state, digest.data(), digest.size());
  SHA256_Final(digest.data(), &state);
  return digest;
}

std::array<std::uint8_t, 16> KeyedHash::first_half(std::string_view message) const {
  auto const digest = (*this)(message);
  std::array<std::uint8_t, 16> out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

KeyedHash KeyedHash::derived(std::string_view purpose) const {
  auto key = (*this)(purpose);
  KeyedHash out(key);
  OPENSSL_cleanse(key.data(), key.size());
  return out;
}

}  // namespace florin::eventstore
