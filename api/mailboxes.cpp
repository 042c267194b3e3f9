#include "api/mailboxes.h"

#include "api/email.h"
#include "domain/phones.h"
#include "domain/utf8.h"

namespace florin::api {

using domain::BlindIndex;

std::optional<FormerPerson> former_person(eventstore::Vault const& vault, domain::IdentityId identity,
                                          BlindIndex const& index, std::string_view email) {
  auto const mailbox = read_mailbox(email);
  if (!mailbox) return FormerPerson{identity, index, std::nullopt};
  // Whoever was registered by the rule, or with an address of which both keys are one, is nearly everybody.
  if (former_key(email) == mailbox.value().key) return std::nullopt;
  auto const key = vault.email_index(mailbox.value().key);
  if (key == index) return std::nullopt;
  return FormerPerson{identity, index, key};
}

std::size_t Mailboxes::Hash::operator()(BlindIndex const& index) const { return domain::hash_of(index); }

Mailboxes::Mailboxes(eventstore::Vault const& vault, std::span<FormerPerson const> former,
                     std::function<bool(BlindIndex const&)> const& is_registered)
    : vault_(vault) {
  for (auto const& person : former) former_.emplace(person.index, person.index);
  for (auto const& person : former) {
    if (person.key && !is_registered(*person.key)) former_.emplace(*person.key, person.index);
  }
}

Result<Mailboxes::Found, std::string_view> Mailboxes::find(std::string_view text) const {
  auto mailbox = read_mailbox(text);
  if (!former_.empty() && domain::is_utf8(text)) {
    auto former = former_key(text);
    if (former && !(mailbox && mailbox.value().key == *former)) {
      auto const index = vault_.email_index(*former);
      if (auto const known = former_.find(index); known != former_.end() && known->second == index) {
        auto written = mailbox ? std::move(mailbox).value().written : *former;
        return Found{std::move(written), std::move(*former), index};
      }
    }
  }
  if (!mailbox) return fail(mailbox.error());
  Found found{std::move(mailbox.value().written), std::move(mailbox.value().key), {}};
  found.index = vault_.email_index(found.key);
  if (auto const known = former_.find(found.index); known != former_.end()) found.index = known->second;
  return found;
}

}  // namespace florin::api
