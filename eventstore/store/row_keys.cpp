#include "eventstore/store/row_keys.h"

#include <algorithm>
#include <string>
#include <utility>

#include <openssl/crypto.h>

#include "domain/contract.h"
#include "eventstore/runtime/durable_file.h"
#include "eventstore/store/chain.h"

namespace florin::eventstore {
namespace {

constexpr std::string_view kMagic = "FLORINRK";
constexpr char kVersion = 1;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kDigestBytes = sizeof(domain::Digest);
constexpr std::size_t kFileBytesMax = kHeaderBytes + RowKeys::kKeysMax * RowKeys::kKeyBytes + kDigestBytes;

// Text that holds keys: gone from memory with its owner.
struct Secret {
  std::string text;
  Secret() = default;
  explicit Secret(std::string from) : text(std::move(from)) {}
  Secret(Secret const&) = delete;
  Secret& operator=(Secret const&) = delete;
  ~Secret() { OPENSSL_cleanse(text.data(), text.size()); }
};

// Everything before the digest; nullopt unless the whole file is what was written.
ResultOr<std::string_view> checked(std::filesystem::path const& path, std::string_view file) {
  bool const whole = file.size() >= kHeaderBytes + RowKeys::kKeyBytes + kDigestBytes &&
                     (file.size() - kHeaderBytes - kDigestBytes) % RowKeys::kKeyBytes == 0 && file.starts_with(kMagic);
  if (whole && file[kMagic.size()] > kVersion)
    return fault(Fault::Kind::unknown, path.string() + ": of a newer format");
  auto const content = whole ? file.substr(0, file.size() - kDigestBytes) : std::string_view();
  auto const digest = sha256(content);
  if (!whole || !std::equal(digest.begin(), digest.end(), file.end() - kDigestBytes,
                            [](std::uint8_t one, char other) { return one == static_cast<std::uint8_t>(other); })) {
    return fault(Fault::Kind::corrupt, path.string() + ": not what was written: restore it from a backup");
  }
  return content;
}

KeyedHash key_of(std::string_view bytes) {
  return KeyedHash({reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size()});
}

// Writes `content` and one more key behind it.
ResultOr<Unit> write_with_new_key(std::filesystem::path const& file, Runtime& runtime, Secret& content) {
  content.text.reserve(kFileBytesMax);  // so that no key stays behind in memory that was given back
  auto const end = content.text.size();
  content.text.resize(end + RowKeys::kKeyBytes);
  runtime.draw(std::as_writable_bytes(std::span(content.text).subspan(end)));
  auto const digest = sha256(content.text);
  content.text.append(reinterpret_cast<char const*>(digest.data()), digest.size());
  return replace_file(runtime.files(), file, content.text, 0600);
}

}  // namespace

ResultOr<RowKeys> RowKeys::open(std::filesystem::path const& file, Files& files) {
  auto read = FLORIN_TRY(read_file(files, file, kFileBytesMax));
  Secret const secret(std::move(read));
  auto const content = FLORIN_TRY(checked(file, secret.text));
  RowKeys keys;
  for (auto at = kHeaderBytes; at < content.size(); at += kKeyBytes) {
    keys.keys_.push_back(key_of(content.substr(at, kKeyBytes)));
  }
  return keys;
}

ResultOr<RowKeys> RowKeys::create(std::filesystem::path const& file, Runtime& runtime) {
  Secret content(std::string(kMagic) + kVersion);
  content.text.resize(kHeaderBytes, '\0');
  FLORIN_TRY(write_with_new_key(file, runtime, content));
  return open(file, runtime.files());
}

ResultOr<Unit> RowKeys::add(std::filesystem::path const& file, Runtime& runtime) {
  if (keys_.size() == kKeysMax) return fault(Fault::Kind::full, file.string() + ": it holds as many keys as it can");
  auto read = FLORIN_TRY(read_file(runtime.files(), file, kFileBytesMax));
  Secret content(std::move(read));
  auto const keys = FLORIN_TRY(checked(file, content.text));
  FLORIN_ASSERT(keys.size() == kHeaderBytes + keys_.size() * kKeyBytes);
  content.text.resize(keys.size());
  FLORIN_TRY(write_with_new_key(file, runtime, content));
  keys_.push_back(
      key_of(std::string_view(content.text).substr(content.text.size() - kDigestBytes - kKeyBytes, kKeyBytes)));
  return Unit{};
}

std::optional<domain::KeyCheck> RowKeys::check(RowKeyNumber number) const {
  auto const* key = find(number);
  if (key == nullptr) return std::nullopt;
  return key->first_half("florin row key check v1");
}

}  // namespace florin::eventstore
