#include "sagas/card_payments/card_payments.h"

#include <algorithm>
#include <future>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "eventstore/runtime/runtime.h"
#include "sagas/card_payments/event_poll.h"
#include "sagas/card_payments/payment_flow.h"
#include "sagas/card_payments/payment_reports.h"
#include "sagas/card_payments/refund_flow.h"
#include "sagas/card_payments/work_queue.h"
#include "sagas/gateways/guarded_payments.h"
#include "sagas/workers.h"

namespace florin::sagas {
namespace {

using domain::OrderId;
using domain::Timestamp;

// Calls under way at once: a processor takes half a second for a card, so this is 60 cards a second, and below what it
// allows.
constexpr std::size_t kCallers = 32;
// The same for cards on their way from the page: they are nobody's order yet, and must not crowd out those who have
// one.
constexpr std::size_t kTokenizingMax = kCallers;
// The machine's clock drives the wake-ups; a clock that was put forward is noticed within this, or at once by check().
constexpr auto kCheckAtLeastEvery = std::chrono::seconds(1);

}  // namespace

struct CardPayments::Impl {
  Impl(asio::io_context& io, eventstore::Runtime& runtime, PaymentGateway& gateway, LedgerView const& view,
       eventstore::Log& log, eventstore::Vault const& vault, eventstore::Clock const& clock,
       CardPaymentsOptions options)
      : context{io, runtime, gateway, view, log, vault, clock, std::move(options)},
        reports(context),
        refunds(context, reports),
        payments(context, reports, refunds, waiters),
        poll(context,
             [this](Task task) {
               queue.add_event(std::move(task));
               queue_changed();
             }),
        callers(
            io, kCallers,
            {[this] { return queue.take(context.clock.now()); }, [this](Task task) { return perform(std::move(task)); },
             [this](Task task, char const* why) { put_back(std::move(task), why); }, [](Task const&) {}}),
        alarm(io.get_executor()) {}

  CardContext context;
  Waiters waiters;
  PaymentReports reports;
  RefundFlow refunds;
  PaymentFlow payments;
  WorkQueue queue;
  EventPoll poll;
  Workers<Task> callers;

  // The effects thread's.
  std::size_t tokenizing = 0;
  SteadyTimer alarm;
  bool armed = false;

  void want(OrderId order, Priority priority);
  void queue_changed();
  void check_due();
  void arm();
  Awaitable<void> perform(Task task);
  Awaitable<bool> look_into(std::string reference);
  void put_back(Task task, char const* why);
  void watch(OrderId order, Waiters::Waiter waiter, bool accept_last_answer);
  Awaitable<void> tokenize(Card card, std::function<void(MethodAnswer const&)> then);
};

void CardPayments::Impl::want(OrderId order, Priority priority) {
  queue.want(order, priority, context.clock.now());
  queue_changed();
}

void CardPayments::Impl::queue_changed() {
  callers.wake(queue.queued());
  arm();
}

void CardPayments::Impl::check_due() {
  if (context.stopping) return;
  armed = false;
  waiters.tell_expired(context.runtime.now());
  queue.release_due(context.clock.now());
  queue_changed();
}

// The alarm only ever comes nearer: who waits must not be put off by others that are delayed.
void CardPayments::Impl::arm() {
  if (context.stopping) return;
  auto next = std::chrono::microseconds(kCheckAtLeastEvery);
  if (auto const due = queue.next_due()) {
    auto const wait = std::max<std::int64_t>(0, due->micros() - context.clock.now().micros());
    next = std::min(next, std::chrono::microseconds(wait));
  }
  auto const at = context.runtime.now() + next;
  if (armed && alarm.expiry() <= at) return;
  armed = true;
  alarm.expires_at(at);
  alarm.async_wait([this](boost::system::error_code error) {
    if (!error) check_due();
  });
}

Awaitable<void> CardPayments::Impl::perform(Task task) {
  if (task.order) {
    auto const again_after = co_await payments.advance(task.order);
    queue.finish_order(task.order, again_after, context.clock.now());
    queue_changed();
    co_return;
  }
  bool const done = co_await look_into(task.reference);
  poll.finish(task.event_id, done);
  if (done) {
    queue.finish_event();
    co_return;
  }
  auto const wait = context.backoff(++task.failures);
  queue.postpone(std::move(task), wait, context.clock.now());
  queue_changed();
}

// True: what the processor says is in the log, or does not concern us.
Awaitable<bool> CardPayments::Impl::look_into(std::string reference) {
  auto const answer = co_await context.gateway.retrieve(std::move(reference));
  if (context.stopping || answer.outcome == PaymentOutcome::unknown) co_return false;
  if (answer.outcome == PaymentOutcome::refused || !answer.payment.order) co_return true;
  bool const reported = co_await reports.report(answer);
  if (!reported) co_return false;
  // For those who wait for it; and for what follows from it, such as the cancelling of what was declined.
  auto const order = answer.payment.order;
  if (!context.view.order(order)) waiters.tell(order, waiters.end_of(order));
  want(order, Priority::event);
  co_return true;
}

// For example std::bad_alloc. The outcome is unknown: retry as after a time-out.
void CardPayments::Impl::put_back(Task task, char const* why) {
  if (task.order) {
    spdlog::error("order {}: {}; looking again", domain::format_order_id(task.order), why);
    auto const wait = payments.note_failure(task.order);
    queue.postpone(std::move(task), wait, context.clock.now());
    return queue_changed();
  }
  spdlog::error("event {} of payment {}: {}; looking again", task.event_id, task.reference, why);
  auto const event_id = task.event_id;
  auto const wait = context.backoff(++task.failures);
  queue.postpone(std::move(task), wait, context.clock.now());
  queue_changed();
  poll.finish(event_id, false);
}

void CardPayments::Impl::watch(OrderId order, Waiters::Waiter waiter, bool accept_last_answer) {
  if (context.stopping) return;
  if (!context.view.order(order)) return waiter.then(waiters.end_of(order));
  if (accept_last_answer && queue.was_just_checked(order, context.clock.now())) {
    if (auto const asked = payments.action_required(order)) return waiter.then(*asked);
  }
  waiters.add(order, std::move(waiter));
  want(order, Priority::recheck);
}

Awaitable<void> CardPayments::Impl::tokenize(Card card, std::function<void(MethodAnswer const&)> then) {
  if (context.stopping) co_return;
  MethodAnswer answer;
  if (tokenizing >= kTokenizingMax) {
    answer.code = kBusy;
    co_return then(answer);
  }
  ++tokenizing;
  try {
    answer = co_await context.gateway.tokenize(std::move(card));
  } catch (std::exception const& thrown) {
    spdlog::error("a card on its way to the processor: {}", thrown.what());
  }
  --tokenizing;
  if (!context.stopping) then(answer);
}

CardPayments::CardPayments(EffectsLoop& loop, PaymentGateway& gateway, LedgerView const& view, eventstore::Log& log,
                           eventstore::Vault const& vault, eventstore::Clock const& clock, CardPaymentsOptions options)
    : impl_(std::make_unique<Impl>(loop.io(), loop.runtime(), gateway, view, log, vault, clock, std::move(options))) {
  loop.add(*this);
}

CardPayments::~CardPayments() = default;

void CardPayments::resume(domain::State const& state, Timestamp last_commit) {
  auto const now = impl_->context.clock.now();
  for (auto const& [order, open] : state.orders()) impl_->queue.want(order, Priority::event, now);
  for (auto const& [order, returned] : state.returned_orders()) {
    bool const unsent = std::ranges::any_of(returned.refunds, [](auto const& refund) {
      return refund.status == domain::RefundStatus::pending && refund.reference.empty();
    });
    if (unsent) impl_->queue.want(order, Priority::event, now);
  }
  impl_->poll.resume(last_commit);
}

void CardPayments::start(eventstore::Submitter& writer) {
  impl_->context.writer = &writer;
  impl_->callers.start();
  spawn_worker(impl_->context.io, impl_->poll.run());
  asio::post(impl_->context.io, [impl = impl_.get()] { impl->check_due(); });
}

void CardPayments::stop() {
  impl_->context.stopping = true;
  impl_->alarm.cancel();
  impl_->poll.stop();
  impl_->callers.stop();
  impl_->waiters.clear();
  impl_->queue.clear();
}

void CardPayments::on_commits(std::span<eventstore::CommitPtr const> commits) {
  std::vector<OrderId> orders;
  for (auto const& commit : commits) {
    auto position = commit->first;
    for (auto const& event : commit->events) {
      if (auto const* ordered = std::get_if<domain::CurrencyOrdered>(&event)) {
        orders.push_back(ordered->order);
      } else if (auto const* refund = std::get_if<domain::RefundRequested>(&event)) {
        if (refund->reference.empty()) orders.push_back(refund->order);
      } else if (auto const* purchased = std::get_if<domain::CurrencyPurchased>(&event)) {
        PaymentUpdate end;
        end.state = PaymentUpdate::State::ended;
        end.purchased = *purchased;
        end.position = position;
        impl_->waiters.note_end(purchased->order, std::move(end));
      } else if (auto const* failed = std::get_if<domain::PaymentFailed>(&event)) {
        PaymentUpdate end;
        end.state = PaymentUpdate::State::ended;
        end.failed = *failed;
        end.position = position;
        impl_->waiters.note_end(failed->order, std::move(end));
      }
      position = next(position);
    }
  }
  if (impl_->context.stopping) return;
  for (auto const order : orders) impl_->want(order, Priority::new_order);
}

void CardPayments::watch(OrderId order, std::chrono::milliseconds patience,
                         std::function<void(PaymentUpdate const&)> then, bool accept_last_answer) {
  Waiters::Waiter waiter{impl_->context.runtime.now() + patience, std::move(then)};
  asio::post(impl_->context.io, [impl = impl_.get(), order, waiter = std::move(waiter), accept_last_answer]() mutable {
    impl->watch(order, std::move(waiter), accept_last_answer);
  });
}

void CardPayments::handle_event(ProcessorEvent event, std::function<void(bool)> then) {
  asio::post(impl_->context.io, [impl = impl_.get(), event = std::move(event), then = std::move(then)]() mutable {
    if (!impl->context.stopping) impl->poll.accept(std::move(event), std::move(then));
  });
}

Awaitable<bool> CardPayments::take_callback(std::string body, std::string signature) {
  auto& context = impl_->context;
  auto const read = read_fresh_callback(context.gateway, signature, body, context.clock);
  if (!read || !read.value().event) co_return read.ok();
  OneShot<bool> const taken(context.io);
  handle_event(*read.value().event, taken.setter());
  co_return co_await taken.wait();
}

void CardPayments::tokenize(Card card, std::function<void(MethodAnswer const&)> then) {
  spawn_worker(impl_->context.io, impl_->tokenize(std::move(card), std::move(then)));
}

std::optional<std::string> CardPayments::trouble() const { return impl_->poll.trouble(); }

std::size_t CardPayments::delayed() {
  std::promise<std::size_t> answer;
  asio::post(impl_->context.io, [impl = impl_.get(), &answer] { answer.set_value(impl->queue.delayed()); });
  return answer.get_future().get();
}

void CardPayments::check() {
  impl_->poll.poll_now();
  impl_->check_due();
}

bool CardPayments::is_idle() {
  auto const due = impl_->queue.next_due();
  return impl_->queue.queued() == 0 && impl_->callers.busy() == 0 && !impl_->poll.is_polling() &&
         (!due || *due > impl_->context.clock.now());
}

}  // namespace florin::sagas
