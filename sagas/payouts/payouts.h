// Payouts that a bank of ours carries out by itself: the sandbox's. In production an operator carries the file to the
// bank and says what its statement says; nothing here runs.
//
//   commits ─▶ processing ─▶ the day's files ─▶ Bank ─▶ pending … settled | returned ─▶ AdvancePayout ─▶ writer
//
// The bank answers for what is in a file. When an answer is due and nobody exported the day, its files are written as
// an operator's export would (payout_files.h) and given to the bank; what is left out of them stays processing until an
// operator fails it. Until an answer is due a check costs a comparison, for the thread also does the sandbox's
// payments.
//
// What is under way is in the ledger's state, with the time since when: a restart asks the bank again, and an answer
// that was given before changes nothing.
//
// Threads: resume and start by the owner; the rest on the effects thread.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "eventstore/engine/submission.h"
#include "eventstore/runtime/clock.h"
#include "eventstore/store/log.h"
#include "eventstore/store/vault.h"
#include "sagas/effects_loop.h"
#include "sagas/gateways/bank.h"
#include "sagas/ledger_view.h"
#include "sagas/payouts/payout_files.h"

namespace florin::sagas {

class Payouts final : public Saga {
 public:
  // All references outlive it.
  Payouts(EffectsLoop& loop, Bank const& bank, AchSettings settings, LedgerView const& view, eventstore::Log& log,
          eventstore::Vault const& vault, eventstore::Clock const& clock);
  ~Payouts() override;

  // Before start: the payouts that are with the bank.
  void resume(domain::State const& state);
  // Before the loop's.
  void start(eventstore::Submitter& writer);

  // Saga's.
  void on_commits(std::span<eventstore::CommitPtr const> commits) override;
  void check() override;
  [[nodiscard]] bool is_idle() override;
  void stop() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::sagas
