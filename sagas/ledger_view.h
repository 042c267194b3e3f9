// What the sagas may ask of the durable ledger, beyond the commits that they are shown. The balance view answers; api/
// puts the two together, because sagas/ and projections/ do not know each other.
//
// Called on the effects thread. Never behind the commits that on_commits was shown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/events.h"

namespace florin::sagas {

class LedgerView {
 public:
  virtual ~LedgerView() = default;

  // nullopt: it has ended, or never was.
  [[nodiscard]] virtual std::optional<domain::OpenTransfer> transfer(domain::Position transaction) const = 0;
  [[nodiscard]] virtual std::optional<domain::OpenShare> share(domain::Position approval) const = 0;

  // nullopt: its payment is settled, or there is no such order.
  [[nodiscard]] virtual std::optional<domain::OpenOrder> order(domain::Position order) const = 0;
  // nullopt: nothing of the order went back.
  [[nodiscard]] virtual std::optional<domain::Returned> returned(domain::Position order) const = 0;
  // nullopt: it has ended, or never was.
  [[nodiscard]] virtual std::optional<domain::OpenPayout> payout(domain::PayoutId payout) const = 0;
  // What a day's files would hold now: those that belong to it (domain/payout.h), oldest first.
  [[nodiscard]] virtual std::vector<domain::PayoutId> payouts_of(domain::Day day) const = 0;
  [[nodiscard]] virtual bool has_payout_files(domain::Day day) const = 0;
  // Whether one of them waits for a PayoutFileWritten: then the others of its day do too.
  [[nodiscard]] virtual bool is_dated_by_export(domain::Day day) const = 0;
  // What files of that creation date have used up (domain/payout.h).
  [[nodiscard]] virtual domain::PayoutFilesUsed files_used(domain::Day created) const = 0;
  [[nodiscard]] virtual std::string currency_name(domain::CurrencyId currency) const = 0;

  // Whose phone it is, with the number and the e-mail of that person, both sealed under the person's key.
  struct Phone {
    domain::IdentityId identity;
    domain::PersonalText number;
    domain::PersonalText email;
  };
  [[nodiscard]] virtual std::optional<Phone> phone(domain::PhoneId phone) const = 0;

  // What people call the two games and the sender's currency.
  struct Names {
    std::string source_game;
    std::string target_game;
    std::string currency;
  };
  [[nodiscard]] virtual Names names(domain::PlayerId sender, domain::CurrencyId currency,
                                    domain::GameId target) const = 0;
};

}  // namespace florin::sagas
