// What the sagas ask of the durable ledger, beyond the commits that they are shown: one function a question, each
// answered with a copy. Never behind the commits that on_commits was shown. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/events.h"
#include "eventstore/engine/durable_state.h"

namespace florin::sagas {

class LedgerView {
 public:
  explicit LedgerView(eventstore::DurableState const& durable) : durable_(durable) {}  // outlives it

  // nullopt: it has ended, or never was.
  [[nodiscard]] std::optional<domain::OpenTransfer> transfer(domain::TransferId transaction) const;
  [[nodiscard]] std::optional<domain::OpenShare> share(domain::ApprovalId approval) const;

  // nullopt: its payment is settled, or there is no such order.
  [[nodiscard]] std::optional<domain::OpenOrder> order(domain::OrderId order) const;
  // nullopt: nothing of the order went back.
  [[nodiscard]] std::optional<domain::Returned> returned(domain::OrderId order) const;
  // nullopt: it has ended, or never was.
  [[nodiscard]] std::optional<domain::OpenPayout> payout(domain::PayoutId payout) const;
  // What a day's files would hold now: those that belong to it (domain/payout.h), oldest first.
  [[nodiscard]] std::vector<domain::PayoutId> payouts_of(domain::Day day) const;
  [[nodiscard]] bool has_payout_files(domain::Day day) const;
  // Whether one of them waits for a PayoutFileWritten: then the others of its day do too.
  [[nodiscard]] bool is_dated_by_export(domain::Day day) const;
  // What files of that creation date have used up (domain/payout.h).
  [[nodiscard]] domain::PayoutFilesUsed files_used(domain::Day created) const;
  [[nodiscard]] std::string currency_name(domain::CurrencyId currency) const;

  // Whose phone it is, with the number and the e-mail of that person, both sealed under the person's key.
  struct Phone {
    domain::IdentityId identity;
    domain::PersonalText number;
    domain::PersonalText email;
  };
  [[nodiscard]] std::optional<Phone> phone(domain::PhoneId phone) const;

  // What people call the two games and the sender's currency.
  struct Names {
    std::string source_game;
    std::string target_game;
    std::string currency;
  };
  [[nodiscard]] Names names(domain::PlayerId sender, domain::CurrencyId currency, domain::GameId target) const;

 private:
  eventstore::DurableState const& durable_;
};

}  // namespace florin::sagas
