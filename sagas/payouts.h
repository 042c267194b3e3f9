// Payouts that a bank of ours carries out by itself: the sandbox's. In production an operator carries the file to the
// bank and says what its statement says; nothing here runs.
//
//   commits ─▶ processing ─▶ NACHA file ─▶ Bank ─▶ pending … settled | returned ─▶ AdvancePayout ─▶ writer
//
// A payout's file is written when the bank has its answer, not before: until then a look costs a comparison, for the
// thread also does the sandbox's payments.
//
// What is under way is in the ledger's state, with the time since when: a restart asks the bank again, and an answer
// that was given before changes nothing.
//
// Threads: on_commits by the appender; resume and start by the owner; the rest on the effects thread, until its
// io_context is stopped.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "eventstore/clock.h"
#include "eventstore/log.h"
#include "eventstore/vault.h"
#include "eventstore/writer.h"
#include "sagas/gateways/asio.h"
#include "sagas/gateways/bank.h"
#include "sagas/ledger_view.h"

namespace florin::sagas {

// The entry of a payout, as its event tells it. Kind::missing when its contact was erased.
[[nodiscard]] eventstore::Faulty<AchEntry> entry_of(eventstore::Log& log, eventstore::Vault const& vault,
                                                    domain::Position payout);

// One of a day's file.
struct DayPayout {
  domain::Position payout;
  bool has_failed = false;  // by now
};
struct DayEntries {
  std::vector<AchEntry> entries;
  // The first one whose bank details cannot be opened, because its contact was erased, and which has not failed:
  // without it the file would leave somebody unpaid who believes to be paid. One that has failed is left out.
  std::optional<domain::Position> unreadable;
};
// In the order given. A fault is of the log or the vault: ask again.
[[nodiscard]] eventstore::Faulty<DayEntries> entries_of(eventstore::Log& log, eventstore::Vault const& vault,
                                                        std::span<DayPayout const> payouts);

class Payouts final : public eventstore::CommitListener {
 public:
  // All references outlive it. `io` is the effects thread's.
  Payouts(asio::io_context& io, Bank const& bank, AchOrigin origin, LedgerView const& view, eventstore::Log& log,
          eventstore::Vault const& vault, eventstore::Clock const& clock);
  ~Payouts() override;

  void resume(domain::State const& state);
  void start(eventstore::Writer& writer);
  void on_commits(std::span<eventstore::CommitPtr const> commits) override;
  // The clock jumped. Returns when what is due was asked and reported, at most after timeout_ms; false: not yet.
  // Blocks.
  [[nodiscard]] bool settle(int timeout_ms);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::sagas
