// The files that payouts go to the bank in (sagas/payouts/payout_files.h), over this ledger's log, vault and settings.
// Blocking: on a worker.
#pragma once

#include "sagas/payouts/payout_files.h"

namespace florin::api {

// Owned by the Ledger. Its parts outlive it.
class BankFiles {
 public:
  BankFiles(eventstore::Log& log, eventstore::Vault const& vault, sagas::AchSettings const& settings)
      : log_(log), vault_(vault), settings_(settings) {}

  [[nodiscard]] sagas::AchSettings const& settings() const { return settings_; }
  [[nodiscard]] eventstore::ResultOr<sagas::AchEntry> entry_of(domain::PayoutId payout) const {
    return sagas::entry_of(log_, vault_, payout);
  }
  [[nodiscard]] eventstore::ResultOr<sagas::DayEntries> entries_of(std::span<sagas::DayPayout const> payouts) const {
    return sagas::entries_of(log_, vault_, payouts);
  }
  [[nodiscard]] eventstore::ResultOr<sagas::PlannedFiles> plan(domain::Day day, domain::Timestamp created,
                                                               std::span<domain::PayoutId const> payouts,
                                                               domain::PayoutFilesUsed const& used) const {
    return sagas::plan_files(log_, vault_, settings_, day, created, payouts, used);
  }
  [[nodiscard]] eventstore::ResultOr<sagas::FileAgain> again(domain::PayoutFileWritten const& event,
                                                             domain::PayoutFile const& file) const {
    return sagas::file_again(log_, vault_, event, file);
  }

 private:
  eventstore::Log& log_;
  eventstore::Vault const& vault_;
  sagas::AchSettings const& settings_;
};

}  // namespace florin::api
