// Which e-mail index a written e-mail stands for: the one place where an e-mail becomes a person.
//
// A person is found by the index that their registration has, for ever (CONTRACT, E-mails). Somebody registered today
// has the index of the rule's key (email.h). Somebody in a log of a release up to 1c8f11c has the index of the former
// key, which is another one when their e-mail is not ASCII and not in the rule's form, or is no e-mail by the rule.
// Such people are former ones. There are few of them and no new ones, so they are listed once, at the start, and a
// look-up is:
//
//   1. the former key of the text is a former person's     -> that person, however the address looks
//   2. the rule's key of the text is that of a former person, and nobody is registered under it -> that person
//   3. the rule's key                                       -> whoever has it, or who comes to have it
//
// Since the list never grows while the server runs, two first requests of one mailbox have one index whatever their
// spellings, and the rules (domain/) compare people when they compare indexes. Two people whom an old log holds for one
// mailbox stay two: each keeps the spelling that the log has, the others go to the one who has the rule's key, or else
// to the older one.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/ids.h"
#include "domain/result.h"
#include "eventstore/store/vault.h"

namespace florin::api {

struct FormerPerson {
  domain::IdentityId identity;
  domain::BlindIndex index{};             // that the log has
  std::optional<domain::BlindIndex> key;  // that the rule gives; none: the address is no e-mail by the rule
};

// nullopt when the person is none, which costs no hash. `email` is the opened text of the registration.
[[nodiscard]] std::optional<FormerPerson> former_person(eventstore::Vault const& vault, domain::IdentityId identity,
                                                        domain::BlindIndex const& index, std::string_view email);

// Immutable: any thread.
class Mailboxes {
 public:
  // `is_registered` says whether the log has a person of that index. The vault outlives it. In order of identities.
  Mailboxes(eventstore::Vault const& vault, std::span<FormerPerson const> former,
            std::function<bool(domain::BlindIndex const&)> const& is_registered);

  struct Found {
    std::string written;  // trimmed: what is kept of a person who is registered with it, and shown
    std::string key;      // for fingerprints: the former key of a former person's own spelling, else the rule's. So a
                          // request of an old log has the fingerprint that it had
    domain::BlindIndex index{};
  };
  // The error says why it is no e-mail, as the end of a sentence.
  [[nodiscard]] Result<Found, std::string_view> find(std::string_view text) const;

 private:
  struct Hash {
    std::size_t operator()(domain::BlindIndex const& index) const;
  };
  eventstore::Vault const& vault_;
  // Every former person's index, and every key of one that nobody is registered under: each to the person's index.
  std::unordered_map<domain::BlindIndex, domain::BlindIndex, Hash> former_;
};

}  // namespace florin::api
