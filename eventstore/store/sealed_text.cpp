#include "eventstore/store/sealed_text.h"

#include <cstring>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "domain/contract.h"
#include "eventstore/store/keyed_hash.h"
#include "eventstore/store/little_endian.h"

namespace florin::eventstore {
namespace {

// Version 1 had its person's key and a random nonce where version 2 has its commitment, whose beginning is the nonce.
constexpr std::uint8_t kWithoutCommitment = 1;
constexpr std::uint8_t kVersion = 2;
constexpr std::size_t kAfterPosition = 1 + 8;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

constexpr std::size_t head_bytes(std::uint8_t version) {
  return kAfterPosition + (version == kWithoutCommitment ? kNonceBytes : sizeof(domain::Digest));
}

std::uint8_t const* unsigned_bytes(std::string_view text) { return reinterpret_cast<std::uint8_t const*>(text.data()); }
template <class Bytes>
std::string_view as_text(Bytes const& bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

// What binds a text to its place: GCM's additional data.
constexpr std::size_t kBindingBytes = 1 + 8 + 1 + 8;
using Binding = std::array<std::uint8_t, kBindingBytes>;
Binding binding(std::uint8_t version, TextPlace const& place) {
  Binding out;
  out[0] = version;
  put_little_endian(&out[1], place.identity.value());
  out[9] = static_cast<std::uint8_t>(place.field);
  put_little_endian(&out[10], place.position.value());
  return out;
}

// The key of one text, and what follows from it.
class TextKey {
 public:
  TextKey(PersonKey const& person, TextPlace const& place) : key_(derived(person, place)) {}
  [[nodiscard]] domain::Digest commitment(std::string_view clear) const {
    return key_("florin text commitment v2", clear);
  }
  [[nodiscard]] PersonKey encryption() const { return key_("florin text encryption v2"); }

 private:
  static KeyedHash derived(PersonKey const& person, TextPlace const& place) {
    constexpr std::string_view kPurpose = "florin text v2";
    std::array<std::uint8_t, kPurpose.size() + 1 + 8> message;
    std::memcpy(message.data(), kPurpose.data(), kPurpose.size());
    message[kPurpose.size()] = static_cast<std::uint8_t>(place.field);
    put_little_endian(&message[kPurpose.size() + 1], place.position.value());
    return KeyedHash(person).derived(as_text(message));
  }
  KeyedHash key_;
};

// Wiped when it goes.
struct EncryptionKey {
  PersonKey bytes;
  ~EncryptionKey() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// Fetched once, one context a thread: see chain.cpp.
EVP_CIPHER* aes_256_gcm() {
  static EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  FLORIN_ASSERT(algorithm != nullptr);
  return algorithm;
}
EVP_CIPHER_CTX* cipher_context() {
  thread_local std::unique_ptr<EVP_CIPHER_CTX, FreeContext> const own(EVP_CIPHER_CTX_new());
  FLORIN_ASSERT(own != nullptr);
  return own.get();
}

// `out`: as many bytes as the text, then the tag.
void encrypt(PersonKey const& key, std::uint8_t const* nonce, Binding const& bound, std::string_view clear,
             std::uint8_t* out) {
  auto* const context = cipher_context();
  int size = 0;
  bool ok = EVP_EncryptInit_ex2(context, aes_256_gcm(), key.data(), nonce, nullptr) == 1;
  ok = ok && EVP_EncryptUpdate(context, nullptr, &size, bound.data(), int{kBindingBytes}) == 1;
  ok = ok && EVP_EncryptUpdate(context, out, &size, unsigned_bytes(clear), static_cast<int>(clear.size())) == 1;
  ok = ok && EVP_EncryptFinal_ex(context, out + clear.size(), &size) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, int{kTagBytes}, out + clear.size()) == 1;
  FLORIN_ASSERT(ok);
}

// `in`: what encrypt() made.
bool decrypt(PersonKey const& key, std::uint8_t const* nonce, Binding const& bound, std::string_view in,
             std::string& clear) {
  auto const size = in.size() - kTagBytes;
  std::array<std::uint8_t, kTagBytes> tag;
  std::memcpy(tag.data(), in.data() + size, tag.size());
  clear.assign(size, '\0');
  auto* const out = reinterpret_cast<std::uint8_t*>(clear.data());
  auto* const context = cipher_context();
  int done = 0;
  bool ok = EVP_DecryptInit_ex2(context, aes_256_gcm(), key.data(), nonce, nullptr) == 1;
  ok = ok && EVP_DecryptUpdate(context, nullptr, &done, bound.data(), int{kBindingBytes}) == 1;
  ok = ok && EVP_DecryptUpdate(context, out, &done, unsigned_bytes(in), static_cast<int>(size)) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, int{kTagBytes}, tag.data()) == 1;
  return ok && EVP_DecryptFinal_ex(context, out + size, &done) == 1;
}

}  // namespace

std::string seal_text(PersonKey const& key, TextPlace const& place, std::string const& clear) {
  constexpr auto kHead = head_bytes(kVersion);
  TextKey const own(key, place);
  EncryptionKey const encryption{own.encryption()};
  auto const commitment = own.commitment(clear);
  std::string sealed(kHead + clear.size() + kTagBytes, '\0');
  auto* const out = reinterpret_cast<std::uint8_t*>(sealed.data());
  out[0] = kVersion;
  put_little_endian(out + 1, place.position.value());
  std::memcpy(out + kAfterPosition, commitment.data(), commitment.size());
  encrypt(encryption.bytes, commitment.data(), binding(kVersion, place), clear, out + kHead);
  return sealed;
}

ResultOr<std::string> open_text(PersonKey const& key, domain::IdentityId identity, Field field,
                                std::string const& sealed) {
  auto const version = sealed.empty() ? std::uint8_t{0} : unsigned_bytes(sealed)[0];
  if (version > kVersion) return fault(Fault::Kind::unknown, "vault: a sealed text of a newer version");
  auto const head = head_bytes(version);
  if (version == 0 || sealed.size() < head + kTagBytes || !identity) {
    return fault(Fault::Kind::corrupt, "vault: a sealed text is cut short");
  }
  auto const* const in = unsigned_bytes(sealed);
  TextPlace const place{identity, field, domain::Position(get_little_endian<std::uint64_t>(in + 1))};
  auto const bound = binding(version, place);
  auto const rest = std::string_view(sealed).substr(head);
  std::string clear;
  bool whole = false;
  if (version == kWithoutCommitment) {
    whole = decrypt(key, in + kAfterPosition, bound, rest, clear);
  } else {
    TextKey const own(key, place);
    EncryptionKey const encryption{own.encryption()};
    whole = decrypt(encryption.bytes, in + kAfterPosition, bound, rest, clear) &&
            CRYPTO_memcmp(own.commitment(clear).data(), in + kAfterPosition, sizeof(domain::Digest)) == 0;
  }
  if (!whole) return fault(Fault::Kind::corrupt, "vault: a sealed text was altered or belongs elsewhere");
  return clear;
}

}  // namespace florin::eventstore
