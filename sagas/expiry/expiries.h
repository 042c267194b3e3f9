// The expiry saga: ends transfers and phone shares whose time has run out.
//
//   commits ─▶ until when something waits ─▶ Timers ─▶ is it really due? ─▶ ExpireTransfer, ExpirePhoneShare ─▶ writer
//
// A timer is a reminder and no fact: when it fires, the ledger is asked. So late, early and doubled timers change
// nothing. Nothing is kept on disk: what waits is in the ledger's state.
//
// Threads: resume and start by the owner; the rest on the effects thread.
#pragma once

#include <memory>
#include <span>

#include "eventstore/engine/submission.h"
#include "eventstore/runtime/clock.h"
#include "eventstore/store/log.h"
#include "sagas/effects_loop.h"
#include "sagas/ledger_view.h"

namespace florin::sagas {

class Expiries final : public Saga {
 public:
  // All references outlive it.
  Expiries(EffectsLoop& loop, LedgerView const& view, eventstore::Clock const& clock);
  ~Expiries() override;

  // Before start: everything that waits in the recovered state.
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
