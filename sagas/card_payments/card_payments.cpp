#include "sagas/card_payments/card_payments.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <unordered_map>
#include <unordered_set>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <spdlog/spdlog.h>

#include "domain/contract.h"
#include "eventstore/store/read_commit.h"
#include "sagas/gateways/circuit_breaker.h"
#include "sagas/writer_call.h"

namespace florin::sagas {
namespace {

using domain::CurrencyOrdered;
using domain::PaymentStatus;
using domain::Position;
using domain::Timestamp;
using eventstore::Outcome;

// Of those who wait in both queues: so many new orders, then one of the others, which are owed an answer too.
constexpr unsigned kFreshInARow = 3;
// Calls under way at once: a processor takes half a second for a card, so this is 60 cards a second, and below what it
// allows.
constexpr std::size_t kCallers = 32;
// The same for cards on their way from the page: they are nobody's order yet, and must not crowd out those who have
// one.
constexpr std::size_t kTokenizingMax = kCallers;
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
// Who waits for an order has it looked at no more often than this.
constexpr std::int64_t kLookPauseMicros = domain::kMicrosPerSecond;
// As long as a processor keeps its events.
constexpr std::int64_t kPollReachMicros = 30 * domain::kMicrosPerDay;
// Entries that rest are gone through for stale ones from here on.
constexpr std::size_t kRestingMin = 64;
constexpr auto kLookAtLeastEvery = std::chrono::seconds(1);
// After so many answers to one key that nobody can use, a payment is opened under the next one: see key().
constexpr unsigned kOpensPerKey = 4;

// One thing to do: an order of ours, or a payment to look at.
struct Task {
  Position order;
  std::string reference;  // with order zero
  std::string event_id;   // of the change that asks for it; may be empty
  unsigned failures = 0;
};

struct Later {
  Timestamp at;
  Task task;
};
// Of a heap whose front is the earliest.
bool is_later(Later const& a, Later const& b) { return a.at > b.at; }

enum class Place : std::uint8_t { none, queue, fresh };

// Where an open order stands with its callers: in a queue, in hand or resting, and in one of them once.
struct Plan {
  Place queued = Place::none;  // an entry in the other queue is passed over
  bool busy = false;
  bool again = false;                  // to be taken up once more when it is out of hand
  Timestamp due;                       // resting: until then. An older entry among those that rest is passed over
  Timestamp looked;                    // when it was last taken up
  unsigned failures = 0;               // since it last got on
  std::optional<PaymentUpdate> asked;  // of the last look: the cardholder is asked
  unsigned opens = 0;                  // that were answered with nothing of use
  unsigned confirms = 0;
};

using SteadyTime = std::chrono::steady_clock::time_point;

// Who waits for an order. The machine's time: a caller's patience does not jump with the sandbox's clock.
struct Watcher {
  SteadyTime until;
  std::function<void(PaymentUpdate const&)> told;
};

// An order as the log has it. The position alone comes again after a restore from a backup, for another order.
struct Ordered {
  CurrencyOrdered event;
  Timestamp at;
};

// What a caller cannot put back ends the process, which resumes from the log. Swallowed, it would be a caller less each
// time, and an order that nobody looks after.
void or_end(std::exception_ptr const& thrown) {
  if (thrown) std::rethrow_exception(thrown);
}

// When a task is to be taken up again; nothing: it is done.
using Next = std::optional<std::int64_t>;  // micros from now

}  // namespace

struct CardPayments::Impl {
  Impl(asio::io_context& context, PaymentGateway& processor, LedgerView const& ledger, eventstore::Log& events,
       eventstore::Vault const& keys, eventstore::Clock const& time, CardPaymentsOptions wanted)
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
  CardPaymentsOptions const options;
  eventstore::Writer* writer = nullptr;

  std::mutex mutex;
  std::vector<Position> news;                        // under mutex: orders to look after
  bool posted = false;                               // under mutex
  std::unordered_map<Position, PaymentUpdate> ends;  // under mutex: of the last kEndsMax orders
  std::deque<Position> ends_order;                   // under mutex
  std::string poll_trouble;                          // under mutex: why the last poll failed
  std::string unheard;                               // before start: what the poll does not reach back to

  // The rest belongs to the effects thread.
  std::minstd_rand random{std::random_device{}()};
  std::deque<Task> fresh;       // new orders and refunds: somebody waits for them
  std::deque<Task> queue;       // what was called back, polled or rested
  unsigned fresh_in_a_row = 0;  // taken while others waited
  std::unordered_map<Position, Plan> plans;
  std::vector<Later> resting;
  std::size_t callers_busy = 0;
  std::size_t tokenizing = 0;
  std::vector<std::unique_ptr<asio::steady_timer>> idle_callers;
  std::unordered_map<Position, std::deque<Watcher>> watchers;  // longest waiting first
  SteadyTime watched_until = SteadyTime::max();                // the first of them to lose patience, or earlier
  // Why the last try of an open order failed: once it is cancelled, the processor may not say so any more. A restart
  // forgets it; then the order was abandoned.
  std::unordered_map<Position, std::string> decline_codes;
  std::unordered_set<std::string> seen;
  std::deque<std::string> seen_order;
  // Events whose look is queued, resting or under way, and who waits to hear whether what it finds is in the log.
  std::unordered_map<std::string, std::vector<std::function<void(bool)>>> sought;
  asio::steady_timer alarm;
  bool armed = false;
  asio::steady_timer poll_alarm;
  Timestamp polled_from;
  bool polling = false;
  bool stopping = false;

  // ---- what to do, and when
  void push(Task task);
  enum class Hurry : std::uint8_t { none, some, most };  // for who waits; for what happened; for a new order
  void want(Position order, Hurry hurry);
  [[nodiscard]] std::optional<Task> take();
  [[nodiscard]] bool idle() const { return fresh.empty() && queue.empty(); }
  void take_news();
  void look_now();
  void arm();
  void wake_callers();
  Awaitable<void> caller(asio::steady_timer& idle);
  Awaitable<void> take_up(Task task);
  Awaitable<void> take_up_look(Task task);
  void put_back(Task task, char const* thrown);
  void rest(Task task, std::int64_t micros);
  void forget_stale();
  [[nodiscard]] std::int64_t backoff(unsigned failures);
  [[nodiscard]] bool quiet() const;
  // The processor dates what happened by the true time. Where our two hands differ it is not known which of them shows
  // it, so we ask from the earlier one on: what is heard twice is looked at twice, what is not asked for is never
  // heard.
  [[nodiscard]] Timestamp processor_now() const { return std::min(clock.now(), clock.read().wall); }

  // ---- doing it
  Awaitable<Next> see_to(Position order, Plan& plan);
  Awaitable<PaymentAnswer> next_call(domain::OpenOrder const& open, Ordered const& ordered,
                                     std::optional<PaymentStatus> known, Plan& plan);
  Awaitable<bool> give_up(domain::OpenOrder const& open, domain::PaymentFailure failure, std::string code);
  Awaitable<bool> send_refunds(Position order);
  Awaitable<bool> send_refund(Position order, Position refund);
  Awaitable<bool> look_at(std::string reference);
  Awaitable<bool> report(PaymentAnswer const& answer, std::string refused_code = {});
  void say_what_is_not_booked(domain::PaymentReport const& payment, domain::Money paid) const;
  Awaitable<void> poll();
  Awaitable<bool> poll_once();

  // ---- who waits
  void note_end(Position order, PaymentUpdate end);  // under mutex
  [[nodiscard]] PaymentUpdate end_of(Position order);
  void tell(Position order, PaymentUpdate const& news_of_it);
  void watch(Position order, Watcher watcher, bool last_look);
  void tell_the_impatient();
  void remember(std::string const& event_id);

  // A fault of the log is not an order that is not there: it is looked for again.
  [[nodiscard]] eventstore::Faulty<std::optional<Ordered>> ordered_at(Position order) const;
  [[nodiscard]] bool name_refunds(domain::PaymentReport& payment) const;
  [[nodiscard]] std::string return_url(CurrencyOrdered const& ordered) const {
    if (!ordered.session) return options.return_url;
    return options.checkout_url + vault.codes().checkout_token(ordered.session) + options.checkout_url_end;
  }
  // Of this ledger, and of this history of it: another one's order of the same position has another key.
  //
  // A processor keeps its first answer to a key for a day, a 500 too, so a key can be spoilt:
  //
  // confirm:<n>. n goes up with each confirm, and each but the first comes right after a look that said "unconfirmed".
  // The payment itself is charged once, whatever the key. So a restart may count from 0 again: a spoilt key repeats its
  // answer, does nothing, and is followed by a look and the next key.
  //
  // open:<n>. There is nothing to look at, and a time-out may have opened it, so the key is kept for kOpensPerKey
  // tries. After that a second payment may be there beside it, which nobody confirms: only the one whose reference is
  // in the log is, and what is not confirmed charges nothing.
  //
  // refund. Has no number: under a second key the money could go twice. A spoilt one waits for its day to end.
  [[nodiscard]] IdempotencyKey key(std::string_view purpose, Position of, Timestamp at) const {
    auto const digest =
        vault.fingerprint(std::string(purpose) + ":" + std::to_string(of.value()) + ":" + std::to_string(at.micros()));
    return "florin-" + domain::to_hex({reinterpret_cast<char const*>(digest.data()), digest.size()});
  }
};

void CardPayments::Impl::push(Task task) {
  queue.push_back(std::move(task));
  wake_callers();
}

// Takes an order up: now, or for who merely waits for it a moment after it was last.
void CardPayments::Impl::want(Position order, Hurry hurry) {
  auto& plan = plans[order];
  if (plan.busy) plan.again = plan.again || hurry != Hurry::none;
  if (plan.busy || plan.queued == Place::fresh) return;
  if (plan.queued == Place::queue && hurry != Hurry::most) return;
  auto const wait = plan.looked.micros() + kLookPauseMicros - clock.now().micros();
  if (hurry == Hurry::none && wait > 0 && wait <= kLookPauseMicros) return rest({order, {}, {}, 0}, wait);
  plan.queued = hurry == Hurry::most ? Place::fresh : Place::queue;
  (hurry == Hurry::most ? fresh : queue).push_back({order, {}, {}, 0});
  wake_callers();
}

// nullopt: the entry was passed over, or there is none.
std::optional<Task> CardPayments::Impl::take() {
  if (idle()) return std::nullopt;
  bool const turn = fresh_in_a_row >= kFreshInARow && !queue.empty();
  bool const from_fresh = !fresh.empty() && !turn;
  fresh_in_a_row = from_fresh && !queue.empty() ? fresh_in_a_row + 1 : 0;
  auto& from = from_fresh ? fresh : queue;
  auto task = std::move(from.front());
  from.pop_front();
  if (!task.order) return task;
  auto const plan = plans.find(task.order);
  bool const stands = plan != plans.end() && plan->second.queued == (from_fresh ? Place::fresh : Place::queue);
  return stands ? std::optional(std::move(task)) : std::nullopt;
}

void CardPayments::Impl::take_news() {
  std::vector<Position> taken;
  {
    std::lock_guard const lock(mutex);
    posted = false;
    std::swap(taken, news);
  }
  if (stopping) return;
  for (auto const order : taken) want(order, Hurry::most);
}

void CardPayments::Impl::look_now() {
  if (stopping) return;
  armed = false;
  tell_the_impatient();
  while (!resting.empty() && resting.front().at <= clock.now()) {
    std::pop_heap(resting.begin(), resting.end(), is_later);
    auto [at, task] = std::move(resting.back());
    resting.pop_back();
    if (!task.order) {
      push(std::move(task));
      continue;
    }
    auto const plan = plans.find(task.order);
    if (plan == plans.end() || plan->second.due != at) continue;
    plan->second.due = {};
    want(task.order, Hurry::some);
  }
  arm();
}

// The alarm only ever comes nearer: who waits must not be put off by others that are put to rest.
void CardPayments::Impl::arm() {
  if (stopping) return;
  auto next = std::chrono::microseconds(kLookAtLeastEvery);
  if (!resting.empty()) {
    auto const wait = std::max<std::int64_t>(0, resting.front().at.micros() - clock.now().micros());
    next = std::min(next, std::chrono::microseconds(wait));
  }
  auto const at = std::chrono::steady_clock::now() + next;
  if (armed && alarm.expiry() <= at) return;
  armed = true;
  alarm.expires_at(at);
  alarm.async_wait([this](boost::system::error_code error) {
    if (!error) look_now();
  });
}

void CardPayments::Impl::wake_callers() {
  auto waiting = fresh.size() + queue.size();
  for (auto& idle : idle_callers) {
    if (waiting == 0) return;
    waiting -= idle->cancel() > 0 ? 1 : 0;
  }
}

Awaitable<void> CardPayments::Impl::caller(asio::steady_timer& idle) {
  while (!stopping) {
    if (this->idle()) {
      idle.expires_at(asio::steady_timer::time_point::max());
      boost::system::error_code ignored;
      co_await idle.async_wait(asio::redirect_error(use_awaitable, ignored));
      continue;
    }
    auto task = take();
    if (!task) continue;
    ++callers_busy;
    try {
      co_await take_up(*task);
    } catch (std::exception const& thrown) {
      put_back(std::move(*task), thrown.what());
    }
    --callers_busy;
  }
}

Awaitable<void> CardPayments::Impl::take_up(Task task) {
  if (!task.order) {
    co_await take_up_look(std::move(task));
    co_return;
  }
  auto const order = task.order;
  auto& plan = plans[order];  // it stays where it is as long as it is busy
  plan.queued = Place::none;
  plan.busy = true;  // two callers would both confirm it
  plan.due = {};
  plan.looked = clock.now();
  auto const next = co_await see_to(order, plan);
  plan.busy = false;
  bool const again = std::exchange(plan.again, false);
  if (next) {
    rest(std::move(task), *next);
  } else if (!again) {
    plans.erase(order);
  } else {
    plan.failures = 0;
  }
  if (again) want(order, Hurry::some);
}

Awaitable<void> CardPayments::Impl::take_up_look(Task task) {
  bool const done = co_await look_at(task.reference);
  auto const waiting = std::exchange(sought[task.event_id], {});
  if (done) {
    sought.erase(task.event_id);
    remember(task.event_id);
  }
  for (auto const& told : waiting) told(done);
  if (done) co_return;
  auto const wait = backoff(++task.failures);
  rest(std::move(task), wait);
}

// Memory that is short, a library's own failure: nothing that says what to do. As after an answer that nobody knows.
void CardPayments::Impl::put_back(Task task, char const* thrown) {
  if (task.order) {
    spdlog::error("order {}: {}; looking again", domain::format_order_id(task.order), thrown);
    auto& plan = plans[task.order];
    plan.busy = plan.again = false;
    return rest(std::move(task), backoff(++plan.failures));
  }
  spdlog::error("event {} of payment {}: {}; looking again", task.event_id, task.reference, thrown);
  auto const waiting = std::exchange(sought[task.event_id], {});
  auto const wait = backoff(++task.failures);
  rest(std::move(task), wait);
  for (auto const& told : waiting) told(false);
}

void CardPayments::Impl::rest(Task task, std::int64_t micros) {
  auto const at = clock.now() + micros;
  auto const order = task.order;
  if (order) {
    auto const& plan = plans[order];
    if (plan.due != Timestamp{} && plan.due <= at) return;
  }
  forget_stale();
  resting.push_back({at, std::move(task)});
  std::push_heap(resting.begin(), resting.end(), is_later);
  if (order) plans[order].due = at;
  arm();
}

// An order that is taken up before its time leaves its entry behind. At least half of them are good: an order rests
// once, and so does an event that is looked into.
void CardPayments::Impl::forget_stale() {
  if (resting.size() < kRestingMin || resting.size() < 2 * (plans.size() + sought.size())) return;
  std::unordered_set<Position> kept;
  std::erase_if(resting, [&](Later const& later) {
    auto const order = later.task.order;
    if (!order) return false;
    auto const plan = plans.find(order);
    return plan == plans.end() || plan->second.due != later.at || !kept.insert(order).second;
  });
  std::make_heap(resting.begin(), resting.end(), is_later);
}

// Past the last step of the ladder it goes on at the longest: somebody's money is at stake.
std::int64_t CardPayments::Impl::backoff(unsigned failures) {
  BackoffPolicy const policy;
  auto const wait = backoff_micros(policy, std::min(failures, policy.attempts - 1), random());
  return wait.value_or(policy.cap_micros);
}

bool CardPayments::Impl::quiet() const {
  return idle() && callers_busy == 0 && !polling && (resting.empty() || resting.front().at > clock.now());
}

// Brings an order as far as it can be brought now.
Awaitable<Next> CardPayments::Impl::see_to(Position order, Plan& plan) {
  auto const failed = [&] { return backoff(++plan.failures); };
  auto const at_ease = [&](std::int64_t micros) {
    plan.failures = 0;
    tell(order, {});  // longer than anybody waits; who was told of the challenge waits no more
    return micros;
  };
  plan.asked.reset();
  std::optional<PaymentStatus> known;  // what the processor said of it just now
  std::string refused_code;            // why it would not try to charge
  while (!stopping) {
    auto const open = view.order(order);
    if (!open) break;
    auto const found = ordered_at(order);
    if (!found) co_return failed();
    if (!found.value()) co_return at_ease(kMismatchLookMicros);
    auto const& ordered = found.value();
    auto const now = clock.now();
    if (known == PaymentStatus::requires_action && open->challenge_expires_at > now) {
      co_return at_ease(open->challenge_expires_at.micros() - now.micros());
    }
    if (known == PaymentStatus::processing) co_return at_ease(kProcessingLookMicros);
    if (known == PaymentStatus::succeeded || known == PaymentStatus::cancelled) co_return at_ease(kMismatchLookMicros);
    if (open->reference.empty() && now.micros() - open->ordered_at.micros() > kPatienceMicros) {
      bool const given_up = co_await give_up(*open, domain::PaymentFailure::abandoned, "");
      if (!given_up) co_return failed();
      continue;
    }
    bool const opens = open->reference.empty();
    auto const answer = co_await next_call(*open, *ordered, known, plan);
    if (stopping) break;
    if (answer.outcome == PaymentOutcome::refused && opens) {
      bool const given_up = co_await give_up(*open, domain::PaymentFailure::refused, answer.code);
      if (!given_up) co_return failed();
      continue;
    }
    if (answer.outcome == PaymentOutcome::refused && known == PaymentStatus::unconfirmed) {
      // Not this method, not now: the payment is there and not charged. Nobody will try it again.
      known = PaymentStatus::declined;
      refused_code = answer.code.empty() ? "refused" : answer.code;
      continue;
    }
    if (answer.outcome == PaymentOutcome::refused) {
      spdlog::error("order {}: the processor does not know its payment {} ({}): are these the keys it was made with?",
                    domain::format_order_id(order), open->reference, answer.code);
      co_return at_ease(kMismatchLookMicros);
    }
    if (answer.outcome != PaymentOutcome::answered) {
      if (opens && answer.code != kCircuitOpen && answer.code != kBusy) ++plan.opens;
      spdlog::warn("order {}: the processor's answer is not known, {}; looking again", domain::format_order_id(order),
                   answer.code);
      co_return failed();
    }
    bool const reported = co_await report(answer, refused_code);
    if (!reported) co_return failed();
    // Confirmed and unconfirmed still, or opened and without a name: that had no effect.
    if (known == PaymentStatus::unconfirmed && answer.payment.status == known) co_return failed();
    auto const now_open = view.order(order);
    if (opens && now_open && now_open->reference.empty()) co_return failed();
    // It got on. A look alone does not say so: a confirm that fails is followed by one each time.
    if (opens || known) plan.failures = 0;
    known = answer.payment.status;
    if (known == PaymentStatus::requires_action) {
      PaymentUpdate asked;
      asked.state = PaymentUpdate::State::action_required;
      asked.reference = answer.payment.reference;
      asked.client_secret = answer.client_secret;
      asked.redirect_url = answer.redirect_url;
      plan.asked = asked;
      tell(order, asked);
    }
  }
  if (stopping) co_return std::nullopt;
  decline_codes.erase(order);
  tell(order, end_of(order));
  bool const sent = co_await send_refunds(order);
  if (!sent) co_return failed();
  co_return std::nullopt;
}

Awaitable<PaymentAnswer> CardPayments::Impl::next_call(domain::OpenOrder const& open, Ordered const& ordered,
                                                       std::optional<PaymentStatus> known, Plan& plan) {
  if (open.reference.empty()) {
    auto const number = std::to_string(plan.opens / kOpensPerKey);
    CreatePayment request{key("open:" + number, open.order, ordered.at), open.order, open.usd,
                          domain::to_string(domain::units_of(open.usd)) + " " + view.currency_name(open.currency),
                          ordered.at};
    co_return co_await gateway.create(std::move(request));
  }
  if (!known) co_return co_await gateway.retrieve(open.reference);
  bool const late = clock.now().micros() - open.ordered_at.micros() > kPatienceMicros;
  if (known == PaymentStatus::unconfirmed && !late) {
    auto const number = std::to_string(plan.confirms++);
    ConfirmPayment request{key("confirm:" + number, open.order, ordered.at), open.reference, ordered.event.method,
                           return_url(ordered.event)};
    co_return co_await gateway.confirm(std::move(request));
  }
  // Declined, unanswered or too late: it must not be charged any more before it is given up here.
  co_return co_await gateway.cancel(open.reference);
}

Awaitable<bool> CardPayments::Impl::give_up(domain::OpenOrder const& open, domain::PaymentFailure failure,
                                            std::string code) {
  domain::Command command = domain::FailOrder{open.order, failure, std::move(code)};
  auto const outcome = co_await ask(io, *writer, std::move(command));
  // Refused: it has got a reference meanwhile, or is settled. Then the next look finds it.
  co_return std::holds_alternative<eventstore::Committed>(outcome) || std::holds_alternative<domain::Refusal>(outcome);
}

// The refunds of an order that may not have reached the processor. False: to be tried again.
Awaitable<bool> CardPayments::Impl::send_refunds(Position order) {
  auto const returned = view.returned(order);
  if (!returned) co_return true;
  bool all = true;
  for (auto const& row : returned->refunds) {
    if (row.status != domain::RefundStatus::pending || !row.reference.empty()) continue;
    bool const sent = co_await send_refund(order, row.refund);
    if (stopping) co_return true;
    all = all && sent;
  }
  co_return all;
}

// Nothing is asked for that is there already: a processor forgets idempotency keys after a day, and a refund may be
// pending there for longer. So it is looked for before it is asked for, and again before a refusal is believed.
Awaitable<bool> CardPayments::Impl::send_refund(Position order, Position refund) {
  auto const commit = eventstore::read_commit(log, refund);
  if (!commit) co_return false;
  auto const* asked = commit.value() ? std::get_if<domain::RefundRequested>(&commit.value()->events.front()) : nullptr;
  if (asked == nullptr) co_return true;  // one that a report brought: the processor knows it
  auto const at = commit.value()->at;
  std::string refused_code;
  for (bool refused = false;; refused = true) {
    auto const known = co_await gateway.retrieve(asked->payment);
    if (stopping || known.outcome != PaymentOutcome::answered) co_return false;
    bool const reported = co_await report(known);
    if (!reported) co_return false;
    bool const there = std::any_of(known.payment.refunds.begin(), known.payment.refunds.end(),
                                   [&](auto const& row) { return row.refund == refund && row.refund_at == at; });
    if (there) co_return true;  // its end comes as a change
    if (refused) break;
    RefundPayment request{key("refund", refund, at), asked->payment, refund, asked->usd, at};
    auto const answer = co_await gateway.refund(std::move(request));
    if (stopping || answer.outcome == PaymentOutcome::unknown) co_return false;
    if (answer.outcome == PaymentOutcome::answered) {
      bool const made = co_await report(answer);
      co_return made;
    }
    refused_code = answer.code;
  }
  spdlog::warn("refund {} refused by the processor: {}", domain::format_refund_id(refund), refused_code);
  auto const found = ordered_at(order);
  if (!found) co_return false;
  if (!found.value()) co_return true;
  domain::Command command = domain::FailRefund{order, refund, found.value()->event};
  auto const outcome = co_await ask(io, *writer, std::move(command));
  co_return !is_busy(outcome);
}

// True: what the processor says is in the log, or concerns us not.
Awaitable<bool> CardPayments::Impl::look_at(std::string reference) {
  auto const answer = co_await gateway.retrieve(std::move(reference));
  if (stopping || answer.outcome == PaymentOutcome::unknown) co_return false;
  if (answer.outcome == PaymentOutcome::refused || !answer.payment.order) co_return true;
  bool const reported = co_await report(answer);
  if (!reported) co_return false;
  // Who waits for it; and what follows from it, such as the cancelling of what was declined.
  if (!view.order(answer.payment.order)) tell(answer.payment.order, end_of(answer.payment.order));
  want(answer.payment.order, Hurry::some);
  co_return true;
}

// A name of ours that the log has not given, or gave to another refund in another history of it, is none. And one
// refund is one: what the processor made twice under one name came the second time without our asking.
// False: the log could not be read.
bool CardPayments::Impl::name_refunds(domain::PaymentReport& payment) const {
  auto const returned = view.returned(payment.order);
  auto const settled_as = [&](Position refund) -> std::string {
    if (!returned) return {};
    for (auto const& row : returned->refunds) {
      if (row.refund == refund) return row.reference;
    }
    return {};
  };
  std::map<Position, std::string> ours;  // which of those of a name it is: the one known, else the oldest
  for (auto const& refund : payment.refunds) {
    if (!refund.refund) continue;
    auto const commit = eventstore::read_commit(log, refund.refund);
    if (!commit) return false;
    if (!commit.value() || commit.value()->at != refund.refund_at) continue;
    auto const* asked = std::get_if<domain::RefundRequested>(&commit.value()->events.front());
    if (asked == nullptr || asked->order != payment.order) continue;
    auto const known = settled_as(refund.refund);
    ours[refund.refund] = known.empty() ? refund.reference : known;  // the newest comes first in a report
  }
  for (auto& refund : payment.refunds) {
    auto const found = ours.find(refund.refund);
    if (!refund.refund || (found != ours.end() && found->second == refund.reference)) continue;
    spdlog::error("payment {}: refund {} was not asked for by this ledger", payment.reference, refund.reference);
    refund.refund = {};
  }
  return true;
}

Awaitable<bool> CardPayments::Impl::report(PaymentAnswer const& answer, std::string refused_code) {
  auto const found = ordered_at(answer.payment.order);
  if (!found) co_return false;
  auto const& ordered = found.value();
  auto payment = answer.payment;
  if (!ordered || ordered->at != payment.ordered_at) {
    spdlog::error("payment {} names order {}, which this log does not have: was it restored from a backup? {}",
                  payment.reference, domain::format_order_id(payment.order),
                  payment.status == PaymentStatus::succeeded ? "It is charged and nobody is credited; refund it there"
                                                             : "It is not charged");
    co_return true;
  }
  auto const order = ordered->event.order;
  if (!payment.refunds.empty() && !name_refunds(payment)) co_return false;
  say_what_is_not_booked(payment, ordered->event.usd);
  if (payment.status == PaymentStatus::declined && view.order(order)) decline_codes[order] = payment.decline_code;
  auto const declined = decline_codes.find(order);
  if (payment.status == PaymentStatus::cancelled && payment.decline_code.empty() && declined != decline_codes.end()) {
    payment.decline_code = declined->second;
  }
  domain::Command command = domain::ReportPayment{std::move(payment), ordered->event, std::move(refused_code)};
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

// For the operator, who has the processor's own word: from here on card_clearing is not what it holds.
void CardPayments::Impl::say_what_is_not_booked(domain::PaymentReport const& payment, domain::Money paid) const {
  for (auto const& refund : payment.refunds) {
    if (may_book(refund, paid)) continue;
    spdlog::error(
        "payment {}: refund {} is of {} USD, of {} that were paid; it is not booked: look at it at the processor",
        payment.reference, refund.reference, domain::to_string(refund.usd), domain::to_string(paid));
  }
  for (auto const& dispute : payment.disputes) {
    if (may_book(dispute)) continue;
    spdlog::error(
        "payment {}: dispute {} withholds {} USD with a fee of {}; it is not booked: look at it at the processor",
        payment.reference, dispute.reference, domain::to_string(dispute.withheld), domain::to_string(dispute.fee));
  }
}

// ---- what lost callbacks would have told

Awaitable<void> CardPayments::Impl::poll() {
  while (!stopping) {
    polling = true;
    try {
      (void)co_await poll_once();
    } catch (std::exception const& thrown) {
      spdlog::error("asking for what happened at the card processor: {}; asking again", thrown.what());
      std::lock_guard const lock(mutex);
      poll_trouble = thrown.what();
    }
    polling = false;
    if (stopping) co_return;
    poll_alarm.expires_after(std::chrono::microseconds(options.poll_micros));
    boost::system::error_code ignored;
    co_await poll_alarm.async_wait(asio::redirect_error(use_awaitable, ignored));
  }
}

Awaitable<bool> CardPayments::Impl::poll_once() {
  auto const began = processor_now();
  std::string from;
  for (bool more = true; more && !stopping;) {
    auto const answer = co_await gateway.list_events(polled_from, from);
    {
      std::lock_guard const lock(mutex);
      poll_trouble = answer.outcome == PaymentOutcome::answered ? std::string() : answer.code;
    }
    if (answer.outcome != PaymentOutcome::answered) co_return false;
    for (auto const& change : answer.events) {
      if (seen.contains(change.event_id) || !sought.try_emplace(change.event_id).second) continue;
      push({{}, change.reference, change.event_id, 0});
    }
    more = answer.more;
    from = answer.next;
  }
  polled_from = began + -kPollOverlapMicros;
  co_return true;
}

void CardPayments::Impl::remember(std::string const& event_id) {
  if (event_id.empty() || !seen.insert(event_id).second) return;
  seen_order.push_back(event_id);
  if (seen_order.size() <= kSeenMax) return;
  seen.erase(seen_order.front());
  seen_order.pop_front();
}

void CardPayments::Impl::note_end(Position order, PaymentUpdate end) {
  end.state = PaymentUpdate::State::ended;
  if (!ends.insert_or_assign(order, std::move(end)).second) return;
  ends_order.push_back(order);
  if (ends_order.size() <= kEndsMax) return;
  ends.erase(ends_order.front());
  ends_order.pop_front();
}

PaymentUpdate CardPayments::Impl::end_of(Position order) {
  std::lock_guard const lock(mutex);
  auto const found = ends.find(order);
  PaymentUpdate end;
  end.state = PaymentUpdate::State::ended;
  return found == ends.end() ? end : found->second;
}

void CardPayments::Impl::tell(Position order, PaymentUpdate const& news_of_it) {
  auto const found = watchers.find(order);
  if (found == watchers.end()) return;
  auto const waiting = std::move(found->second);
  watchers.erase(found);
  for (auto const& watcher : waiting) watcher.told(news_of_it);
}

void CardPayments::Impl::watch(Position order, Watcher watcher, bool last_look) {
  if (stopping) return;
  if (!view.order(order)) return watcher.told(end_of(order));
  if (auto const plan = plans.find(order); last_look && plan != plans.end() && plan->second.asked) {
    auto const since = clock.now().micros() - plan->second.looked.micros();
    if (!plan->second.busy && since >= 0 && since < kLookPauseMicros) return watcher.told(*plan->second.asked);
  }
  auto& waiting = watchers[order];
  watched_until = std::min(watched_until, watcher.until);
  waiting.push_back(std::move(watcher));
  if (waiting.size() > kWatchersMax) {
    auto const oldest = std::move(waiting.front());
    waiting.pop_front();
    oldest.told({});
  }
  want(order, Hurry::none);
}

void CardPayments::Impl::tell_the_impatient() {
  auto const now = std::chrono::steady_clock::now();
  if (now < watched_until) return;
  watched_until = SteadyTime::max();
  std::vector<Watcher> gone;
  for (auto entry = watchers.begin(); entry != watchers.end();) {
    auto& waiting = entry->second;
    for (auto& watcher : waiting) {
      if (watcher.until > now) {
        watched_until = std::min(watched_until, watcher.until);
      } else {
        gone.push_back(std::move(watcher));
      }
    }
    std::erase_if(waiting, [&](Watcher const& watcher) { return watcher.until <= now; });
    entry = waiting.empty() ? watchers.erase(entry) : std::next(entry);
  }
  for (auto const& watcher : gone) watcher.told({});
}

eventstore::Faulty<std::optional<Ordered>> CardPayments::Impl::ordered_at(Position order) const {
  auto const commit = eventstore::read_commit(log, order);
  if (!commit) {
    spdlog::error("order {}: {}", domain::format_order_id(order), commit.error().what);
    return fail(commit.error());
  }
  std::optional<Ordered> found;
  if (!commit.value()) return found;
  for (auto const& event : commit.value()->events) {
    if (auto const* ordered = std::get_if<CurrencyOrdered>(&event)) found = Ordered{*ordered, commit.value()->at};
  }
  return found;
}

CardPayments::CardPayments(asio::io_context& io, PaymentGateway& gateway, LedgerView const& view, eventstore::Log& log,
                           eventstore::Vault const& vault, eventstore::Clock const& clock, CardPaymentsOptions options)
    : impl_(std::make_unique<Impl>(io, gateway, view, log, vault, clock, std::move(options))) {}

CardPayments::~CardPayments() = default;

void CardPayments::resume(domain::State const& state, Timestamp last_commit) {
  for (auto const& [order, open] : state.orders()) impl_->want(order, Impl::Hurry::some);
  for (auto const& [order, returned] : state.returned_orders()) {
    for (auto const& refund : returned.refunds) {
      if (refund.status != domain::RefundStatus::pending || !refund.reference.empty()) continue;
      impl_->want(order, Impl::Hurry::some);
      break;
    }
  }
  auto const now = impl_->processor_now();
  auto const reach = now + -kPollReachMicros;
  // A last commit that is still to come was written by a clock that was ahead: nobody knows since when.
  impl_->polled_from = last_commit > now ? reach : std::max(reach, last_commit + -kPollOverlapMicros);
  if (last_commit == Timestamp{} || last_commit >= reach) return;
  impl_->unheard =
      "the ledger's last commit is older than what the card processor can be asked for: refunds and "
      "disputes made there from " +
      domain::to_iso8601(last_commit) + " to " + domain::to_iso8601(reach) +
      " are not found unless their callbacks arrived; compare the processor's own list of them with the "
      "orders here";
  spdlog::warn("cards: {}", impl_->unheard);
}

void CardPayments::start(eventstore::Writer& writer) {
  impl_->writer = &writer;
  for (std::size_t i = 0; i < kCallers; ++i) {
    impl_->idle_callers.push_back(std::make_unique<asio::steady_timer>(impl_->io));
    asio::co_spawn(impl_->io, impl_->caller(*impl_->idle_callers.back()), or_end);
  }
  asio::co_spawn(impl_->io, impl_->poll(), or_end);
  asio::post(impl_->io, [impl = impl_.get()] { impl->look_now(); });
}

void CardPayments::stop() {
  std::promise<void> stopped;
  asio::post(impl_->io, [impl = impl_.get(), &stopped] {
    impl->stopping = true;
    impl->alarm.cancel();
    impl->poll_alarm.cancel();
    for (auto& idle : impl->idle_callers) idle->cancel();
    impl->watchers.clear();
    impl->fresh.clear();
    impl->queue.clear();
    stopped.set_value();
  });
  stopped.get_future().wait();
}

void CardPayments::on_commits(std::span<eventstore::CommitPtr const> commits) {
  std::vector<Position> orders;
  for (auto const& commit : commits) {
    auto position = commit->first;
    for (auto const& event : commit->events) {
      if (auto const* ordered = std::get_if<CurrencyOrdered>(&event)) orders.push_back(ordered->order);
      if (auto const* refund = std::get_if<domain::RefundRequested>(&event)) {
        if (refund->reference.empty()) orders.push_back(refund->order);
      }
      PaymentUpdate end;
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

void CardPayments::watch(Position order, std::chrono::milliseconds patience,
                         std::function<void(PaymentUpdate const&)> told, bool last_look) {
  Watcher watcher{std::chrono::steady_clock::now() + patience, std::move(told)};
  asio::post(impl_->io, [impl = impl_.get(), order, waiting = std::move(watcher), last_look]() mutable {
    impl->watch(order, std::move(waiting), last_look);
  });
}

void CardPayments::handle_event(ProcessorEvent event, std::function<void(bool)> told) {
  asio::post(impl_->io, [impl = impl_.get(), event = std::move(event), told = std::move(told)]() mutable {
    if (impl->stopping) return;
    if (impl->seen.contains(event.event_id)) return told(true);
    auto const [waiting, is_new] = impl->sought.try_emplace(event.event_id);
    waiting->second.push_back(std::move(told));
    if (is_new) impl->push({{}, std::move(event.reference), std::move(event.event_id), 0});
  });
}

void CardPayments::tokenize(Card card, std::function<void(MethodAnswer const&)> told) {
  asio::co_spawn(
      impl_->io,
      [](Impl* impl, Card given, std::function<void(MethodAnswer const&)> then) -> Awaitable<void> {
        if (impl->stopping) co_return;
        MethodAnswer answer;
        if (impl->tokenizing >= kTokenizingMax) {
          answer.code = kBusy;
          co_return then(answer);
        }
        ++impl->tokenizing;
        try {
          answer = co_await impl->gateway.tokenize(std::move(given));
        } catch (std::exception const& thrown) {
          spdlog::error("a card on its way to the processor: {}", thrown.what());
        }
        --impl->tokenizing;
        if (!impl->stopping) then(answer);
      }(impl_.get(), std::move(card), std::move(told)),
      asio::detached);
}

std::optional<std::string> CardPayments::trouble() const {
  std::string found;
  {
    std::lock_guard const lock(impl_->mutex);
    if (!impl_->poll_trouble.empty()) {
      found = "what happens at the card processor cannot be read (" + impl_->poll_trouble +
              "): refunds and disputes whose callback is lost are not found until it can";
    }
  }
  if (!impl_->unheard.empty()) found += (found.empty() ? "" : "; ") + impl_->unheard;
  return found.empty() ? std::nullopt : std::optional(std::move(found));
}

std::size_t CardPayments::delayed() {
  std::promise<std::size_t> answer;
  asio::post(impl_->io, [impl = impl_.get(), &answer] { answer.set_value(impl->resting.size()); });
  return answer.get_future().get();
}

void CardPayments::look_again() {
  asio::post(impl_->io, [impl = impl_.get()] {
    // It has not begun when settle asks, but it is under way.
    if (impl->poll_alarm.cancel() > 0) impl->polling = true;
    impl->look_now();
  });
}

bool CardPayments::wait_until_idle(int timeout_ms) {
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
