#include "api/cli/trial_balance.h"

#include <algorithm>

namespace florin::api::cli {

using domain::Account;
using domain::CurrencyId;

std::string wide_amount_text(WideAmount minor) {
  bool const negative = minor < 0;
  auto rest = negative ? -static_cast<unsigned __int128>(minor) : static_cast<unsigned __int128>(minor);
  std::string digits;
  for (; rest != 0 || digits.size() < 3; rest /= 10)
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
  std::reverse(digits.begin(), digits.end());
  digits.insert(digits.size() - 2, ".");
  return negative ? "-" + digits : digits;
}

void TrialBalance::add(domain::Commit const& commit) {
  for (auto const& event : commit.events) {
    for (auto const& posting : domain::postings(event)) {
      auto const row = posting.currency.value() - 1;
      if (row >= rows_.size()) rows_.resize(row + 1);
      rows_[row][static_cast<std::size_t>(posting.account)] += posting.amount.minor();
    }
  }
}

WideAmount TrialBalance::total(CurrencyId currency, Account account) const {
  auto const row = currency.value() - 1;
  return row < rows_.size() ? rows_[row][static_cast<std::size_t>(account)] : 0;
}

WideAmount TrialBalance::sum(CurrencyId currency) const {
  WideAmount out = 0;
  for (auto const account : kAccounts) out += total(currency, account);
  return out;
}

std::vector<std::string> TrialBalance::disagreements(domain::State const& state) const {
  std::vector<WideAmount> available(state.currency_count());
  std::vector<WideAmount> reserved(state.currency_count());
  state.wallet_rows().for_each_chunk([&](auto const& wallets) {
    for (auto const& wallet : wallets) {
      available[wallet.currency - 1] += wallet.available;
      reserved[wallet.currency - 1] += wallet.reserved;
    }
  });
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < state.currency_count(); ++i) {
    CurrencyId const currency(i + 1);
    auto const name = "currency " + std::to_string(currency.value());
    auto const compare = [&](Account account, WideAmount wallets) {
      auto const posted = total(currency, account);
      if (posted == wallets) return;
      out.push_back(name + ": " + domain::account_name(account) + " is " + wide_amount_text(posted) +
                    " but the wallets hold " + wide_amount_text(wallets));
    };
    compare(Account::player_available, available[i]);
    compare(Account::player_reserved, reserved[i]);
    if (sum(currency) != 0)
      out.push_back(name + ": the accounts sum to " + wide_amount_text(sum(currency)) + ", not to zero");
  }
  return out;
}

}  // namespace florin::api::cli
