#include "eventstore/chain.h"

#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <utility>

#include <openssl/evp.h>

#include "domain/contract.h"

namespace florin::eventstore {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// OpenSSL 3 looks an algorithm up by name on every implicit fetch, which costs as much as hashing 256 bytes: fetch
// once, and let every thread keep its context.
class Sha256 {
 public:
  Sha256() {
    static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    thread_local std::unique_ptr<EVP_MD_CTX, FreeContext> const own(EVP_MD_CTX_new());
    context_ = own.get();
    FLORIN_ASSERT(context_ != nullptr && EVP_DigestInit_ex2(context_, algorithm, nullptr) == 1);
  }
  void add(void const* bytes, std::size_t size) { FLORIN_ASSERT(EVP_DigestUpdate(context_, bytes, size) == 1); }
  [[nodiscard]] domain::Digest finish() {
    domain::Digest out;
    FLORIN_ASSERT(EVP_DigestFinal_ex(context_, out.data(), nullptr) == 1);
    return out;
  }

 private:
  EVP_MD_CTX* context_ = nullptr;
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
  for (std::size_t i = 0; i < 8; ++i) prefix[32 + i] = static_cast<std::uint8_t>(last.value() >> (8 * i));
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
