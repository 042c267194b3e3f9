#include "sagas/expiry/expiries.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "domain/contract.h"
#include "sagas/expiry/expiry_plan.h"
#include "sagas/writer_call.h"

namespace florin::sagas {
namespace {

using domain::Timestamp;
using eventstore::Outcome;

// Expiries submitted and not answered: a part of the writer's queue, the rest is for clients.
constexpr std::size_t kInFlightMax = 1024;
// The machine's clock drives the wake-ups; a clock that was put forward is noticed within this, or at once by check().
constexpr auto kCheckAtLeastEvery = std::chrono::seconds(1);
constexpr std::int64_t kBusyRetryMicros = 100'000;

}  // namespace

struct Expiries::Impl {
  Impl(asio::io_context& context, LedgerView const& ledger, eventstore::Clock const& time)
      : io(context), view(ledger), clock(time), alarm(context.get_executor()) {}

  asio::io_context& io;
  LedgerView const& view;
  eventstore::Clock const& clock;
  eventstore::Submitter* writer = nullptr;

  // The effects thread's.
  ExpiryPlan plan;
  std::size_t in_flight = 0;
  SteadyTimer alarm;
  bool stopping = false;

  void check();
  void arm();
  [[nodiscard]] std::optional<Timestamp> end_of_wait(Timer const& timer) const;
  void submit_due(ExpiryPlan::Due due);
};

// Ends every wait whose time has come, then sleeps until the next.
void Expiries::Impl::check() {
  if (stopping) return;
  auto const now = clock.now();
  while (in_flight < kInFlightMax) {
    auto due = plan.take(now, [this](Timer const& timer) { return end_of_wait(timer); });
    if (!due) break;
    submit_due(std::move(*due));
  }
  arm();
}

void Expiries::Impl::arm() {
  auto next = std::chrono::microseconds(kCheckAtLeastEvery);
  // At the limit no timer is set for what is due, because each answer of the writer calls check() again.
  if (auto const due = plan.next_due(); due && in_flight < kInFlightMax) {
    auto const wait = std::max<std::int64_t>(0, due->micros() - clock.now().micros());
    next = std::min(next, std::chrono::microseconds(wait));
  }
  alarm.expires_after(next);
  alarm.async_wait([this](boost::system::error_code error) {
    if (!error) check();
  });
}

std::optional<Timestamp> Expiries::Impl::end_of_wait(Timer const& timer) const {
  if (auto const* id = std::get_if<domain::TransferId>(&timer.about)) {
    auto const transfer = view.transfer(*id);
    return transfer ? std::optional(transfer->expires_at()) : std::nullopt;
  }
  auto const share = view.share(std::get<domain::ApprovalId>(timer.about));
  return share ? std::optional(share->expires_at) : std::nullopt;
}

void Expiries::Impl::submit_due(ExpiryPlan::Due due) {
  ++in_flight;
  submit(io, *writer, std::move(due.command), [this, timer = due.timer](Outcome const& outcome) {
    --in_flight;
    auto const rejected = std::holds_alternative<domain::Rejection>(outcome);
    // Rejected: another command came first. The next try finds what it did in the ledger.
    if (is_busy(outcome) || rejected) plan.add({clock.now() + kBusyRetryMicros, timer.about});
    check();
  });
}

Expiries::Expiries(EffectsLoop& loop, LedgerView const& view, eventstore::Clock const& clock)
    : impl_(std::make_unique<Impl>(loop.io(), view, clock)) {
  loop.add(*this);
}

Expiries::~Expiries() = default;

void Expiries::resume(domain::State const& state) { impl_->plan.resume(state); }

void Expiries::start(eventstore::Submitter& writer) {
  FLORIN_ASSERT(impl_->writer == nullptr);
  impl_->writer = &writer;
  asio::post(impl_->io, [impl = impl_.get()] { impl->check(); });
}

void Expiries::on_commits(std::span<eventstore::CommitPtr const> commits) {
  bool any = false;
  for (auto const& commit : commits) {
    for (auto const& event : commit->events) {
      any = impl_->plan.add(event) || any;
    }
  }
  if (any) impl_->check();
}

void Expiries::check() { impl_->check(); }

bool Expiries::is_idle() {
  impl_->check();
  auto const due = impl_->plan.next_due();
  return impl_->in_flight == 0 && (!due || *due > impl_->clock.now());
}

void Expiries::stop() {
  impl_->stopping = true;
  impl_->alarm.cancel();
}

}  // namespace florin::sagas
