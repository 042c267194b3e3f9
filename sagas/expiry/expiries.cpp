#include "sagas/expiry/expiries.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "domain/contract.h"
#include "sagas/expiry/timers.h"
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

std::optional<Timer> timer_of(domain::Event const& event) {
  if (auto const* e = std::get_if<domain::TransferInitiated>(&event)) {
    return Timer{e->guardian ? e->guardian_expires_at : e->pin_expires_at, e->transaction, Wait::transfer};
  }
  // The PIN's own end may come before the guardian's, which the timer stands at: look at once.
  if (auto const* approved = std::get_if<domain::GuardianApproved>(&event)) {
    return Timer{Timestamp{}, approved->transaction, Wait::transfer};
  }
  if (auto const* asked = std::get_if<domain::PhoneShareRequested>(&event)) {
    return Timer{asked->expires_at, asked->approval, Wait::share};
  }
  return std::nullopt;
}

}  // namespace

struct Expiries::Impl {
  Impl(asio::io_context& context, LedgerView const& ledger, eventstore::Clock const& time)
      : io(context), view(ledger), clock(time), alarm(context.get_executor()) {}

  asio::io_context& io;
  LedgerView const& view;
  eventstore::Clock const& clock;
  eventstore::Writer* writer = nullptr;

  // The effects thread's.
  Timers timers;
  std::size_t in_flight = 0;
  SteadyTimer alarm;
  bool stopping = false;

  void check();
  void arm();
  void fire(Timer const& timer);
};

// Fires every timer whose time has come, then sleeps until the next.
void Expiries::Impl::check() {
  if (stopping) return;
  auto const now = clock.now();
  while (in_flight < kInFlightMax) {
    auto const timer = timers.take(now);
    if (!timer) break;
    fire(*timer);
  }
  arm();
}

void Expiries::Impl::arm() {
  auto next = std::chrono::microseconds(kCheckAtLeastEvery);
  // With the writer's answers outstanding it is they that make room, and check again.
  if (auto const due = timers.next_due(); due && in_flight < kInFlightMax) {
    auto const wait = std::max<std::int64_t>(0, due->micros() - clock.now().micros());
    next = std::min(next, std::chrono::microseconds(wait));
  }
  alarm.expires_after(next);
  alarm.async_wait([this](boost::system::error_code error) {
    if (!error) check();
  });
}

// The ledger says whether the wait is over, has been prolonged or has ended.
void Expiries::Impl::fire(Timer const& timer) {
  auto const now = clock.now();
  std::optional<Timestamp> due;
  if (timer.wait == Wait::transfer) {
    if (auto const transfer = view.transfer(timer.about)) due = transfer->expires_at();
  } else if (auto const share = view.share(timer.about)) {
    due = share->expires_at;
  }
  if (!due) return;
  if (*due > now) return timers.add({*due, timer.about, timer.wait});
  ++in_flight;
  domain::Command command = timer.wait == Wait::transfer ? domain::Command(domain::ExpireTransfer{timer.about})
                                                         : domain::Command(domain::ExpirePhoneShare{timer.about});
  submit(io, *writer, std::move(command), [this, timer](Outcome const& outcome) {
    --in_flight;
    auto const refused = std::holds_alternative<domain::Refusal>(outcome);
    // Refused: something came before it, which the ledger knows by the next look.
    if (is_busy(outcome) || refused) timers.add({clock.now() + kBusyRetryMicros, timer.about, timer.wait});
    check();
  });
}

Expiries::Expiries(EffectsLoop& loop, LedgerView const& view, eventstore::Clock const& clock)
    : impl_(std::make_unique<Impl>(loop.io(), view, clock)) {
  loop.add(*this);
}

Expiries::~Expiries() = default;

void Expiries::resume(domain::State const& state) {
  for (auto const& [position, transfer] : state.transfers()) {
    impl_->timers.add({transfer.expires_at(), position, Wait::transfer});
  }
  for (auto const& [position, share] : state.shares().all()) {
    impl_->timers.add({share.expires_at, position, Wait::share});
  }
}

void Expiries::start(eventstore::Writer& writer) {
  FLORIN_ASSERT(impl_->writer == nullptr);
  impl_->writer = &writer;
  asio::post(impl_->io, [impl = impl_.get()] { impl->check(); });
}

void Expiries::on_commits(std::span<eventstore::CommitPtr const> commits) {
  bool any = false;
  for (auto const& commit : commits) {
    for (auto const& event : commit->events) {
      auto const timer = timer_of(event);
      if (!timer) continue;
      impl_->timers.add(*timer);
      any = true;
    }
  }
  if (any) impl_->check();
}

void Expiries::check() { impl_->check(); }

bool Expiries::is_idle() {
  impl_->check();
  auto const due = impl_->timers.next_due();
  return impl_->in_flight == 0 && (!due || *due > impl_->clock.now());
}

void Expiries::stop() {
  impl_->stopping = true;
  impl_->alarm.cancel();
}

}  // namespace florin::sagas
