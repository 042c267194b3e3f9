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

#include "domain/contract.h"
#include "eventstore/runtime/durable_file.h"
#include "eventstore/store/keyed_hash.h"
#include "eventstore/store/little_endian.h"
#include "eventstore/store/opened_names.h"
#include "eventstore/store/person_keys.h"
#include "eventstore/store/sealed_text.h"

namespace florin::eventstore {
namespace {

using Key = PersonKey;

std::uint8_t const* unsigned_bytes(std::string const& text) {
  return reinterpret_cast<std::uint8_t const*>(text.data());
}

// A secret on the stack, wiped when it goes.
template <class Array>
struct Wiped {
  Array value;
  ~Wiped() { OPENSSL_cleanse(value.data(), value.size()); }
};

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

PersonKeys::Check file_check(KeyedHash const& master) { return master.first_half("florin persons.keys check v1"); }

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
  [[nodiscard]] ResultOr<Unit> seal(domain::Commit& commit, std::vector<PersonSeed>& made);
  [[nodiscard]] ResultOr<Unit> seal(domain::PersonalText& text, domain::IdentityId identity, Field field,
                                    domain::Position position);
};

ResultOr<Wiped<Key>> Vault::Impl::key_of(domain::IdentityId identity) const {
  auto const fresh = unkept.find(identity);
  auto const seed = FLORIN_TRY(fresh ? ResultOr<Seed>(*fresh) : persons.read(identity));
  constexpr std::string_view kPurpose = "person";
  Wiped<std::array<std::uint8_t, kPurpose.size() + 8 + 32>> message;
  std::memcpy(message.value.data(), kPurpose.data(), kPurpose.size());
  put_little_endian(&message.value[kPurpose.size()], identity.value());
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
  text.bytes = seal_text(key.value().value, {identity, field, position}, text.bytes);
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
  return impl_->email_indexes.first_half(normalised_email);
}

domain::BlindIndex Vault::phone_index(std::string_view e164) const { return impl_->phone_indexes.first_half(e164); }

std::uint64_t Vault::name_tag(std::string_view name) const {
  if (name.empty()) return 0;
  auto const digest = impl_->name_tags(name);
  return std::max<std::uint64_t>(get_little_endian<std::uint64_t>(digest.data()), 1);
}

domain::Fingerprint Vault::fingerprint(std::string_view canonical_payload) const {
  return impl_->fingerprints.first_half(canonical_payload);
}

domain::KeyCheck Vault::check() const { return impl_->master.first_half("florin vault check v1"); }

Codes const& Vault::codes() const { return impl_->codes; }

ResultOr<Unit> Vault::seal(domain::Commit& commit, std::vector<PersonSeed>& made) {
  auto const before = made.size();
  auto sealed = impl_->seal(commit, made);
  if (!sealed) {
    auto const dropped = std::span(made).subspan(before);
    impl_->unkept.remove(dropped);
    made.resize(before);
  }
  return sealed;
}

ResultOr<Unit> Vault::Impl::seal(domain::Commit& commit, std::vector<PersonSeed>& made) {
  for (std::size_t i = 0; i < commit.events.size(); ++i) {
    auto const position = domain::next(commit.first, i);
    auto done = std::visit(
        domain::Overloaded{
            [](domain::GameEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::KeyEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [&](domain::IdentityRegistered& event) -> ResultOr<Unit> {
              if (event.email.sealed) return Unit{};
              make_person(event.identity, made);
              return seal(event.email, event.identity, Field::email, position);
            },
            [&](domain::PlayerJoined& event) { return seal(event.name, event.identity, Field::name, position); },
            [&](domain::PlayerRenamed& event) { return seal(event.name, event.identity, Field::name, position); },
            [&](domain::PhoneRecorded& event) { return seal(event.number, event.identity, Field::phone, position); },
            [](domain::PersonEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::WalletEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::ItemEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::TransferEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::PhoneShareEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::TextEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [&](domain::CheckoutOpened& event) {
              return seal(event.metadata, event.identity, Field::metadata, position);
            },
            [](domain::CardOrderEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [](domain::RefundEvent auto&) -> ResultOr<Unit> { return Unit{}; },
            [&](domain::PayoutRequested& event) -> ResultOr<Unit> {
              FLORIN_TRY(seal(event.holder, event.contact, Field::bank_holder, position));
              return seal(event.account, event.contact, Field::bank_account, position);
            },
            [&](domain::PayoutAccountCorrected& event) {
              return seal(event.corrected, event.contact, Field::bank_correction, position);
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
  if (!identity) return fault(Fault::Kind::corrupt, "vault: a sealed text of nobody");
  auto* const kept = impl_->opened_of(field);
  if (kept != nullptr) {
    if (auto known = kept->find(identity, box)) return std::move(*known);
  }
  auto const erasures = kept != nullptr ? kept->erasures() : 0;
  auto const key = FLORIN_TRY(impl_->key_of(identity));
  auto clear = open_text(key.value, identity, field, box);
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
