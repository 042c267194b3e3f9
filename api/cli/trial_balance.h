// The auditor's trial balance: a fold over the postings of events, per currency and account. One thread.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "domain/ledger.h"
#include "domain/postings.h"

namespace florin::api::cli {

// Sums of many wallets pass 64 bits long before a single wallet does.
using WideAmount = __int128;
[[nodiscard]] std::string wide_amount_text(WideAmount minor);  // two decimals, "-" when negative

class TrialBalance {
 public:
  static constexpr domain::Account kAccounts[] = {domain::Account::player_available, domain::Account::player_reserved,
                                                  domain::Account::game_revenue, domain::Account::network_fees,
                                                  domain::Account::promotional_issuance};

  void add(domain::Commit const& commit);
  // Zero for a currency that nothing was ever posted to.
  [[nodiscard]] WideAmount total(domain::CurrencyId currency, domain::Account account) const;
  // Of all accounts: zero, or the books are wrong.
  [[nodiscard]] WideAmount sum(domain::CurrencyId currency) const;

  // What disagrees: a currency that does not sum to zero, or players' accounts that are not the sum of the wallets of
  // `state`. Empty when the books are right.
  [[nodiscard]] std::vector<std::string> disagreements(domain::State const& state) const;

 private:
  using Row = std::array<WideAmount, std::size(kAccounts)>;
  std::vector<Row> rows_;  // by CurrencyId - 1
};

}  // namespace florin::api::cli
