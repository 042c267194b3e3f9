#include "sagas/gateways/stripe_signature.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "domain/contract.h"
#include "domain/digits.h"
#include "domain/ids.h"

namespace florin::sagas {
namespace {

constexpr std::size_t kSha256Bytes = 32;
// Seconds up to the year 5138. More digits are no time, and would overflow in microseconds.
constexpr std::size_t kTimeDigitsMax = 11;

std::string signature_of(std::string_view secret, std::string_view time, std::string_view body) {
  std::string text(time);
  text.append(".").append(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  unsigned char const* done =
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data(), &size);
  FLORIN_ASSERT(done != nullptr && size == kSha256Bytes);
  return domain::to_hex({reinterpret_cast<char const*>(digest.data()), kSha256Bytes});
}

struct Header {
  std::string_view time;  // as it stands: that is what was signed
  std::int64_t seconds = 0;
  std::vector<std::string_view> signatures;
};

std::optional<Header> read_header(std::string_view text) {
  if (text.size() > kStripeHeaderMax) return std::nullopt;
  Header header;
  for (bool last = false; !last;) {
    std::size_t const comma = text.find(',');
    last = comma == std::string_view::npos;
    std::string_view const item = text.substr(0, comma);
    if (!last) text.remove_prefix(comma + 1);
    if (item.starts_with("t=")) {
      if (!header.time.empty()) return std::nullopt;  // which of the two was signed?
      header.time = item.substr(2);
      bool const digits = std::ranges::all_of(header.time, domain::is_digit);
      if (header.time.empty() || header.time.size() > kTimeDigitsMax || !digits) return std::nullopt;
      std::from_chars(header.time.data(), header.time.data() + header.time.size(),
                      header.seconds);  // digits: all are read
    } else if (item.starts_with("v1=")) {
      if (header.signatures.size() == kStripeSignaturesMax) return std::nullopt;
      header.signatures.push_back(item.substr(3));
    }
  }
  if (header.time.empty() || header.signatures.empty()) return std::nullopt;
  return header;
}

bool equal(std::string_view expected, std::string_view given) {
  return expected.size() == given.size() && CRYPTO_memcmp(expected.data(), given.data(), expected.size()) == 0;
}

}  // namespace

std::string stripe_signature(std::string_view secret, std::string_view body, domain::Timestamp at) {
  std::string const time = std::to_string(at.micros() / domain::kMicrosPerSecond);
  return "t=" + time + ",v1=" + signature_of(secret, time, body);
}

StripeSignatureCheck check_stripe_signature(std::string_view secret, std::string_view header, std::string_view body,
                                            domain::Timestamp now) {
  if (secret.empty() || body.size() > kStripeBodyMax) return StripeSignatureCheck::wrong;
  auto const read = read_header(header);
  if (!read) return StripeSignatureCheck::wrong;
  std::string const expected = signature_of(secret, read->time, body);
  bool good = false;
  for (std::string_view const given : read->signatures) good |= equal(expected, given);
  if (!good) return StripeSignatureCheck::wrong;
  std::int64_t const age = now.micros() / domain::kMicrosPerSecond - read->seconds;
  bool const fresh = age <= kStripeToleranceSeconds && age >= -kStripeToleranceSeconds;
  return fresh ? StripeSignatureCheck::good : StripeSignatureCheck::stale;
}

}  // namespace florin::sagas
