#include "sagas/gateways/twilio_signature.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "domain/contract.h"
#include "eventstore/store/base64.h"

namespace florin::sagas {
namespace {

constexpr std::size_t kSha1Bytes = 20;

// What is signed behind the URL.
std::string signed_fields(Form const& form) {
  std::vector<FormField const*> fields;
  fields.reserve(form.size());
  for (FormField const& field : form) fields.push_back(&field);
  std::ranges::sort(fields, [](FormField const* a, FormField const* b) {
    return std::tie(a->name, a->value) < std::tie(b->name, b->value);
  });
  fields.erase(std::ranges::unique(fields, [](FormField const* a, FormField const* b) { return *a == *b; }).begin(),
               fields.end());
  std::string out;
  for (FormField const* field : fields) out.append(field->name).append(field->value);
  return out;
}

std::string signature_of(std::string_view auth_token, std::string_view signed_text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  unsigned char const* done =
      HMAC(EVP_sha1(), auth_token.data(), static_cast<int>(auth_token.size()),
           reinterpret_cast<unsigned char const*>(signed_text.data()), signed_text.size(), digest.data(), &size);
  FLORIN_ASSERT(done != nullptr && size == kSha1Bytes);
  return eventstore::base64({reinterpret_cast<char const*>(digest.data()), kSha1Bytes});
}

struct UrlParts {
  std::string_view before;  // "https://user@host"
  std::string_view port;    // ":8443", or empty
  std::string_view after;
  std::string_view standard_port;
};

UrlParts split(std::string_view url) {
  std::size_t const scheme = url.find("://");
  if (scheme == std::string_view::npos) return {url, {}, {}, {}};
  std::size_t const host = scheme + 3;
  std::size_t const end = std::min(url.find_first_of("/?#", host), url.size());
  std::string_view const authority = url.substr(host, end - host);
  std::size_t const user = authority.rfind('@');
  std::size_t const bracket = authority.rfind(']');  // of an IPv6 address, which is full of colons
  std::size_t const from = bracket != std::string_view::npos ? bracket : user == std::string_view::npos ? 0 : user;
  std::size_t const colon = std::min(authority.find(':', from), authority.size());
  return {url.substr(0, host + colon), authority.substr(colon), url.substr(end),
          url.starts_with("https:") ? std::string_view(":443") : std::string_view(":80")};
}

bool equal(std::string_view expected, std::string_view given) {
  return expected.size() == given.size() && CRYPTO_memcmp(expected.data(), given.data(), expected.size()) == 0;
}

}  // namespace

std::string twilio_signature(std::string_view auth_token, std::string_view url, Form const& form) {
  return signature_of(auth_token, std::string(url) + signed_fields(form));
}

bool twilio_signature_valid(std::string_view auth_token, std::string_view url, Form const& form,
                            std::string_view signature) {
  if (auth_token.empty()) return false;
  std::string const fields = signed_fields(form);
  UrlParts const parts = split(url);
  auto const matches = [&](std::string_view port) {
    std::string text(parts.before);
    text.append(port).append(parts.after).append(fields);
    return equal(signature_of(auth_token, text), signature);
  };
  bool const without_port = matches({});
  bool const with_port = matches(parts.port.empty() ? parts.standard_port : parts.port);
  return without_port || with_port;
}

}  // namespace florin::sagas
