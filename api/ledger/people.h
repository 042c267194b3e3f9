// People by what names them: e-mails, names and phones, as they are looked up and as they are shown. Any thread.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "api/ledger/payload.h"
#include "eventstore/engine/durable_state.h"
#include "eventstore/store/vault.h"

namespace florin::api {

using eventstore::Field;

// A fault met in the middle of a reply: an exception, because a reply that is half written is of no use.
class Unreadable : public std::exception {
 public:
  explicit Unreadable(eventstore::Fault fault) : fault_(std::move(fault)) {}
  [[nodiscard]] eventstore::Fault const& fault() const { return fault_; }
  [[nodiscard]] char const* what() const noexcept override { return fault_.what.c_str(); }

 private:
  eventstore::Fault fault_;
};

// Owned by the Ledger. Its parts outlive it.
class People {
 public:
  People(Mailboxes const& mailboxes, eventstore::DurableState const& state, eventstore::Vault const& vault)
      : mailboxes_(mailboxes), state_(state), vault_(vault) {}

  // The error says why it is no e-mail, as the end of a sentence.
  [[nodiscard]] Result<Email, std::string_view> find(std::string_view text) const { return mailboxes_.find(text); }
  // A player as the game names one, with what the ledger knows of the name.
  [[nodiscard]] domain::PlayerRef player(domain::GameId game, Email const& email, std::string_view name) const;
  [[nodiscard]] domain::PhoneRef phone(std::string_view e164) const;

  // Personal text in clear; "" when there is none or its person was erased. Throws Unreadable when it is there and
  // cannot be opened: nobody may take that for a name that is not known.
  [[nodiscard]] std::string reveal(domain::IdentityId identity, Field field, domain::PersonalText const& text) const;
  // The e-mail of a person, who need not play any game; "" when it is not known any more. Throws as reveal() does.
  [[nodiscard]] std::string email_of(domain::IdentityId identity) const;

 private:
  Mailboxes const& mailboxes_;
  eventstore::DurableState const& state_;
  eventstore::Vault const& vault_;
};

}  // namespace florin::api
