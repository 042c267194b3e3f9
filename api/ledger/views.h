// The read models on disk: how fresh they are, and reading them.
#pragma once

#include <string_view>
#include <vector>

#include "api/http/asio.h"
#include "api/http/completion.h"
#include "eventstore/engine/writer.h"
#include "projections/reconciliation.h"
#include "projections/runner.h"

namespace florin::api {

using projections::ProjectionStatus;
using projections::ReconciledPlayer;
using projections::ReconciliationStream;
using projections::ViewReader;

enum class View : std::uint8_t { history, orders, payments, reconciliation, transfers };

// Owned by the Ledger. The runner and the writer outlive it.
class Views {
 public:
  Views(projections::Runner& runner, eventstore::Writer const& writer) : runner_(runner), writer_(writer) {}

  // On the io thread of `inbox`; holds no thread. With a wanted position: waits until there, or answers false after
  // kWaitMs, and when Runner::kWaitersMax wait already. Without one: a view that is nearly there gets kGraceMs to show
  // what was durable when the request came, so that a caller who writes and then reads sees the write; either way true.
  [[nodiscard]] Awaitable<bool> reach(Inbox& inbox, View view, domain::Position wanted) const;
  static constexpr int kWaitMs = 2'000;
  static constexpr int kGraceMs = 100;
  static constexpr std::uint64_t kNearlyThere = 1'000;  // events: a few ms of work

  // On a worker. Faults: as Runner::read.
  [[nodiscard]] eventstore::Faulty<ViewReader> read(View view) const;

  // Any thread. By the names that operators use; faults as Runner::rebuild.
  [[nodiscard]] std::vector<ProjectionStatus> status() const { return runner_.status(); }
  [[nodiscard]] eventstore::Faulty<Unit> rebuild(std::string_view name) const { return runner_.rebuild(name); }

 private:
  projections::Runner& runner_;
  eventstore::Writer const& writer_;
};

}  // namespace florin::api
