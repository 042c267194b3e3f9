// Where in the log the steps of every order of currency and of every payout stand, which orders a checkout led to,
// what the processor calls their payments, and which payouts there are. The facts are the events; kept for ever.
#pragma once

#include <optional>
#include <vector>

#include "projections/projection.h"
#include "projections/runner.h"

namespace florin::projections {

struct Step {
  domain::Position event;
  domain::Position commit;  // first position of its commit: read it from the log there
  friend bool operator==(Step const&, Step const&) = default;
};

struct PayoutRow {
  domain::PayoutId payout;
  domain::GameId game;
  domain::PayoutStatus status = domain::PayoutStatus::requested;
  domain::Timestamp processing_at;  // zero: it never was
  domain::Timestamp failed_at;      // zero: it did not
  friend bool operator==(PayoutRow const&, PayoutRow const&) = default;
};

struct PayoutPage {
  std::vector<PayoutRow> payouts;     // newest first
  std::optional<std::uint64_t> next;  // the cursor; absent on the last page
};

[[nodiscard]] Projection const& payments_projection();

// Of an order or a payout, oldest first; empty when there is none of this name.
[[nodiscard]] eventstore::ResultOr<std::vector<Step>> read_steps(ViewReader& view, domain::Position about);
// A step names an event that the log does not have: the fault for it, as ViewReader::distrust.
[[nodiscard]] Failure<eventstore::Fault> distrust_steps(ViewReader& view, domain::Position about);
// The orders that a checkout session led to, oldest first.
[[nodiscard]] eventstore::ResultOr<std::vector<domain::OrderId>> read_attempts(ViewReader& view,
                                                                               domain::SessionId session);
// Whose payment the processor calls so; nullopt when it is none of ours.
[[nodiscard]] eventstore::ResultOr<std::optional<domain::OrderId>> read_order_of(ViewReader& view,
                                                                                 std::string_view reference);
// Of one game, or of all (zero); of one status, or of all. cursor: a former page's `next`.
[[nodiscard]] eventstore::ResultOr<PayoutPage> read_payouts(ViewReader& view, domain::GameId game,
                                                            std::optional<domain::PayoutStatus> status,
                                                            std::size_t limit, std::optional<std::uint64_t> cursor);
// Those that became processing in [from, until) and had not failed by then, in order of their names: a day's file. Once
// every event before `until` is in the view, nothing that happens later changes which they are.
[[nodiscard]] eventstore::ResultOr<std::vector<PayoutRow>> read_processed(ViewReader& view, domain::Timestamp from,
                                                                          domain::Timestamp until);

}  // namespace florin::projections
