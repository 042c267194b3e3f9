// A second set of books for the property tests, kept from postings alone. It shares no code with apply: the two must
// agree after every step.
#pragma once

#include <map>
#include <utility>

#include <rapidcheck.h>

#include "domain/ledger.h"
#include "domain/postings.h"

namespace florin::domain::testing {

// Whether a wallet, and what a game is owed, may be below zero: only where card payments and payouts come in.
enum class Debts { never, possible };

class Books {
 public:
  void post(Event const& event) {
    for (auto const& posting : postings(event)) {
      trial_balance_[posting.currency] += posting.amount;
      accounts_[{posting.account, posting.currency}] += posting.amount;
      auto const available = posting.account == Account::player_available;
      auto const owned = available || posting.account == Account::player_reserved;
      RC_ASSERT(bool{posting.player} == owned);
      if (owned) (available ? available_ : reserved_)[{posting.player, posting.currency}] += posting.amount;
    }
  }

  void check(State const& state, Debts debts = Debts::never) const {
    for (auto const& [currency, sum] : trial_balance_) RC_ASSERT(sum == Money{});
    for (std::size_t i = 0; i < state.wallet_count(); ++i) {
      auto const& row = state.wallet_rows()[i];
      RC_ASSERT(row.reserved >= 0 && row.available + row.reserved <= kMaxBalance.minor());
      if (debts == Debts::never) RC_ASSERT(row.available >= 0);
      std::pair const key(PlayerId(row.player), CurrencyId(row.currency));
      RC_ASSERT((available_.contains(key) && available_.at(key).minor() == row.available));
      auto const reserved = reserved_.find(key);
      RC_ASSERT((reserved == reserved_.end() ? 0 : reserved->second.minor()) == row.reserved);
    }
    RC_ASSERT(available_.size() == state.wallet_count());
    Money clearing;
    for (auto const& [key, sum] : accounts_) {
      // A refund gives back what a sale brought, so neither ever owes more than it earned, unless it was paid out.
      if (key.first == Account::game_revenue && debts == Debts::never) RC_ASSERT(sum >= Money{});
      if (key.first == Account::network_fees) RC_ASSERT(sum >= Money{});
      if (key.first == Account::transfer_clearing) clearing += sum;
    }
    RC_ASSERT(clearing == Money{});
  }

  [[nodiscard]] Money sum(Account account, CurrencyId currency) const {
    auto const found = accounts_.find({account, currency});
    return found == accounts_.end() ? Money{} : found->second;
  }
  // Of all currencies: every branded unit is a tenth of a dollar.
  [[nodiscard]] Money sum(Account account) const {
    Money total;
    for (auto const& [key, amount] : accounts_) total += key.first == account ? amount : Money{};
    return total;
  }

 private:
  using Wallets = std::map<std::pair<PlayerId, CurrencyId>, Money>;
  std::map<CurrencyId, Money> trial_balance_;
  std::map<std::pair<Account, CurrencyId>, Money> accounts_;
  Wallets available_;
  Wallets reserved_;
};

inline bool same(Decision const& a, Decision const& b) {
  if (a.ok() != b.ok()) return false;
  return a.ok() ? a.value() == b.value() : a.error() == b.error();
}

}  // namespace florin::domain::testing
