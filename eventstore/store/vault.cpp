#include "eventstore/store/vault.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "domain/contract.h"
#include "eventstore/runtime/durable_file.h"
#include "eventstore/store/keyed_hash.h"
#include "eventstore/store/opened_names.h"
#include "eventstore/store/person_keys.h"

namespace florin::eventstore {
namespace {

using Key = std::array<std::uint8_t, 32>;

constexpr std::uint8_t kSealVersion = 1;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kHeadBytes = 1 + 8 + kNonceBytes;

void put_u64(std::uint8_t* out, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t get_u64(std::uint8_t const* in) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out |= std::uint64_t{in[i]} << (8 * i);
  return out;
}

std::uint8_t const* unsigned_bytes(std::string const& text) {
  return reinterpret_cast<std::uint8_t const*>(text.data());
}

// A secret on the stack, wiped when it goes.
template <class Array>
struct Wiped {
  Array value;
  ~Wiped() { OPENSSL_cleanse(value.data(), value.size()); }
};

// Binds a box to one person, field and event.
constexpr std::size_t kBindingBytes = 1 + 8 + 1 + 8;
using Binding = std::array<std::uint8_t, kBindingBytes>;
Binding binding(domain::IdentityId identity, Field field, domain::Position position) {
  Binding out;
  out[0] = kSealVersion;
  put_u64(&out[1], identity.value());
  out[9] = static_cast<std::uint8_t>(field);
  put_u64(&out[10], position.value());
  return out;
}

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

std::string seal_box(Key const& key, Binding const& bound, std::span<std::uint8_t const> nonce,
                     std::string const& clear) {
  std::string box(kHeadBytes + clear.size() + kTagBytes, '\0');
  auto* const out = reinterpret_cast<std::uint8_t*>(box.data());
  out[0] = kSealVersion;
  std::memcpy(out + 1, &bound[10], 8);
  std::memcpy(out + 9, nonce.data(), kNonceBytes);
  auto* const context = cipher_context();
  int size = 0;
  bool ok = EVP_EncryptInit_ex2(context, aes_256_gcm(), key.data(), nonce.data(), nullptr) == 1;
  ok = ok && EVP_EncryptUpdate(context, nullptr, &size, bound.data(), int{kBindingBytes}) == 1;
  ok = ok &&
       EVP_EncryptUpdate(context, out + kHeadBytes, &size, unsigned_bytes(clear), static_cast<int>(clear.size())) == 1;
  ok = ok && EVP_EncryptFinal_ex(context, out + kHeadBytes + clear.size(), &size) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, int{kTagBytes}, out + kHeadBytes + clear.size()) == 1;
  FLORIN_ASSERT(ok);
  return box;
}

ResultOr<std::string> open_box(Key const& key, Binding const& bound, std::string const& box) {
  auto const* const in = unsigned_bytes(box);
  std::size_t const size = box.size() - kHeadBytes - kTagBytes;
  std::array<std::uint8_t, kTagBytes> tag;
  std::memcpy(tag.data(), in + kHeadBytes + size, tag.size());
  std::string clear(size, '\0');
  auto* const out = reinterpret_cast<std::uint8_t*>(clear.data());
  auto* const context = cipher_context();
  int done = 0;
  bool ok = EVP_DecryptInit_ex2(context, aes_256_gcm(), key.data(), in + 9, nullptr) == 1;
  ok = ok && EVP_DecryptUpdate(context, nullptr, &done, bound.data(), int{kBindingBytes}) == 1;
  ok = ok && EVP_DecryptUpdate(context, out, &done, in + kHeadBytes, static_cast<int>(size)) == 1;
  ok = ok && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, int{kTagBytes}, tag.data()) == 1;
  ok = ok && EVP_DecryptFinal_ex(context, out + size, &done) == 1;
  if (!ok) return fault(Fault::Kind::corrupt, "vault: a sealed text was altered or belongs elsewhere");
  return clear;
}

// Random bytes a page at a time: the generator's cost is per call. One thread.
class RandomBytes {
 public:
  explicit RandomBytes(Runtime& runtime) : runtime_(runtime) {}
  ~RandomBytes() { OPENSSL_cleanse(buffer_.data(), buffer_.size()); }
  void take(std::span<std::uint8_t> out) {
    if (buffer_.size() - used_ < out.size()) {
      runtime_.draw(std::as_writable_bytes(std::span(buffer_)));
      used_ = 0;
    }
    std::memcpy(out.data(), &buffer_[used_], out.size());
    OPENSSL_cleanse(&buffer_[used_], out.size());
    used_ += out.size();
  }

 private:
  static constexpr std::size_t kSize = 4096;
  Runtime& runtime_;
  std::array<std::uint8_t, kSize> buffer_;
  std::size_t used_ = kSize;
};

domain::BlindIndex blind_index(KeyedHash const& hash, std::string_view text) {
  auto const digest = hash(text);
  domain::BlindIndex out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

PersonKeys::Check file_check(KeyedHash const& master) {
  auto const digest = master("florin persons.keys check v1");
  PersonKeys::Check out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

// The first start makes persons.keys, then master.key, which completes the pair.
ResultOr<Unit> create_files(Runtime& runtime, std::filesystem::path const& master_path,
                            std::filesystem::path const& persons_path) {
  Wiped<Key> master;
  runtime.draw(std::as_writable_bytes(std::span(master.value)));
  auto& files = runtime.files();
  FLORIN_TRY(PersonKeys::create(files, persons_path, file_check(KeyedHash(master.value))));
  return replace_file(files, master_path, {reinterpret_cast<char const*>(master.value.data()), master.value.size()},
                      0600);
}

// Seeds that were made and are not in the file yet. Any thread.
class UnkeptSeeds {
 public:
  void add(PersonSeed const& made) {
    std::lock_guard const lock(mutex_);
    seeds_.insert_or_assign(made.identity, made.seed);
    count_.store(seeds_.size(), std::memory_order_release);
  }
  void remove(std::span<PersonSeed const> kept) {
    std::lock_guard const lock(mutex_);
    for (auto const& each : kept) seeds_.erase(each.identity);
    count_.store(seeds_.size(), std::memory_order_release);
  }
  // Without the lock when there are none, as mostly: whoever was told of a person by the log finds the seed in the
  // file.
  [[nodiscard]] std::optional<Seed> find(domain::IdentityId identity) const {
    if (count_.load(std::memory_order_acquire) == 0) return std::nullopt;
    std::lock_guard const lock(mutex_);
    auto const found = seeds_.find(identity);
    return found == seeds_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  mutable std::mutex mutex_;
  std::map<domain::IdentityId, Seed> seeds_;  // under mutex_
  std::atomic<std::size_t> count_{0};         // of seeds_
};

}  // namespace

struct Vault::Impl {
  Impl(KeyedHash const& master_key, PersonKeys person_keys, Runtime& runtime)
      : master(master_key),
        email_indexes(master.derived("florin email index v1")),
        phone_indexes(master.derived("florin phone index v1")),
        name_tags(master.derived("florin name tag v1")),
        fingerprints(master.derived("florin request fingerprint v1")),
        codes(master),
        persons(std::move(person_keys)),
        random(runtime) {}

  KeyedHash const master;
  KeyedHash const email_indexes;
  KeyedHash const phone_indexes;
  KeyedHash const name_tags;
  KeyedHash const fingerprints;
  Codes const codes;
  PersonKeys persons;
  OpenedNames opened_names;
  OpenedNames opened_emails;
  RandomBytes random;  // seal only
  UnkeptSeeds unkept;

  // Where openings of this field are kept; nullptr: nowhere.
  [[nodiscard]] OpenedNames* opened_of(Field field) {
    if (field == Field::name) return &opened_names;
    return field == Field::email ? &opened_emails : nullptr;
  }

  [[nodiscard]] ResultOr<Wiped<Key>> key_of(domain::IdentityId identity) const;
  void make_person(domain::IdentityId identity, std::vector<PersonSeed>& made);
  [[nodiscard]] ResultOr<Unit> seal(domain::PersonalText& text, domain::IdentityId identity, Field field,
                                    domain::Position position);
};

ResultOr<Wiped<Key>> Vault::Impl::key_of(domain::IdentityId identity) const {
  auto const fresh = unkept.find(identity);
  auto const seed = FLORIN_TRY(fresh ? ResultOr<Seed>(*fresh) : persons.read(identity));
  constexpr std::string_view kPurpose = "person";
  Wiped<std::array<std::uint8_t, kPurpose.size() + 8 + 32>> message;
  std::memcpy(message.value.data(), kPurpose.data(), kPurpose.size());
  put_u64(&message.value[kPurpose.size()], identity.value());
  std::memcpy(&message.value[kPurpose.size() + 8], seed.data(), seed.size());
  return Wiped<Key>{master({reinterpret_cast<char const*>(message.value.data()), message.value.size()})};
}

void Vault::Impl::make_person(domain::IdentityId identity, std::vector<PersonSeed>& made) {
  made.push_back({identity, {}});
  random.take(made.back().seed);
  unkept.add(made.back());
}

ResultOr<Unit> Vault::Impl::seal(domain::PersonalText& text, domain::IdentityId identity, Field field,
                                 domain::Position position) {
  if (text.sealed || text.bytes.empty()) return Unit{};
  auto const key = key_of(identity);
  if (!key) {
    if (key.error().kind != Fault::Kind::missing) return fail(key.error());
    text = {};
    return Unit{};
  }
  std::array<std::uint8_t, kNonceBytes> nonce;
  random.take(nonce);
  text.bytes = seal_box(key.value().value, binding(identity, field, position), nonce, text.bytes);
  text.sealed = true;
  return Unit{};
}

Vault::Vault(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Vault::~Vault() = default;

ResultOr<std::unique_ptr<Vault>> Vault::open(std::filesystem::path const& folder, Runtime& runtime) {
  auto& files = runtime.files();
  auto const master_path = folder / "master.key";
  auto const persons_path = folder / "persons.keys";
  auto const known = FLORIN_TRY(exists(files, master_path));
  if (!known) {
    // A header page alone is a first start that was cut short: no person had a key yet.
    auto const persons = files.open(persons_path, OpenFor::reading);
    auto const bytes = persons ? persons.value()->size() : ResultOr<std::uint64_t>(0);
    if (bytes && bytes.value() > PersonKeys::kHeaderBytes) {
      return fault(Fault::Kind::corrupt, master_path.string() + ": missing, and persons.keys is of no use without it");
    }
    FLORIN_TRY(create_files(runtime, master_path, persons_path));
  }
  // A process that died between renaming master.key and syncing the folder: everything sealed from now on needs it.
  FLORIN_TRY(files.make_folder(folder));
  auto read = FLORIN_TRY(read_file(files, master_path, Key().size()));
  Wiped<std::string> const bytes{std::move(read)};
  if (bytes.value.size() != Key().size()) {
    return fault(Fault::Kind::corrupt, master_path.string() + ": not 32 bytes");
  }
  KeyedHash const master(std::span(unsigned_bytes(bytes.value), bytes.value.size()));
  auto persons = PersonKeys::open(files, persons_path, file_check(master));
  if (!persons) {
    auto const kind = persons.error().kind == Fault::Kind::missing ? Fault::Kind::corrupt : persons.error().kind;
    return fault(kind, persons.error().what);
  }
  return std::unique_ptr<Vault>(new Vault(std::make_unique<Impl>(master, std::move(persons).value(), runtime)));
}

ResultOr<std::unique_ptr<Vault>> Vault::open_existing(std::filesystem::path const& folder, Runtime& runtime) {
  auto const path = folder / "master.key";
  auto const known = FLORIN_TRY(exists(runtime.files(), path));
  if (!known) {
    return fault(Fault::Kind::missing, "there is no vault at " + folder.string() +
                                           ", and what the log holds was sealed with it: restore the folder");
  }
  return open(folder, runtime);
}

domain::BlindIndex Vault::email_index(std::string_view normalised_email) const {
  return blind_index(impl_->email_indexes, normalised_email);
}

domain::BlindIndex Vault::phone_index(std::string_view e164) const { return blind_index(impl_->phone_indexes, e164); }

std::uint64_t Vault::name_tag(std::string_view name) const {
  if (name.empty()) return 0;
  auto const digest = impl_->name_tags(name);
  return std::max<std::uint64_t>(get_u64(digest.data()), 1);
}

domain::Fingerprint Vault::fingerprint(std::string_view canonical_payload) const {
  auto const digest = impl_->fingerprints(canonical_payload);
  domain::Fingerprint out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

Codes const& Vault::codes() const { return impl_->codes; }

ResultOr<Unit> Vault::seal(domain::Commit& commit, std::vector<PersonSeed>& made) {
  for (std::size_t i = 0; i < commit.events.size(); ++i) {
    auto const position = domain::next(commit.first, i);
    auto done = std::visit(
        domain::Overloaded{
            [](domain::GameEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [&](domain::IdentityRegistered& event) -> ResultOr<Unit> {
              if (event.email.sealed) return Unit{};
              impl_->make_person(event.identity, made);
              return impl_->seal(event.email, event.identity, Field::email, position);
            },
            [&](domain::PlayerJoined& event) { return impl_->seal(event.name, event.identity, Field::name, position); },
            [&](domain::PlayerRenamed& event) {
              return impl_->seal(event.name, event.identity, Field::name, position);
            },
            [&](domain::PhoneRecorded& event) {
              return impl_->seal(event.number, event.identity, Field::phone, position);
            },
            [](domain::PersonEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::WalletEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::ItemEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::TransferEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::PhoneShareEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::TextEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [&](domain::CheckoutOpened& event) {
              return impl_->seal(event.metadata, event.identity, Field::metadata, position);
            },
            [](domain::CardOrderEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::RefundEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [&](domain::PayoutRequested& event) -> ResultOr<Unit> {
              FLORIN_TRY(impl_->seal(event.holder, event.contact, Field::bank_holder, position));
              return impl_->seal(event.account, event.contact, Field::bank_account, position);
            },
            [&](domain::PayoutAccountCorrected& event) {
              return impl_->seal(event.corrected, event.contact, Field::bank_correction, position);
            },
            [](domain::PayoutEvent auto&) -> ResultOr<Unit> { return Unit{}; },
        },
        commit.events[i]);
    if (!done) return done;
  }
  return Unit{};
}

ResultOr<Unit> Vault::keep(std::span<PersonSeed const> seeds) {
  for (auto const& [identity, seed] : seeds) {
    FLORIN_TRY(impl_->persons.write(identity, seed));
  }
  FLORIN_TRY(impl_->persons.sync());
  impl_->unkept.remove(seeds);
  return Unit{};
}

ResultOr<std::string> Vault::open(domain::IdentityId identity, Field field, domain::PersonalText const& text) const {
  if (!text.sealed) {
    FLORIN_ASSERT(text.bytes.empty());
    return std::string();
  }
  auto const& box = text.bytes;
  if (box.size() < kHeadBytes + kTagBytes || !identity) {
    return fault(Fault::Kind::corrupt, "vault: a sealed text is cut short");
  }
  auto const* const bytes = unsigned_bytes(box);
  if (bytes[0] != kSealVersion) return fault(Fault::Kind::unknown, "vault: a sealed text of a newer version");
  auto* const kept = impl_->opened_of(field);
  if (kept != nullptr) {
    if (auto known = kept->find(identity, box)) return std::move(*known);
  }
  auto const erasures = kept != nullptr ? kept->erasures() : 0;
  auto const key = FLORIN_TRY(impl_->key_of(identity));
  auto clear = open_box(key.value, binding(identity, field, domain::Position(get_u64(bytes + 1))), box);
  if (kept != nullptr && clear) kept->put(identity, box, clear.value(), erasures);
  return clear;
}

ResultOr<Unit> Vault::destroy(domain::IdentityId identity) {
  if (impl_->unkept.find(identity)) {
    return fault(Fault::Kind::conflict, "vault: the person's registration is not durable yet: try again");
  }
  if (auto const present = impl_->persons.read(identity); !present) {
    // Twice is as good as once.
    return present.error().kind == Fault::Kind::missing ? ResultOr<Unit>(Unit{}) : fail(present.error());
  }
  auto const written = impl_->persons.write(identity, Seed{});
  impl_->opened_names.erase(identity);
  impl_->opened_emails.erase(identity);
  if (!written) return fail(written.error());
  return impl_->persons.sync();
}

}  // namespace florin::eventstore
