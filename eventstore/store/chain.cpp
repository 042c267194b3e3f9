// OpenSSL 3 deprecates the SHA256_* calls for EVP, whose contexts cost as much again as hashing a short message: three
// hashes a commit are a large part of a replay. The functions are stable and use the same assembly (keyed_hash.cpp).
#define OPENSSL_SUPPRESS_DEPRECATED
#include "eventstore/store/chain.h"

#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <utility>

#include <openssl/sha.h>

#include "domain/contract.h"
#include "eventstore/store/little_endian.h"

namespace florin::eventstore {
namespace {

class Sha256 {
 public:
  Sha256() { SHA256_Init(&context_); }
  void add(void const* bytes, std::size_t size) { SHA256_Update(&context_, bytes, size); }
  [[nodiscard]] domain::Digest finish() {
    domain::Digest out;
    SHA256_Final(out.data(), &context_);
    return out;
  }

 private:
  SHA256_CTX context_;
};

// RFC 6962 section 2.1: the prefixes keep a leaf from posing as a node.
domain::Digest leaf_hash(domain::Digest const& leaf_data) {
  std::array<std::uint8_t, 33> input;
  input[0] = 0x00;
  std::memcpy(&input[1], leaf_data.data(), leaf_data.size());
  Sha256 hash;
  hash.add(input.data(), input.size());
  return hash.finish();
}

domain::Digest node_hash(domain::Digest const& left, domain::Digest const& right) {
  std::array<std::uint8_t, 65> input;
  input[0] = 0x01;
  std::memcpy(&input[1], left.data(), left.size());
  std::memcpy(&input[33], right.data(), right.size());
  Sha256 hash;
  hash.add(input.data(), input.size());
  return hash.finish();
}

}  // namespace

domain::Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes.data(), bytes.size());
  return hash.finish();
}

domain::Digest chain_link(domain::Digest const& previous, domain::Position last, std::string_view bytes) {
  std::array<std::uint8_t, 40> prefix;
  std::memcpy(prefix.data(), previous.data(), previous.size());
  put_little_endian(&prefix[32], last.value());
  Sha256 hash;
  hash.add(prefix.data(), prefix.size());
  hash.add(bytes.data(), bytes.size());
  return hash.finish();
}

void MerkleTree::add(domain::Digest const& leaf_data) {
  domain::Digest node = leaf_hash(leaf_data);
  // Adding one to the size carries through its trailing ones: each carry joins two subtrees of equal size.
  for (std::uint64_t carry = size_; (carry & 1) != 0; carry >>= 1) {
    node = node_hash(subtrees_.back(), node);
    subtrees_.pop_back();
  }
  subtrees_.push_back(node);
  ++size_;
}

domain::Digest MerkleTree::root() const {
  if (subtrees_.empty()) return sha256("");
  domain::Digest node = subtrees_.back();
  for (std::size_t i = subtrees_.size() - 1; i-- > 0;) node = node_hash(subtrees_[i], node);
  return node;
}

MerkleTree MerkleTree::restore(std::uint64_t size, std::vector<domain::Digest> subtrees) {
  FLORIN_ASSERT(static_cast<std::size_t>(std::popcount(size)) == subtrees.size());
  MerkleTree tree;
  tree.size_ = size;
  tree.subtrees_ = std::move(subtrees);
  return tree;
}

}  // namespace florin::eventstore
