#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "domain/contract.h"
#include "eventstore/runtime/durable_file.h"
#include "eventstore/store/base64.h"
#include "eventstore/store/chain.h"

namespace florin::eventstore {
namespace {

constexpr char const* kSecretFile = "checkpoint.key";
constexpr char const* kPublicFile = "checkpoint.pub";
constexpr char const* kNoteFile = "checkpoint";
constexpr std::string_view kSecretPrefix = "PRIVATE+KEY+";
constexpr std::string_view kSignaturePrefix = "\u2014 ";  // an em dash, as the signed-note form has it
constexpr char kEd25519 = 0x01;                           // the algorithm byte in front of either key
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kMaxFileBytes = 4096;  // each of the three is below 300 bytes

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using PKey = std::unique_ptr<EVP_PKEY, FreeKey>;
using Signing = std::unique_ptr<EVP_MD_CTX, FreeKey>;

unsigned char const* bytes_of(std::string_view text) { return reinterpret_cast<unsigned char const*>(text.data()); }
std::string_view text_of(domain::Digest const& digest) {
  return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

// C2SP signed-note: the first four bytes of SHA-256(name || "\n" || algorithm || public key).
std::string key_id_of(std::string const& origin, std::string const& public_key) {
  auto const digest = sha256(origin + "\n" + kEd25519 + public_key);
  return std::string(text_of(digest).substr(0, 4));
}

std::string key_line(std::string const& origin, std::string const& public_key, std::string const& key) {
  return origin + "+" + domain::to_hex(key_id_of(origin, public_key)) + "+" + base64(kEd25519 + key);
}

struct ParsedKey {
  std::string origin;
  std::string id_hex;
  std::string key;
};

// "<origin>+<key id>+<base64(algorithm || key)>\n"
std::optional<ParsedKey> parse_key_line(std::string_view line) {
  if (!line.ends_with('\n')) return std::nullopt;
  line.remove_suffix(1);
  auto const first = line.find('+');
  if (first == std::string_view::npos || first == 0 || line.size() < first + 10 || line[first + 9] != '+') {
    return std::nullopt;
  }
  auto const key = unbase64(line.substr(first + 10), 1 + kKeyBytes);
  if (!key || key->front() != kEd25519) return std::nullopt;
  return ParsedKey{std::string(line.substr(0, first)), std::string(line.substr(first + 1, 8)), key->substr(1)};
}

std::optional<std::string> public_key_of(std::string const& seed) {
  PKey const key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size()));
  std::string out(kKeyBytes, '\0');
  std::size_t size = out.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(out.data()), &size) != 1 ||
      size != kKeyBytes) {
    return std::nullopt;
  }
  return out;
}

std::string sign(std::string const& seed, std::string_view text) {
  PKey const key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size()));
  Signing const context(EVP_MD_CTX_new());
  std::string out(kSignatureBytes, '\0');
  std::size_t size = out.size();
  bool const ok = key && context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes_of(text),
                                 text.size()) == 1;
  FLORIN_ASSERT(ok && size == kSignatureBytes);
  return out;
}

bool verify_signature(std::string const& public_key, std::string_view text, std::string_view signature) {
  PKey const key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(public_key), public_key.size()));
  Signing const context(EVP_MD_CTX_new());
  return key && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
}

// "florin/<uuid, version 4>"
std::string new_origin(Runtime& runtime) {
  std::array<unsigned char, 16> bytes;
  runtime.draw(std::as_writable_bytes(std::span(bytes)));
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  auto const hex = domain::to_hex({reinterpret_cast<char const*>(bytes.data()), bytes.size()});
  return "florin/" + hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) +
         "-" + hex.substr(20);
}

std::string body(std::string const& origin, Checkpoint const& checkpoint) {
  return origin + "\n" + std::to_string(checkpoint.size) + "\n" + base64(text_of(checkpoint.root)) + "\nposition " +
         std::to_string(checkpoint.head.position.value()) + "\nlink " + domain::to_hex(text_of(checkpoint.head.link)) +
         "\n";
}

// Takes one line off the front; nullopt when there is none that begins with `prefix`.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view prefix) {
  auto const end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(prefix)) return std::nullopt;
  auto const line = text.substr(prefix.size(), end - prefix.size());
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_u64(std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<domain::Digest> parse_hex(std::string_view text) {
  domain::Digest out;
  if (text.size() != 2 * out.size()) return std::nullopt;
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto const pair = text.substr(2 * i, 2);
    auto const [end, error] = std::from_chars(pair.data(), pair.data() + pair.size(), out[i], 16);
    if (error != std::errc() || end != pair.data() + pair.size()) return std::nullopt;
  }
  return out;
}

std::optional<Checkpoint> parse_body(std::string const& origin, std::string_view text) {
  Checkpoint out;
  auto rest = text;
  if (take_line(rest, "") != origin) return std::nullopt;
  auto const size = take_line(rest, "");
  auto const root = take_line(rest, "");
  auto const position = take_line(rest, "position ");
  auto const link = take_line(rest, "link ");
  if (!size || !root || !position || !link) return std::nullopt;
  auto const size_value = parse_u64(*size);
  auto const root_value = unbase64(*root, out.root.size());
  auto const position_value = parse_u64(*position);
  auto const link_value = parse_hex(*link);
  if (!size_value || !root_value || !position_value || !link_value) return std::nullopt;
  out.size = *size_value;
  std::memcpy(out.root.data(), root_value->data(), out.root.size());
  out.head = {domain::Position(*position_value), *link_value};
  if (body(origin, out) != text) return std::nullopt;  // one form only
  return out;
}

ResultOr<Unit> create_key(Runtime& runtime, std::filesystem::path const& folder) {
  auto& files = runtime.files();
  for (auto const* file : {kPublicFile, kNoteFile}) {
    // A new key would disown what the lost one has signed: an operator must decide that, not a start.
    auto const used = FLORIN_TRY(exists(files, folder / file));
    if (used) {
      return fault(Fault::Kind::corrupt, (folder / kSecretFile).string() + ": missing, yet it has been used");
    }
  }
  std::string seed(kKeyBytes, '\0');
  auto const origin = new_origin(runtime);
  runtime.draw(std::as_writable_bytes(std::span(seed)));
  auto const public_key = public_key_of(seed);
  FLORIN_ASSERT(public_key);
  auto line = std::string(kSecretPrefix) + key_line(origin, *public_key, seed) + "\n";
  auto done = replace_file(files, folder / kSecretFile, line, 0600);
  OPENSSL_cleanse(seed.data(), seed.size());
  OPENSSL_cleanse(line.data(), line.size());
  return done;
}

}  // namespace

ResultOr<CheckpointFile> CheckpointFile::open(std::filesystem::path const& folder, Runtime& runtime) {
  auto& files = runtime.files();
  auto const path = folder / kSecretFile;
  auto content = read_file(files, path, kMaxFileBytes);
  if (!content && content.error().kind == Fault::Kind::missing) {
    FLORIN_TRY(create_key(runtime, folder));
    content = read_file(files, path, kMaxFileBytes);
  }
  if (!content) return fail(std::move(content).error());
  std::string_view line = content.value();
  auto const prefixed = line.starts_with(kSecretPrefix);
  auto const parsed = prefixed ? parse_key_line(line.substr(kSecretPrefix.size())) : std::nullopt;
  auto const public_key = parsed ? public_key_of(parsed->key) : std::nullopt;
  if (!public_key || parsed->id_hex != domain::to_hex(key_id_of(parsed->origin, *public_key))) {
    return fault(Fault::Kind::corrupt, path.string() + ": not a signing key");
  }
  CheckpointFile out;
  out.files_ = &files;
  out.folder_ = folder;
  out.origin_ = parsed->origin;
  out.seed_ = parsed->key;
  out.public_key_ = *public_key;

  auto const published = read_file(files, folder / kPublicFile, kMaxFileBytes);
  auto const expected = out.public_key_text() + "\n";
  if (!published && published.error().kind == Fault::Kind::missing) {
    FLORIN_TRY(replace_file(files, folder / kPublicFile, expected, 0644));
  } else if (!published) {
    return fail(published.error());
  } else if (published.value() != expected) {
    return fault(Fault::Kind::corrupt, (folder / kPublicFile).string() + ": not the public half of checkpoint.key");
  }
  // A process that died between renaming one of the three and syncing the folder.
  FLORIN_TRY(files.make_folder(folder));
  return out;
}

ResultOr<CheckpointFile> CheckpointFile::open_read_only(std::filesystem::path const& folder) {
  auto key = FLORIN_TRY(CheckpointVerifier::read_key(folder / kPublicFile));
  CheckpointFile out;
  out.files_ = &machine().files();
  out.folder_ = folder;
  out.origin_ = key.origin_;
  out.public_key_ = key.public_key_;
  return out;
}

std::string CheckpointFile::public_key_text() const { return key_line(origin_, public_key_, public_key_); }

std::string CheckpointFile::note(Checkpoint const& checkpoint) const {
  FLORIN_ASSERT(!seed_.empty());
  auto const text = body(origin_, checkpoint);
  return text + "\n" + std::string(kSignaturePrefix) + origin_ + " " +
         base64(key_id_of(origin_, public_key_) + sign(seed_, text)) + "\n";
}

ResultOr<Unit> CheckpointFile::write(Checkpoint const& checkpoint) const {
  return replace_file(*files_, folder_ / kNoteFile, note(checkpoint), 0644);
}

ResultOr<Checkpoint> CheckpointFile::read() const {
  return CheckpointVerifier(origin_, public_key_).read_note(folder_ / kNoteFile, *files_);
}

CheckpointVerifier::CheckpointVerifier(std::string origin, std::string public_key)
    : origin_(std::move(origin)), public_key_(std::move(public_key)) {}

std::optional<CheckpointVerifier> CheckpointVerifier::parse(std::string_view vkey) {
  if (vkey.ends_with('\n')) vkey.remove_suffix(1);
  auto const parsed = parse_key_line(std::string(vkey) + "\n");
  if (!parsed || parsed->id_hex != domain::to_hex(key_id_of(parsed->origin, parsed->key))) return std::nullopt;
  return CheckpointVerifier(parsed->origin, parsed->key);
}

ResultOr<CheckpointVerifier> CheckpointVerifier::read_key(std::filesystem::path const& file) {
  auto const content = FLORIN_TRY(read_file(machine().files(), file, kMaxFileBytes));
  auto key = parse(content);
  if (!key) return fault(Fault::Kind::corrupt, file.string() + ": not a public key");
  return *std::move(key);
}

std::string CheckpointVerifier::key_id() const { return domain::to_hex(key_id_of(origin_, public_key_)); }

ResultOr<Checkpoint> CheckpointVerifier::read_note(std::filesystem::path const& file, Files& files) const {
  auto const content = FLORIN_TRY(read_file(files, file, kMaxFileBytes));
  std::string_view const note = content;
  auto const blank = note.find("\n\n");
  if (blank != std::string_view::npos) {
    auto const text = note.substr(0, blank + 1);
    auto rest = note.substr(blank + 2);
    auto const line = take_line(rest, std::string(kSignaturePrefix) + origin_ + " ");
    auto const signature = line && rest.empty() ? unbase64(*line, 4 + kSignatureBytes) : std::nullopt;
    if (signature && signature->substr(0, 4) == key_id_of(origin_, public_key_) &&
        verify_signature(public_key_, text, std::string_view(*signature).substr(4))) {
      if (auto const checkpoint = parse_body(origin_, text)) return *checkpoint;
    }
  }
  return fault(Fault::Kind::corrupt,
               file.string() + ": not a checkpoint signed with the key " + key_id() + " of " + origin_);
}

}  // namespace florin::eventstore
