#include "eventstore/store/base64.h"

#include <openssl/evp.h>

namespace florin::eventstore {
namespace {

unsigned char const* bytes_of(std::string_view text) { return reinterpret_cast<unsigned char const*>(text.data()); }

}  // namespace

std::string base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // with the zero that OpenSSL puts at the end
  int const size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::optional<std::string> unbase64(std::string_view text, std::size_t size) {
  if (text.size() != (size + 2) / 3 * 4) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(text), static_cast<int>(text.size())) <
      0) {
    return std::nullopt;
  }
  out.resize(size);
  // OpenSSL takes blanks around it and bits that are no part of the bytes.
  if (base64(out) != text) return std::nullopt;
  return out;
}

}  // namespace florin::eventstore
