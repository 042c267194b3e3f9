// The steps that keep every read model at the head of the log, without a thread: runner.h drives them with a projector
// and a builder, a simulation with a loop.
//
//   open      the newest file of each view, or a build is ordered
//   step      one transaction: each commit is decoded once and goes to every file that is at its place
//   finish    a build that was ordered has ended: its file catches up, and then is the one that is read
//
// One thread, but for what ViewSlot allows to any.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "eventstore/engine/tail.h"
#include "eventstore/runtime/runtime.h"
#include "eventstore/store/log.h"
#include "projections/projection.h"
#include "projections/view_slot.h"

namespace florin::projections {

class Projector {
 public:
  // Everything outlives it. `wake`: as Tail::follow. `order_build`: somebody is to build_view() the slot's file and
  // then to call finish(), from outside of these calls.
  Projector(eventstore::Log& log, eventstore::Tail& tail, std::filesystem::path views,
            std::vector<Projection const*> const& projections, std::chrono::milliseconds retry_after,
            eventstore::Runtime& runtime, std::function<void()> wake, std::function<void(ViewSlot&)> order_build);

  // Once. A view that cannot be opened does not fail it.
  [[nodiscard]] eventstore::ResultOr<Unit> open();
  // True when the log had no more. `enough(started)` is asked now and then: true ends the transaction early.
  [[nodiscard]] bool step(std::function<bool(eventstore::SteadyTime started)> const& enough);
  void finish(ViewSlot& slot, std::optional<eventstore::Fault> const& fault);
  void close();

  // Until a stopped view is to be tried again; below zero: none is.
  [[nodiscard]] int until_retry_ms() const;
  // Whether the log has more than the view that is furthest behind.
  [[nodiscard]] bool is_behind();

  // Never changes after construction.
  [[nodiscard]] std::deque<ViewSlot>& slots() { return slots_; }
  [[nodiscard]] std::deque<ViewSlot> const& slots() const { return slots_; }
  [[nodiscard]] ViewSlot* find(std::string_view name);  // null: unknown

 private:
  void retry_stopped();
  [[nodiscard]] bool run_transaction(std::function<bool(eventstore::SteadyTime started)> const& enough);
  void remove_old_files();
  [[nodiscard]] std::optional<domain::Position> lowest();
  void fail(ViewSlot& slot, ViewFile const* file, eventstore::Fault const& fault);
  void fail_all(eventstore::Fault const& fault);

  eventstore::Log& log_;
  eventstore::Tail& tail_;
  eventstore::Runtime& runtime_;
  std::filesystem::path const folder_;
  std::function<void(ViewSlot&)> const order_build_;
  std::deque<ViewSlot> slots_;
  std::unique_ptr<eventstore::TailCursor> const cursor_;
  domain::Position start_head_;
  bool other_versions_gone_ = false;
};

}  // namespace florin::projections
