// The read models on disk: how fresh they are, and reading them.
#pragma once

#include <string_view>
#include <vector>

#include "api/http/asio.h"
#include "api/http/completion.h"
#include "eventstore/engine/durable_state.h"
#include "projections/read_models.h"
#include "projections/reconciliation.h"

namespace florin::api {

using projections::ProjectionStatus;
using projections::ReconciledPlayer;
using projections::ReconciliationStream;
using projections::ViewReader;

enum class View : std::uint8_t { history, orders, payments, reconciliation, transfers };

// Owned by the Ledger. Its parts outlive it.
class Views {
 public:
  Views(projections::ReadModels& models, eventstore::DurableState const& state) : models_(models), state_(state) {}

  // On the io thread of `inbox`; holds no thread. With a wanted position: waits until there, or answers false after
  // kWaitMs, and when ReadModels::kWaitersMax wait already. Without one: a view that is nearly there gets kGraceMs to
  // show what was durable when the request came, so that a caller who writes and then reads sees the write; either way
  // true.
  [[nodiscard]] Awaitable<bool> reach(Inbox& inbox, View view, domain::Position wanted) const;
  static constexpr int kWaitMs = 2'000;
  static constexpr int kGraceMs = 100;
  static constexpr std::uint64_t kNearlyThere = 1'000;  // events: a few ms of work

  // On a worker. Faults: as ReadModels::read.
  [[nodiscard]] eventstore::ResultOr<ViewReader> read(View view) const;

  // Any thread. By the names that operators use; faults as ReadModels::rebuild.
  [[nodiscard]] std::vector<ProjectionStatus> status() const { return models_.status(); }
  [[nodiscard]] eventstore::ResultOr<Unit> rebuild(std::string_view name) const { return models_.rebuild(name); }

 private:
  projections::ReadModels& models_;
  eventstore::DurableState const& state_;
};

}  // namespace florin::api
