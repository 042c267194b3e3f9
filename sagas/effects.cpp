#include "sagas/effects.h"

#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <random>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include "domain/contract.h"
#include "sagas/expiry/timers.h"
#include "sagas/texting/composer.h"
#include "sagas/writer_call.h"

namespace florin::sagas {
namespace {

using domain::Position;
using domain::Timestamp;
using eventstore::Outcome;

// Texts under way at once: at 150 ms each about a hundred a second, as much as a provider's account may.
constexpr std::size_t kSenders = 16;
// Expiries submitted and not answered: a part of the writer's queue, the rest is for clients.
constexpr std::size_t kExpiriesInFlight = 1024;
// Outcomes are reported this many at a time, or after so long.
constexpr std::size_t kSettleBatch = 256;
constexpr auto kSettleDelay = std::chrono::milliseconds(5);
// The machine's clock drives the wake-ups; a clock that was put forward is noticed within this, or at once by
// look_again().
constexpr auto kLookAtLeastEvery = std::chrono::seconds(1);
constexpr std::int64_t kBusyRetryMicros = 100'000;
// A code stops being texted when it expires (Composer). What a text tells of an end does not expire: after so many
// tries, at most one a minute, a day or two have gone by and nobody waits for it any more.
constexpr unsigned kTriesMax = 2'000;

// What a commit makes us do, taken from it on the appender.
struct News {
  std::vector<Errand> errands;
  std::vector<Timer> timers;

  [[nodiscard]] bool empty() const { return errands.empty() && timers.empty(); }
};

void gather(domain::Event const& event, News& news) {
  auto const first = news.errands.size();
  for (auto const& text : texts_owed(event)) news.errands.push_back({text, std::nullopt, 0});
  if (auto const* e = std::get_if<domain::TransferInitiated>(&event)) {
    news.timers.push_back({e->guardian ? e->guardian_expires_at : e->pin_expires_at, e->transaction, Wait::transfer});
  } else if (auto const* approved = std::get_if<domain::GuardianApproved>(&event)) {
    // The PIN's own end may come before the guardian's, which the timer stands at: look at once.
    news.timers.push_back({Timestamp{}, approved->transaction, Wait::transfer});
  } else if (auto const* asked = std::get_if<domain::PhoneShareRequested>(&event)) {
    news.timers.push_back({asked->expires_at, asked->approval, Wait::share});
  }
  auto const facts = closing_facts(event);
  for (auto i = first; facts && i < news.errands.size(); ++i) news.errands[i].facts = facts;
}

}  // namespace

struct Effects::Impl {
  Impl(asio::io_context& context, GuardedSms* gateway, LedgerView const& ledger, eventstore::Log& events,
       eventstore::Vault const& keys, eventstore::Clock const& time)
      : io(context),
        sms(gateway),
        view(ledger),
        clock(time),
        composer(ledger, events, keys),
        alarm(context),
        settle_alarm(context),
        work(context.get_executor()) {}

  asio::io_context& io;
  GuardedSms* const sms;
  LedgerView const& view;
  eventstore::Clock const& clock;
  Composer const composer;
  eventstore::Writer* writer = nullptr;
  std::thread thread;

  std::mutex mutex;
  News news;            // under mutex
  bool posted = false;  // under mutex: take_news is on its way
  std::atomic<std::size_t> backlog{0};

  // The rest belongs to the effects thread.
  std::minstd_rand random{std::random_device{}()};
  Timers timers;
  std::deque<Errand> queue;
  struct Later {
    Timestamp at;
    Errand errand;
  };
  std::vector<Later> resting;  // between two tries; a heap, earliest first
  std::vector<domain::TextSettled> settled;
  std::size_t senders_busy = 0;
  std::uint64_t errands_taken = 0;                                       // ever put into the queue for the first time
  std::uint64_t errands_tried = 0;                                       // of them, tried once
  std::deque<std::pair<std::uint64_t, std::function<void()>>> watchers;  // of errands_tried, ascending
  std::size_t settling = 0;                                              // texts in SettleTexts commands on their way
  std::size_t expiries = 0;                                              // in flight
  asio::steady_timer alarm;
  asio::steady_timer settle_alarm;
  bool settle_armed = false;
  std::vector<std::unique_ptr<asio::steady_timer>> idle_senders;
  asio::executor_work_guard<Executor> work;
  bool stopping = false;

  void submit(domain::Command command, std::function<void(Outcome const&)> then) {
    sagas::submit(io, *writer, std::move(command), std::move(then));
  }

  void take_news();
  void look();
  void arm();
  void fire(Timer const& timer);
  void wake_senders();
  Awaitable<void> sender(asio::steady_timer& idle);
  Awaitable<void> send(Errand errand);
  void rest(Errand errand);
  void record_outcome(domain::TextRef const& text, domain::TextEnd end);
  void flush_settled();
  void count_backlog() { backlog = queue.size() + resting.size() + senders_busy; }
  [[nodiscard]] bool quiet() const;
};

void Effects::Impl::take_news() {
  News taken;
  {
    std::lock_guard const lock(mutex);
    posted = false;
    std::swap(taken, news);
  }
  if (stopping) return;
  for (auto const& timer : taken.timers) timers.add(timer);
  errands_taken += taken.errands.size();
  queue.insert(queue.end(), taken.errands.begin(), taken.errands.end());
  count_backlog();
  wake_senders();
  look();
}

// Everything whose time has come, then sleep until the next.
void Effects::Impl::look() {
  if (stopping) return;
  auto const now = clock.now();
  while (expiries < kExpiriesInFlight) {
    auto const timer = timers.take(now);
    if (!timer) break;
    fire(*timer);
  }
  auto const later = [](Later const& a, Later const& b) { return a.at > b.at; };
  while (!resting.empty() && resting.front().at <= now) {
    std::pop_heap(resting.begin(), resting.end(), later);
    queue.push_back(resting.back().errand);
    resting.pop_back();
  }
  count_backlog();
  wake_senders();
  arm();
}

void Effects::Impl::arm() {
  auto next = std::chrono::microseconds(kLookAtLeastEvery);
  auto const until = [&](Timestamp at) {
    auto const wait = std::max<std::int64_t>(0, at.micros() - clock.now().micros());
    next = std::min(next, std::chrono::microseconds(wait));
  };
  // With the writer's answers outstanding it is they that make room, and look again.
  if (auto const due = timers.next_due(); due && expiries < kExpiriesInFlight) until(*due);
  if (!resting.empty()) until(resting.front().at);
  alarm.expires_after(next);
  alarm.async_wait([this](boost::system::error_code error) {
    if (!error) look();
  });
}

// A timer is a reminder: the ledger says whether the wait is over, has been prolonged or has ended.
void Effects::Impl::fire(Timer const& timer) {
  auto const now = clock.now();
  std::optional<Timestamp> due;
  if (timer.wait == Wait::transfer) {
    if (auto const transfer = view.transfer(timer.about)) due = transfer->expires_at();
  } else if (auto const share = view.share(timer.about)) {
    due = share->expires_at;
  }
  if (!due) return;
  if (*due > now) return timers.add({*due, timer.about, timer.wait});
  ++expiries;
  domain::Command command = timer.wait == Wait::transfer ? domain::Command(domain::ExpireTransfer{timer.about})
                                                         : domain::Command(domain::ExpirePhoneShare{timer.about});
  submit(std::move(command), [this, timer](Outcome const& outcome) {
    --expiries;
    auto const refused = std::holds_alternative<domain::Refusal>(outcome);
    // Refused: something came before it, which the ledger knows by the next look.
    if (is_busy(outcome) || refused) timers.add({clock.now() + kBusyRetryMicros, timer.about, timer.wait});
    look();
  });
}

void Effects::Impl::wake_senders() {
  auto waiting = queue.size();
  for (auto& idle : idle_senders) {
    if (waiting == 0) return;
    waiting -= idle->cancel() > 0 ? 1 : 0;
  }
}

Awaitable<void> Effects::Impl::sender(asio::steady_timer& idle) {
  while (!stopping) {
    if (queue.empty() || sms == nullptr) {
      idle.expires_at(asio::steady_timer::time_point::max());
      boost::system::error_code ignored;
      co_await idle.async_wait(asio::redirect_error(use_awaitable, ignored));
      continue;
    }
    auto const errand = queue.front();
    queue.pop_front();
    ++senders_busy;
    bool const first = errand.attempts == 0;
    try {
      co_await send(errand);
    } catch (std::exception const& thrown) {
      // One sender less for ever, and a text that nobody sends, if it were let go. Sent twice it says the same.
      spdlog::error("text about position {}: {}; trying again", errand.text.about.value(), thrown.what());
      rest(errand);
    }
    --senders_busy;
    if (first) ++errands_tried;
    while (!watchers.empty() && watchers.front().first <= errands_tried) {
      watchers.front().second();
      watchers.pop_front();
    }
    count_backlog();
  }
}

Awaitable<void> Effects::Impl::send(Errand errand) {
  auto composed = composer.compose(errand, clock.now());
  if (!composed) {
    spdlog::error("text about position {}: {}", errand.text.about.value(), composed.error().what);
    rest(errand);
    co_return;
  }
  if (!composed.value()) {
    record_outcome(errand.text, domain::TextEnd::dropped);
    co_return;
  }
  auto const result = co_await sms->send(std::move(*composed.value()));
  switch (result.outcome) {
    case SmsResult::Outcome::sent: record_outcome(errand.text, domain::TextEnd::sent); break;
    case SmsResult::Outcome::refused:
      spdlog::warn("text about position {} refused by the provider: {}", errand.text.about.value(), result.code);
      record_outcome(errand.text, domain::TextEnd::refused);
      break;
    case SmsResult::Outcome::unavailable:
      // Once a text, and not for an open breaker, which has said so itself.
      if (errand.attempts == 0 && result.code != "circuit_open") {
        spdlog::warn("text about position {} not sent, {}; trying again", errand.text.about.value(), result.code);
      }
      rest(errand);
      break;
  }
}

void Effects::Impl::rest(Errand errand) {
  if (++errand.attempts == kTriesMax) return record_outcome(errand.text, domain::TextEnd::dropped);
  // Past the last step of the ladder it goes on at the longest.
  BackoffPolicy const policy;
  auto const wait = backoff_micros(policy, std::min(errand.attempts, policy.attempts - 1), random());
  resting.push_back({clock.now() + wait.value_or(policy.cap_micros), errand});
  std::push_heap(resting.begin(), resting.end(), [](Later const& a, Later const& b) { return a.at > b.at; });
  arm();
}

void Effects::Impl::record_outcome(domain::TextRef const& text, domain::TextEnd end) {
  settled.push_back({text, end});
  if (settled.size() >= kSettleBatch) return flush_settled();
  if (std::exchange(settle_armed, true)) return;
  settle_alarm.expires_after(kSettleDelay);
  settle_alarm.async_wait([this](boost::system::error_code error) {
    settle_armed = false;
    if (!error) flush_settled();
  });
}

void Effects::Impl::flush_settled() {
  if (settled.empty() || stopping) return;
  auto texts = std::exchange(settled, {});
  settling += texts.size();
  auto command = domain::SettleTexts{texts};
  submit(std::move(command), [this, texts = std::move(texts)](Outcome const& outcome) {
    settling -= texts.size();
    if (!is_busy(outcome)) return;
    for (auto const& text : texts) record_outcome(text.text, text.end);
  });
}

bool Effects::Impl::quiet() const {
  auto const due = timers.next_due();
  return queue.empty() && senders_busy == 0 && settled.empty() && settling == 0 && expiries == 0 &&
         (!due || *due > clock.now());
}

Effects::Effects(asio::io_context& io, GuardedSms* sms, LedgerView const& view, eventstore::Log& log,
                 eventstore::Vault const& vault, eventstore::Clock const& clock)
    : impl_(std::make_unique<Impl>(io, sms, view, log, vault, clock)) {}

Effects::~Effects() { stop(); }

void Effects::resume(domain::State const& state) {
  for (auto const& text : state.owed_texts()) impl_->queue.push_back({text, std::nullopt, 0});
  impl_->errands_taken = impl_->queue.size();
  for (auto const& [position, transfer] : state.transfers()) {
    impl_->timers.add({transfer.expires_at(), position, Wait::transfer});
  }
  for (auto const& [position, share] : state.shares().all()) {
    impl_->timers.add({share.expires_at, position, Wait::share});
  }
  impl_->count_backlog();
}

void Effects::start(eventstore::Writer& writer) {
  auto& impl = *impl_;
  FLORIN_ASSERT(impl.writer == nullptr);
  impl.writer = &writer;
  for (std::size_t i = 0; i < kSenders; ++i) {
    impl.idle_senders.push_back(std::make_unique<asio::steady_timer>(impl.io));
    asio::co_spawn(impl.io, impl.sender(*impl.idle_senders.back()), asio::detached);
  }
  asio::post(impl.io, [&impl] { impl.look(); });
  impl.thread = std::thread([&impl] { impl.io.run(); });
}

void Effects::stop() {
  auto& impl = *impl_;
  if (!impl.thread.joinable()) return;
  asio::post(impl.io, [&impl] {
    impl.stopping = true;
    impl.work.reset();
    impl.io.stop();
  });
  impl.thread.join();
}

void Effects::on_commits(std::span<eventstore::CommitPtr const> commits) {
  auto& impl = *impl_;
  News fresh;
  for (auto const& commit : commits) {
    for (auto const& event : commit->events) gather(event, fresh);
  }
  if (fresh.empty()) return;
  std::lock_guard const lock(impl.mutex);
  impl.news.errands.insert(impl.news.errands.end(), fresh.errands.begin(), fresh.errands.end());
  impl.news.timers.insert(impl.news.timers.end(), fresh.timers.begin(), fresh.timers.end());
  if (!std::exchange(impl.posted, true)) asio::post(impl.io, [&impl] { impl.take_news(); });
}

bool Effects::sms_available() const {
  return impl_->sms != nullptr && impl_->sms->available() && impl_->backlog < kBacklogMax;
}

std::int64_t Effects::retry_after_seconds() const {
  return impl_->sms == nullptr ? 60 : std::max<std::int64_t>(1, impl_->sms->retry_after_seconds());
}

void Effects::look_again() {
  asio::post(impl_->io, [impl = impl_.get()] { impl->look(); });
}

void Effects::when_texted(std::function<void()> then) {
  asio::post(impl_->io, [impl = impl_.get(), then = std::move(then)]() mutable {
    impl->take_news();
    if (impl->errands_tried >= impl->errands_taken) return then();
    impl->watchers.emplace_back(impl->errands_taken, std::move(then));
  });
}

bool Effects::wait_until_idle(int timeout_ms) {
  auto const deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (std::chrono::steady_clock::now() < deadline) {
    auto const answer = std::make_shared<std::promise<bool>>();
    auto quiet = answer->get_future();
    asio::post(impl_->io, [impl = impl_.get(), answer] {
      impl->look();
      answer->set_value(impl->quiet());
    });
    if (quiet.wait_until(deadline) != std::future_status::ready) return false;
    if (quiet.get()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

}  // namespace florin::sagas
