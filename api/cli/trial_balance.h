// The auditor's trial balance: a fold over the postings of events, per currency and account. One thread.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "domain/ledger.h"
#include "domain/postings.h"

namespace florin::api::cli {

class TrialBalance {
 public:
  // All of them, in their order: rows are indexed by the account.
  static constexpr domain::Account kAccounts[] = {
      domain::Account::player_available,  domain::Account::player_reserved,      domain::Account::game_revenue,
      domain::Account::network_fees,      domain::Account::promotional_issuance, domain::Account::transfer_clearing,
      domain::Account::card_clearing,     domain::Account::processor_fees,       domain::Account::refunds_in_flight,
      domain::Account::payouts_in_flight, domain::Account::payouts_paid};
  static_assert(std::size(kAccounts) == static_cast<std::size_t>(domain::Account::payouts_paid) + 1);

  void add(domain::Commit const& commit);
  // Zero for a currency that nothing was ever posted to.
  [[nodiscard]] domain::Total total(domain::CurrencyId currency, domain::Account account) const;
  // Of all accounts: zero, or the books are wrong.
  [[nodiscard]] domain::Total sum(domain::CurrencyId currency) const;

  // What disagrees: a currency that does not sum to zero, players' accounts that are not the sum of the wallets of
  // `state`, refunds in flight or accounts of what games earned that are not what it says, or a clearing account that
  // is not zero over all currencies. Empty when the books are right.
  [[nodiscard]] std::vector<std::string> disagreements(domain::State const& state) const;

 private:
  using Row = std::array<domain::Total, std::size(kAccounts)>;
  std::vector<Row> rows_;  // by CurrencyId - 1
};

}  // namespace florin::api::cli
