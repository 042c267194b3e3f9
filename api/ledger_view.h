// What the sagas ask of the ledger, answered by the balance view (sagas/ledger_view.h).
#pragma once

#include "eventstore/engine/durable_state.h"
#include "sagas/ledger_view.h"

namespace florin::api {

class BalancesView final : public sagas::LedgerView {
 public:
  explicit BalancesView(eventstore::DurableState const& balances) : balances_(balances) {}  // outlives it

  std::optional<domain::OpenTransfer> transfer(domain::Position transaction) const override;
  std::optional<domain::OpenShare> share(domain::Position approval) const override;
  std::optional<domain::OpenOrder> order(domain::Position order) const override;
  std::optional<domain::Returned> returned(domain::Position order) const override;
  std::optional<domain::OpenPayout> payout(domain::PayoutId payout) const override;
  std::vector<domain::PayoutId> payouts_of(domain::Day day) const override;
  bool has_payout_files(domain::Day day) const override;
  bool is_dated_by_export(domain::Day day) const override;
  domain::PayoutFilesUsed files_used(domain::Day created) const override;
  std::string currency_name(domain::CurrencyId currency) const override;
  std::optional<Phone> phone(domain::PhoneId phone) const override;
  Names names(domain::PlayerId sender, domain::CurrencyId currency, domain::GameId target) const override;

 private:
  eventstore::DurableState const& balances_;
};

}  // namespace florin::api
