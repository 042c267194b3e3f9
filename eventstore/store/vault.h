// The vault: one key a person, and the keyed hashes that stand for personal data outside it.
//
// Files: master.key (32 random bytes, mode 0600) and persons.keys (a header page, then a 32-byte random seed in
// slot IdentityId-1). A person's key is HMAC-SHA256(master, "person" || identity || seed): neither file alone opens
// anything, and zeroing the seed erases the person for ever while every hash in the log stays valid. One process at
// a time writes here: the holder of the log's lock.
//
// A sealed text is  version 1 | position of the event, 8 LE | nonce 12 | ciphertext | tag 16  under AES-256-GCM,
// with AAD = version, identity, field and position: a box moved to another person, field or event does not open.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/events.h"
#include "eventstore/fault.h"
#include "eventstore/runtime/runtime.h"
#include "eventstore/store/codes.h"
#include "eventstore/store/person_seed.h"

namespace florin::eventstore {

enum class Field : std::uint8_t {
  email = 1,
  name = 2,
  phone = 3,
  metadata = 4,
  bank_holder = 5,
  bank_account = 6,
  bank_correction = 7,
};

class Vault final : public SeedKeeper {
 public:
  // Creates the files when both are absent. Kind::corrupt when one of the two is missing, damaged, or not the other's.
  [[nodiscard]] static ResultOr<std::unique_ptr<Vault>> open(std::filesystem::path const& folder,
                                                             Runtime& runtime = machine());
  // The same of files that must be there: a new vault could open nothing that an old one sealed. Kind::missing when
  // both are absent.
  [[nodiscard]] static ResultOr<std::unique_ptr<Vault>> open_existing(std::filesystem::path const& folder,
                                                                      Runtime& runtime = machine());
  ~Vault() override;

  // Keyed hashes, HMAC-SHA256 under keys derived from the master, truncated. Any thread. About 0.3 µs.
  [[nodiscard]] domain::BlindIndex email_index(std::string_view normalised_email) const;
  [[nodiscard]] domain::BlindIndex phone_index(std::string_view e164) const;  // "+46701234567": no spaces, no dashes
  [[nodiscard]] std::uint64_t name_tag(std::string_view name) const;          // 0 for an empty name, never 0 otherwise
  [[nodiscard]] domain::Fingerprint fingerprint(std::string_view canonical_payload) const;

  // Tells this vault from another one and says nothing about it.
  [[nodiscard]] domain::KeyCheck check() const;

  // PINs, one-time passwords, claim codes and approval ids of this vault. Lives as long as the vault. Any thread.
  [[nodiscard]] Codes const& codes() const;

  // Seals every clear PersonalText of the commit. The writer only. The seeds of the people whom it registers are added
  // to `made`: they go with the commit into its append (log.h), and are known here from now on. A text about a person
  // who was erased becomes empty: nothing personal is stored about them again. After a fault nothing was added.
  [[nodiscard]] ResultOr<Unit> seal(domain::Commit& commit, std::vector<PersonSeed>& made);
  // Writes seeds that seal() made into persons.keys. One fdatasync; none for no seeds.
  [[nodiscard]] ResultOr<Unit> keep(std::span<PersonSeed const> seeds) override;

  // Any thread, about 1 µs; a name that was opened lately costs a look-up (opened_names.h). Kind::missing when the
  // person was erased, Kind::corrupt when the box was altered or belongs elsewhere. An empty unsealed text opens to "".
  [[nodiscard]] ResultOr<std::string> open(domain::IdentityId identity, Field field,
                                           domain::PersonalText const& text) const;

  // Zeroes the seed durably. There is no way back; repeating it is harmless. The writer only. Kind::corrupt when the
  // person never had a key, Kind::conflict while the commit that registers them waits for its append.
  [[nodiscard]] ResultOr<Unit> destroy(domain::IdentityId identity);

 private:
  struct Impl;
  explicit Vault(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::eventstore
