#include "sagas/gateways/stripe_callback.h"

#include <array>
#include <charconv>
#include <optional>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <simdjson.h>

#include "domain/contract.h"
#include "domain/ids.h"

namespace florin::sagas {
namespace {

constexpr std::size_t kHeaderBytesMax = 1024;
constexpr std::size_t kSignaturesMax = 8;
constexpr std::size_t kDigestBytes = 32;

std::string hmac_hex(std::string_view secret, std::string_view seconds, std::string_view body) {
  std::string signed_text(seconds);
  signed_text.append(".").append(body);
  std::array<unsigned char, kDigestBytes> digest{};
  unsigned size = 0;
  auto const* made =
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<unsigned char const*>(signed_text.data()), signed_text.size(), digest.data(), &size);
  FLORIN_ASSERT(made != nullptr && size == digest.size());
  return domain::to_hex({reinterpret_cast<char const*>(digest.data()), digest.size()});
}

struct Header {
  std::string_view seconds;
  std::array<std::string_view, kSignaturesMax> signatures;
  std::size_t count = 0;
};

std::optional<Header> parse_header(std::string_view text) {
  if (text.size() > kHeaderBytesMax) return std::nullopt;
  Header header;
  while (!text.empty()) {
    auto const comma = text.find(',');
    auto const part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (part.starts_with("t=")) {
      if (!header.seconds.empty()) return std::nullopt;
      header.seconds = part.substr(2);
    } else if (part.starts_with("v1=")) {
      if (header.count == kSignaturesMax) return std::nullopt;
      header.signatures[header.count++] = part.substr(3);
    }
  }
  if (header.seconds.empty() || header.count == 0) return std::nullopt;
  return header;
}

bool matches(std::string_view wanted, std::string_view given) {
  return wanted.size() == given.size() && CRYPTO_memcmp(wanted.data(), given.data(), wanted.size()) == 0;
}

// A name or an expanded object with one.
std::string_view id_in(simdjson::dom::element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return text;
  if (value.at_key("id").get(text) == simdjson::SUCCESS) return text;
  return {};
}

}  // namespace

std::string sign_callback(std::string_view secret, std::string_view body, domain::Timestamp at) {
  auto const seconds = std::to_string(at.micros() / domain::kMicrosPerSecond);
  return "t=" + seconds + ",v1=" + hmac_hex(secret, seconds, body);
}

Result<Callback, CallbackFault> read_stripe_callback(std::string_view secret, std::string_view signature,
                                                     std::string_view body, domain::Timestamp now) {
  auto const header = parse_header(signature);
  if (!header || secret.empty() || body.size() > kCallbackBytesMax) return fail(CallbackFault::unsigned_post);
  std::int64_t seconds = 0;
  auto const* const end = header->seconds.data() + header->seconds.size();
  auto const [parsed, error] = std::from_chars(header->seconds.data(), end, seconds);
  if (error != std::errc() || parsed != end || seconds < 0) return fail(CallbackFault::unsigned_post);
  auto const wanted = hmac_hex(secret, header->seconds, body);
  bool ours = false;
  for (std::size_t i = 0; i < header->count; ++i) ours = matches(wanted, header->signatures[i]) || ours;
  if (!ours) return fail(CallbackFault::unsigned_post);
  auto const age = now.micros() / domain::kMicrosPerSecond - seconds;
  if (age > kSignatureToleranceSeconds || age < -kSignatureToleranceSeconds) return fail(CallbackFault::stale);

  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::element object;
  std::string_view id;
  std::string_view type;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS ||
      root["id"].get(id) != simdjson::SUCCESS || root["type"].get(type) != simdjson::SUCCESS ||
      root["data"]["object"].get(object) != simdjson::SUCCESS) {
    return fail(CallbackFault::malformed);
  }
  Callback callback;
  simdjson::dom::element payment;
  std::string_view reference;
  if (type.starts_with("payment_intent.")) {
    if (object["id"].get(payment) == simdjson::SUCCESS) reference = id_in(payment);
  } else if (object["payment_intent"].get(payment) == simdjson::SUCCESS) {
    reference = id_in(payment);
  }
  if (!reference.empty() && !id.empty()) callback.change = PaymentChange{std::string(id), std::string(reference)};
  return callback;
}

}  // namespace florin::sagas
