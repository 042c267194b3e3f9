#include "sagas/payments.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <random>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <spdlog/spdlog.h>

#include "domain/contract.h"
#include "eventstore/read_commit.h"
#include "sagas/gateways/circuit_breaker.h"
#include "sagas/writer_call.h"

namespace florin::sagas {
namespace {

using domain::CurrencyOrdered;
using domain::PaymentStatus;
using domain::Position;
using domain::Timestamp;
using eventstore::Outcome;

// Calls under way at once: a processor takes half a second for a card, so this is 60 cards a second, and below what it
// allows.
constexpr std::size_t kCallers = 32;
// An order that nobody could charge for so long is not charged any more: the buyer has gone.
constexpr std::int64_t kPatienceMicros = 900 * domain::kMicrosPerSecond;
constexpr std::int64_t kProcessingLookMicros = 60 * domain::kMicrosPerSecond;
constexpr std::int64_t kMismatchLookMicros = 3600 * domain::kMicrosPerSecond;
// Events of the processor that were handled, so that the poll passes over them: an hour of 25 a second.
constexpr std::size_t kSeenMax = 100'000;
// Ends kept at hand for those who wait for them.
constexpr std::size_t kEndsMax = 10'000;
// A poll begins so long before the last one did: an event may become visible late.
constexpr std::int64_t kPollOverlapMicros = 600 * domain::kMicrosPerSecond;
// A processor forgets an idempotency key after a day. What was asked for longer ago than this is looked up before it is
// asked for once more.
constexpr std::int64_t kKeyTrustedMicros = 12 * 3'600 * domain::kMicrosPerSecond;
// As long as a processor keeps its events.
constexpr std::int64_t kPollReachMicros = 30 * domain::kMicrosPerDay;
constexpr auto kLookAtLeastEvery = std::chrono::seconds(1);

// One thing to do: an order of ours, or a payment to look at.
struct Task {
  Position order;
  std::string reference;  // with order zero
  std::string event_id;   // of the change that asks for it; may be empty
  unsigned failures = 0;
  std::vector<std::function<void(std::optional<Position>)>> told;  // of a look
};

struct Later {
  Timestamp at;
  Task task;
};

// When a task is to be taken up again; nothing: it is done.
using Next = std::optional<std::int64_t>;  // micros from now

}  // namespace

struct Payments::Impl {
  Impl(asio::io_context& context, PaymentGateway& processor, LedgerView const& ledger, eventstore::Log& events,
       eventstore::Vault const& keys, eventstore::Clock const& time, PaymentsOptions wanted)
      : io(context),
        gateway(processor),
        view(ledger),
        log(events),
        vault(keys),
        clock(time),
        options(std::move(wanted)),
        alarm(context),
        poll_alarm(context) {}

  asio::io_context& io;
  PaymentGateway& gateway;
  LedgerView const& view;
  eventstore::Log& log;
  eventstore::Vault const& vault;
  eventstore::Clock const& clock;
  PaymentsOptions const options;
  eventstore::Writer* writer = nullptr;

  std::mutex mutex;
  std::vector<Position> news;                      // under mutex: orders to look after
  bool posted = false;                             // under mutex
  std::unordered_map<Position, PaymentNews> ends;  // under mutex: of the last kEndsMax orders
  std::deque<Position> ends_order;                 // under mutex

  // The rest belongs to the effects thread.
  std::minstd_rand random{std::random_device{}()};
  std::deque<Task> queue;
  std::set<Position> busy;   // orders that a caller has in hand
  std::set<Position> again;  // of them, to be taken up once more
  std::vector<Later> resting;
  std::size_t callers_busy = 0;
  std::vector<std::unique_ptr<asio::steady_timer>> idle_callers;
  std::unordered_map<Position, std::vector<std::function<void(PaymentNews const&)>>> watchers;
  // Why the last try of an open order failed: once it is cancelled, the processor may not say so any more. A restart
  // forgets it; then the order was abandoned.
  std::unordered_map<Position, std::string> decline_codes;
  std::unordered_set<std::string> seen;
  std::deque<std::string> seen_order;
  std::unordered_set<std::string> sought;  // events whose look is queued, resting or under way
  asio::steady_timer alarm;
  asio::steady_timer poll_alarm;
  Timestamp polled_from;
  bool polling = false;
  bool stopping = false;

  // ---- what to do, and when
  void push(Task task);
  void take_news();
  void look_now();
  void arm();
  void wake_callers();
  Awaitable<void> caller(asio::steady_timer& idle);
  Awaitable<void> take_up(Task task);
  void rest(Task task, std::int64_t micros);
  [[nodiscard]] std::int64_t backoff(unsigned failures);
  [[nodiscard]] bool quiet() const;

  // ---- doing it
  Awaitable<Next> see_to(Position order, unsigned& failures);
  Awaitable<PaymentAnswer> next_call(domain::OpenOrder const& open, CurrencyOrdered const& ordered,
                                     std::optional<PaymentStatus> known);
  Awaitable<bool> give_up(domain::OpenOrder const& open, domain::PaymentFailure failure, std::string code);
  Awaitable<bool> send_refunds(Position order);
  Awaitable<std::optional<bool>> find_refund(std::string payment, Position refund);
  Awaitable<bool> look_at(Task const& task, Position& order);
  Awaitable<bool> report(PaymentAnswer const& answer, std::string refused_code = {});
  Awaitable<void> poll();
  Awaitable<bool> poll_once();

  // ---- who waits
  void note_end(Position order, PaymentNews end);  // under mutex
  [[nodiscard]] PaymentNews end_of(Position order);
  void tell(Position order, PaymentNews const& news_of_it);
  void remember(std::string const& event_id);

  [[nodiscard]] std::optional<CurrencyOrdered> ordered_at(Position order) const;
  [[nodiscard]] std::string return_url(CurrencyOrdered const& ordered) const {
    if (!ordered.session) return options.return_url;
    return options.checkout_url + vault.codes().checkout_token(ordered.session) + options.checkout_url_end;
  }
  // Of this ledger only: another one's order of the same number has another key.
  [[nodiscard]] IdempotencyKey key(std::string_view purpose, Position of) const {
    auto const digest = vault.fingerprint(std::string(purpose) + ":" + std::to_string(of.value()));
    return "florin-" + domain::to_hex({reinterpret_cast<char const*>(digest.data()), digest.size()});
  }
};

void Payments::Impl::push(Task task) {
  queue.push_back(std::move(task));
  wake_callers();
}

void Payments::Impl::take_news() {
  std::vector<Position> taken;
  {
    std::lock_guard const lock(mutex);
    posted = false;
    std::swap(taken, news);
  }
  if (stopping) return;
  for (auto const order : taken) push({order, {}, {}, 0, {}});
}

void Payments::Impl::look_now() {
  if (stopping) return;
  auto const later = [](Later const& a, Later const& b) { return a.at > b.at; };
  while (!resting.empty() && resting.front().at <= clock.now()) {
    std::pop_heap(resting.begin(), resting.end(), later);
    push(std::move(resting.back().task));
    resting.pop_back();
  }
  arm();
}

void Payments::Impl::arm() {
  if (stopping) return;
  auto next = std::chrono::microseconds(kLookAtLeastEvery);
  if (!resting.empty()) {
    auto const wait = std::max<std::int64_t>(0, resting.front().at.micros() - clock.now().micros());
    next = std::min(next, std::chrono::microseconds(wait));
  }
  alarm.expires_after(next);
  alarm.async_wait([this](boost::system::error_code error) {
    if (!error) look_now();
  });
}

void Payments::Impl::wake_callers() {
  auto waiting = queue.size();
  for (auto& idle : idle_callers) {
    if (waiting == 0) return;
    waiting -= idle->cancel() > 0 ? 1 : 0;
  }
}

Awaitable<void> Payments::Impl::caller(asio::steady_timer& idle) {
  while (!stopping) {
    if (queue.empty()) {
      idle.expires_at(asio::steady_timer::time_point::max());
      boost::system::error_code ignored;
      co_await idle.async_wait(asio::redirect_error(use_awaitable, ignored));
      continue;
    }
    auto task = std::move(queue.front());
    queue.pop_front();
    ++callers_busy;
    co_await take_up(std::move(task));
    --callers_busy;
  }
}

Awaitable<void> Payments::Impl::take_up(Task task) {
  if (!task.order) {
    Position order;
    bool const done = co_await look_at(task, order);
    for (auto const& told : task.told) told(done ? std::optional(order) : std::nullopt);
    task.told.clear();
    if (done) {
      sought.erase(task.event_id);
      remember(task.event_id);
    } else if (!task.event_id.empty()) {
      auto const wait = backoff(++task.failures);
      rest(std::move(task), wait);
    }
    co_return;
  }
  // One at a time for an order: two callers would both confirm it.
  if (!busy.insert(task.order).second) {
    again.insert(task.order);
    co_return;
  }
  auto const next = co_await see_to(task.order, task.failures);
  busy.erase(task.order);
  if (again.erase(task.order) > 0) {
    push({task.order, {}, {}, 0, {}});
  } else if (next) {
    rest(std::move(task), *next);
  }
}

void Payments::Impl::rest(Task task, std::int64_t micros) {
  resting.push_back({clock.now() + micros, std::move(task)});
  std::push_heap(resting.begin(), resting.end(), [](Later const& a, Later const& b) { return a.at > b.at; });
  arm();
}

// Past the last step of the ladder it goes on at the longest: somebody's money is at stake.
std::int64_t Payments::Impl::backoff(unsigned failures) {
  BackoffPolicy const policy;
  auto const wait = backoff_micros(policy, std::min(failures, policy.attempts - 1), random());
  return wait.value_or(policy.cap_micros);
}

bool Payments::Impl::quiet() const {
  return queue.empty() && callers_busy == 0 && !polling && (resting.empty() || resting.front().at > clock.now());
}

// Brings an order as far as it can be brought now.
Awaitable<Next> Payments::Impl::see_to(Position order, unsigned& failures) {
  std::optional<PaymentStatus> known;  // what the processor said of it just now
  std::string refused_code;            // why it would not try to charge
  while (!stopping) {
    auto const open = view.order(order);
    if (!open) break;
    auto const ordered = ordered_at(order);
    if (!ordered) co_return kMismatchLookMicros;
    auto const now = clock.now();
    if (known == PaymentStatus::requires_action && open->challenge_expires_at > now) {
      co_return open->challenge_expires_at.micros() - now.micros();
    }
    if (known == PaymentStatus::processing) co_return kProcessingLookMicros;
    if (known == PaymentStatus::succeeded || known == PaymentStatus::cancelled) co_return kMismatchLookMicros;
    if (open->reference.empty() && now.micros() - open->ordered_at.micros() > kPatienceMicros) {
      bool const given_up = co_await give_up(*open, domain::PaymentFailure::abandoned, "");
      if (!given_up) co_return backoff(++failures);
      continue;
    }
    auto const answer = co_await next_call(*open, *ordered, known);
    if (stopping) break;
    if (answer.outcome == PaymentOutcome::refused && open->reference.empty()) {
      bool const given_up = co_await give_up(*open, domain::PaymentFailure::refused, answer.code);
      if (!given_up) co_return backoff(++failures);
      continue;
    }
    if (answer.outcome == PaymentOutcome::refused && known == PaymentStatus::unconfirmed) {
      // Not this method, not now: the payment is there and not charged. Nobody will try it again.
      known = PaymentStatus::declined;
      refused_code = answer.code.empty() ? "refused" : answer.code;
      continue;
    }
    if (answer.outcome != PaymentOutcome::answered) {
      spdlog::warn("order {}: the processor's answer is not known, {}; looking again", domain::format_order_id(order),
                   answer.code);
      co_return backoff(++failures);
    }
    bool const reported = co_await report(answer, refused_code);
    if (!reported) co_return backoff(++failures);
    known = answer.payment.status;
    if (known == PaymentStatus::requires_action) {
      PaymentNews asked;
      asked.state = PaymentNews::State::action_required;
      asked.reference = answer.payment.reference;
      asked.client_secret = answer.client_secret;
      asked.redirect_url = answer.redirect_url;
      tell(order, asked);
    }
  }
  if (stopping) co_return std::nullopt;
  decline_codes.erase(order);
  tell(order, end_of(order));
  bool const sent = co_await send_refunds(order);
  if (!sent) co_return backoff(++failures);
  co_return std::nullopt;
}

Awaitable<PaymentAnswer> Payments::Impl::next_call(domain::OpenOrder const& open, CurrencyOrdered const& ordered,
                                                   std::optional<PaymentStatus> known) {
  if (open.reference.empty()) {
    OpenPayment request{key("open", open.order), open.order, open.usd,
                        domain::to_string(domain::units_of(open.usd)) + " " + view.currency_name(open.currency)};
    co_return co_await gateway.open(std::move(request));
  }
  if (!known) co_return co_await gateway.look(open.reference);
  bool const late = clock.now().micros() - open.ordered_at.micros() > kPatienceMicros;
  if (known == PaymentStatus::unconfirmed && !late) {
    ConfirmPayment request{key("confirm", open.order), open.reference, ordered.method, return_url(ordered)};
    co_return co_await gateway.confirm(std::move(request));
  }
  // Declined, unanswered or too late: it must not be charged any more before it is given up here.
  co_return co_await gateway.cancel(open.reference);
}

Awaitable<bool> Payments::Impl::give_up(domain::OpenOrder const& open, domain::PaymentFailure failure,
                                        std::string code) {
  domain::Command command = domain::FailOrder{open.order, failure, std::move(code)};
  auto const outcome = co_await ask(io, *writer, std::move(command));
  // Refused: it has got a reference meanwhile, or is settled. Then the next look finds it.
  co_return std::holds_alternative<eventstore::Committed>(outcome) || std::holds_alternative<domain::Refusal>(outcome);
}

// The refunds of an order that the processor does not know of yet. False: to be tried again.
Awaitable<bool> Payments::Impl::send_refunds(Position order) {
  auto const returned = view.returned(order);
  if (!returned) co_return true;
  bool all = true;
  for (auto const& row : returned->refunds) {
    if (row.status != domain::RefundStatus::pending || !row.reference.empty()) continue;
    auto const commit = eventstore::read_commit(log, row.refund);
    auto const* asked =
        commit && commit.value() ? std::get_if<domain::RefundRequested>(&commit.value()->events.front()) : nullptr;
    if (asked == nullptr) continue;  // one that a report brought: the processor knows it
    if (clock.now().micros() - commit.value()->at.micros() > kKeyTrustedMicros) {
      auto const known = co_await find_refund(asked->payment, row.refund);
      if (stopping) co_return true;
      if (known.value_or(true)) {
        all = all && known.has_value();
        continue;
      }
    }
    RefundPayment request{key("refund", row.refund), asked->payment, row.refund, row.usd};
    auto const answer = co_await gateway.refund(std::move(request));
    if (stopping) co_return true;
    if (answer.outcome == PaymentOutcome::refused) {
      auto const ordered = ordered_at(order);
      spdlog::warn("refund {} refused by the processor: {}", domain::format_refund_id(row.refund), answer.code);
      if (!ordered) continue;
      domain::Command command = domain::FailRefund{order, row.refund, *ordered};
      auto const outcome = co_await ask(io, *writer, std::move(command));
      all = all && !is_busy(outcome);
    } else if (answer.outcome == PaymentOutcome::answered) {
      bool const reported = co_await report(answer);
      // A refund that is pending there stays so here; its end comes as a change.
      all = all && reported;
    } else {
      all = false;
    }
  }
  co_return all;
}

// Whether the processor has this refund, which then is in the log; nullopt: it could not be asked.
Awaitable<std::optional<bool>> Payments::Impl::find_refund(std::string payment, Position refund) {
  auto const answer = co_await gateway.look(std::move(payment));
  if (stopping || answer.outcome == PaymentOutcome::unknown) co_return std::nullopt;
  if (answer.outcome == PaymentOutcome::answered) {
    bool const reported = co_await report(answer);
    if (!reported) co_return std::nullopt;
  }
  co_return std::any_of(answer.payment.refunds.begin(), answer.payment.refunds.end(),
                        [&](domain::RefundReport const& known) { return known.refund == refund; });
}

// True: what the processor says is in the log, or concerns us not.
Awaitable<bool> Payments::Impl::look_at(Task const& task, Position& order) {
  auto const answer = co_await gateway.look(task.reference);
  if (stopping || answer.outcome == PaymentOutcome::unknown) co_return false;
  if (answer.outcome == PaymentOutcome::refused || !answer.payment.order) co_return true;
  bool const reported = co_await report(answer);
  if (!reported) co_return false;
  order = answer.payment.order;
  // What follows from it, such as the cancelling of what was declined, and who waits for it.
  push({order, {}, {}, 0, {}});
  co_return true;
}

Awaitable<bool> Payments::Impl::report(PaymentAnswer const& answer, std::string refused_code) {
  auto const ordered = ordered_at(answer.payment.order);
  if (!ordered) co_return true;
  auto payment = answer.payment;
  if (payment.status == PaymentStatus::declined) decline_codes[ordered->order] = payment.decline_code;
  auto const declined = decline_codes.find(ordered->order);
  if (payment.status == PaymentStatus::cancelled && payment.decline_code.empty() && declined != decline_codes.end()) {
    payment.decline_code = declined->second;
  }
  domain::Command command = domain::ReportPayment{std::move(payment), *ordered, std::move(refused_code)};
  auto const outcome = co_await ask(io, *writer, std::move(command));
  if (auto const* refusal = std::get_if<domain::Refusal>(&outcome)) {
    if (refusal->reason == domain::Rejection::payment_mismatch) {
      spdlog::error("payment {} is not what order {} asked for: look at it at the processor", answer.payment.reference,
                    domain::format_order_id(answer.payment.order));
    }
    co_return true;
  }
  co_return std::holds_alternative<eventstore::Committed>(outcome);
}

// ---- what lost callbacks would have told

Awaitable<void> Payments::Impl::poll() {
  while (!stopping) {
    polling = true;
    (void)co_await poll_once();
    polling = false;
    if (stopping) co_return;
    poll_alarm.expires_after(std::chrono::microseconds(options.poll_micros));
    boost::system::error_code ignored;
    co_await poll_alarm.async_wait(asio::redirect_error(use_awaitable, ignored));
  }
}

Awaitable<bool> Payments::Impl::poll_once() {
  auto const began = clock.now();
  std::string from;
  for (bool more = true; more && !stopping;) {
    auto const answer = co_await gateway.changes(polled_from, from);
    if (answer.outcome != PaymentOutcome::answered) co_return false;
    for (auto const& change : answer.changes) {
      if (seen.contains(change.event_id) || !sought.insert(change.event_id).second) continue;
      push({{}, change.reference, change.event_id, 0, {}});
    }
    more = answer.more;
    from = answer.next;
  }
  polled_from = std::max(polled_from, began + -kPollOverlapMicros);
  co_return true;
}

void Payments::Impl::remember(std::string const& event_id) {
  if (event_id.empty() || !seen.insert(event_id).second) return;
  seen_order.push_back(event_id);
  if (seen_order.size() <= kSeenMax) return;
  seen.erase(seen_order.front());
  seen_order.pop_front();
}

void Payments::Impl::note_end(Position order, PaymentNews end) {
  end.state = PaymentNews::State::settled;
  if (!ends.insert_or_assign(order, std::move(end)).second) return;
  ends_order.push_back(order);
  if (ends_order.size() <= kEndsMax) return;
  ends.erase(ends_order.front());
  ends_order.pop_front();
}

PaymentNews Payments::Impl::end_of(Position order) {
  std::lock_guard const lock(mutex);
  auto const found = ends.find(order);
  PaymentNews end;
  end.state = PaymentNews::State::settled;
  return found == ends.end() ? end : found->second;
}

void Payments::Impl::tell(Position order, PaymentNews const& news_of_it) {
  auto const found = watchers.find(order);
  if (found == watchers.end()) return;
  auto const waiting = std::move(found->second);
  watchers.erase(found);
  for (auto const& told : waiting) told(news_of_it);
}

std::optional<CurrencyOrdered> Payments::Impl::ordered_at(Position order) const {
  auto const commit = eventstore::read_commit(log, order);
  if (!commit) {
    spdlog::error("order {}: {}", domain::format_order_id(order), commit.error().what);
    return std::nullopt;
  }
  if (!commit.value()) return std::nullopt;
  for (auto const& event : commit.value()->events) {
    if (auto const* ordered = std::get_if<CurrencyOrdered>(&event)) return *ordered;
  }
  return std::nullopt;
}

Payments::Payments(asio::io_context& io, PaymentGateway& gateway, LedgerView const& view, eventstore::Log& log,
                   eventstore::Vault const& vault, eventstore::Clock const& clock, PaymentsOptions options)
    : impl_(std::make_unique<Impl>(io, gateway, view, log, vault, clock, std::move(options))) {}

Payments::~Payments() = default;

void Payments::resume(domain::State const& state, Timestamp last_commit) {
  for (auto const& [order, open] : state.orders()) impl_->queue.push_back({order, {}, {}, 0, {}});
  for (auto const& [order, returned] : state.returned_orders()) {
    for (auto const& refund : returned.refunds) {
      if (refund.status != domain::RefundStatus::pending || !refund.reference.empty()) continue;
      impl_->queue.push_back({order, {}, {}, 0, {}});
      break;
    }
  }
  auto const reach = impl_->clock.now() + -kPollReachMicros;
  impl_->polled_from = std::max(reach, last_commit + -kPollOverlapMicros);
}

void Payments::start(eventstore::Writer& writer) {
  impl_->writer = &writer;
  for (std::size_t i = 0; i < kCallers; ++i) {
    impl_->idle_callers.push_back(std::make_unique<asio::steady_timer>(impl_->io));
    asio::co_spawn(impl_->io, impl_->caller(*impl_->idle_callers.back()), asio::detached);
  }
  asio::co_spawn(impl_->io, impl_->poll(), asio::detached);
  asio::post(impl_->io, [impl = impl_.get()] { impl->look_now(); });
}

void Payments::stop() {
  std::promise<void> stopped;
  asio::post(impl_->io, [impl = impl_.get(), &stopped] {
    impl->stopping = true;
    impl->alarm.cancel();
    impl->poll_alarm.cancel();
    for (auto& idle : impl->idle_callers) idle->cancel();
    impl->watchers.clear();
    impl->queue.clear();
    stopped.set_value();
  });
  stopped.get_future().wait();
}

void Payments::on_commits(std::span<eventstore::CommitPtr const> commits) {
  std::vector<Position> orders;
  for (auto const& commit : commits) {
    auto position = commit->first;
    for (auto const& event : commit->events) {
      if (auto const* ordered = std::get_if<CurrencyOrdered>(&event)) orders.push_back(ordered->order);
      if (auto const* refund = std::get_if<domain::RefundRequested>(&event)) {
        if (refund->reference.empty()) orders.push_back(refund->order);
      }
      PaymentNews end;
      end.position = position;
      if (auto const* purchased = std::get_if<domain::CurrencyPurchased>(&event)) {
        end.purchased = *purchased;
        std::lock_guard const lock(impl_->mutex);
        impl_->note_end(purchased->order, std::move(end));
      } else if (auto const* failed = std::get_if<domain::PaymentFailed>(&event)) {
        end.failed = *failed;
        std::lock_guard const lock(impl_->mutex);
        impl_->note_end(failed->order, std::move(end));
      }
      position = next(position);
    }
  }
  if (orders.empty()) return;
  std::lock_guard const lock(impl_->mutex);
  impl_->news.insert(impl_->news.end(), orders.begin(), orders.end());
  if (std::exchange(impl_->posted, true)) return;
  asio::post(impl_->io, [impl = impl_.get()] { impl->take_news(); });
}

void Payments::watch(Position order, std::function<void(PaymentNews const&)> told) {
  asio::post(impl_->io, [impl = impl_.get(), order, told = std::move(told)]() mutable {
    if (impl->stopping) return;
    if (!impl->view.order(order)) return told(impl->end_of(order));
    impl->watchers[order].push_back(std::move(told));
    impl->push({order, {}, {}, 0, {}});
  });
}

void Payments::look(std::string reference, std::function<void(std::optional<Position>)> told) {
  asio::post(impl_->io, [impl = impl_.get(), reference = std::move(reference), told = std::move(told)]() mutable {
    if (impl->stopping) return;
    Task task;
    task.reference = std::move(reference);
    task.told.push_back(std::move(told));
    impl->push(std::move(task));
  });
}

void Payments::changed(PaymentChange change, std::function<void(bool)> told) {
  asio::post(impl_->io, [impl = impl_.get(), change = std::move(change), told = std::move(told)]() mutable {
    if (impl->stopping) return;
    if (impl->seen.contains(change.event_id)) return told(true);
    impl->sought.insert(change.event_id);
    auto const id = change.event_id;
    Task task;
    task.reference = std::move(change.reference);
    task.event_id = id;
    // Whether it was handled is known by then: it is remembered, or it rests.
    task.told.emplace_back([impl, id, told = std::move(told)](std::optional<Position>) {
      asio::post(impl->io, [impl, id, told] { told(impl->seen.contains(id)); });
    });
    impl->push(std::move(task));
  });
}

void Payments::tokenize(Card card, std::function<void(MethodAnswer const&)> told) {
  asio::co_spawn(
      impl_->io,
      [](Impl* impl, Card given, std::function<void(MethodAnswer const&)> then) -> Awaitable<void> {
        auto const answer = co_await impl->gateway.tokenize(std::move(given));
        if (!impl->stopping) then(answer);
      }(impl_.get(), std::move(card), std::move(told)),
      asio::detached);
}

void Payments::look_again() {
  asio::post(impl_->io, [impl = impl_.get()] {
    // It has not begun when settle asks, but it is under way.
    if (impl->poll_alarm.cancel() > 0) impl->polling = true;
    impl->look_now();
  });
}

bool Payments::settle(int timeout_ms) {
  auto const until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    std::promise<bool> answer;
    auto quiet = answer.get_future();
    asio::post(impl_->io, [impl = impl_.get(), &answer] { answer.set_value(impl->quiet()); });
    if (quiet.get()) return true;
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace florin::sagas
