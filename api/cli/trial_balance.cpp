#include "api/cli/trial_balance.h"

namespace florin::api::cli {

using domain::Account;
using domain::CurrencyId;
using domain::Money;
using domain::Total;

void TrialBalance::add(domain::Commit const& commit) {
  for (auto const& event : commit.events) {
    for (auto const& posting : domain::postings(event)) {
      auto const row = posting.currency.value() - 1;
      if (row >= rows_.size()) rows_.resize(row + 1);
      rows_[row][static_cast<std::size_t>(posting.account)].add(posting.amount);
    }
  }
}

Total TrialBalance::total(CurrencyId currency, Account account) const {
  auto const row = currency.value() - 1;
  return row < rows_.size() ? rows_[row][static_cast<std::size_t>(account)] : Total{};
}

Total TrialBalance::sum(CurrencyId currency) const {
  Total out;
  for (auto const account : kAccounts) out.add(total(currency, account));
  return out;
}

std::vector<std::string> TrialBalance::disagreements(domain::State const& state) const {
  std::vector<Total> available(state.currency_count());
  std::vector<Total> reserved(state.currency_count());
  state.wallet_rows().for_each_chunk([&](auto const& wallets) {
    for (auto const& wallet : wallets) {
      available[wallet.currency - 1].add(Money::from_minor(wallet.available));
      reserved[wallet.currency - 1].add(Money::from_minor(wallet.reserved));
    }
  });
  std::vector<Total> refunds(state.currency_count());
  for (auto const& [order, returned] : state.returned_orders()) {
    for (auto const& refund : returned.refunds) {
      if (refund.status == domain::RefundStatus::pending) {
        refunds[returned.currency.value() - 1].add(domain::units_of(refund.usd));
      }
    }
  }
  std::vector<std::string> out;
  Total clearing;
  for (std::uint64_t i = 0; i < state.currency_count(); ++i) {
    CurrencyId const currency(i + 1);
    auto const name = "currency " + std::to_string(currency.value());
    auto const compare = [&](Account account, Total const& wallets) {
      auto const posted = total(currency, account);
      if (posted == wallets) return;
      out.push_back(name + ": " + domain::account_name(account) + " is " + posted.text() + " but the state holds " +
                    wallets.text());
    };
    auto const total_of = [](Money amount) {
      Total one;
      one.add(amount);
      return one;
    };
    compare(Account::player_available, available[i]);
    compare(Account::player_reserved, reserved[i]);
    compare(Account::refunds_in_flight, refunds[i]);
    auto const revenue = state.revenue(currency);
    compare(Account::game_revenue, total_of(revenue.owed));
    compare(Account::payouts_in_flight, total_of(revenue.in_flight));
    compare(Account::payouts_paid, total_of(revenue.paid));
    if (sum(currency) != Total{}) {
      out.push_back(name + ": the accounts sum to " + sum(currency).text() + ", not to zero");
    }
    clearing.add(total(currency, Account::transfer_clearing));
  }
  if (clearing != Total{}) {
    out.push_back("transfer_clearing is " + clearing.text() + " over all currencies, not zero");
  }
  return out;
}

}  // namespace florin::api::cli
