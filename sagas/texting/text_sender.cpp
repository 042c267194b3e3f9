#include "sagas/texting/text_sender.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "domain/contract.h"
#include "eventstore/runtime/runtime.h"
#include "sagas/texting/composer.h"
#include "sagas/workers.h"
#include "sagas/writer_call.h"

namespace florin::sagas {
namespace {

using domain::Timestamp;
using eventstore::Outcome;

// Texts under way at once: at 150 ms each about a hundred a second, as much as a provider's account may.
constexpr std::size_t kSenders = 16;
// Outcomes are reported this many at a time, or after so long.
constexpr std::size_t kReportBatch = 256;
constexpr auto kReportDelay = std::chrono::milliseconds(5);
// The machine's clock drives the wake-ups; a clock that was put forward is noticed within this, or at once by check().
constexpr auto kCheckAtLeastEvery = std::chrono::seconds(1);
// A code stops being texted when it expires (Composer). What a text tells of an end does not expire: after so many
// tries, at most one a minute, a day or two have gone by and nobody waits for it any more.
constexpr unsigned kTriesMax = 2'000;

}  // namespace

struct TextSender::Impl {
  Impl(asio::io_context& context, eventstore::Runtime& runtime, GuardedSms* gateway, LedgerView const& view,
       eventstore::Log& log, eventstore::Vault const& vault, eventstore::Clock const& time)
      : io(context),
        sms(gateway),
        clock(time),
        composer(view, log, vault),
        random(eventstore::draw_number<unsigned>(runtime)),
        senders(context, kSenders,
                {[this] { return take(); }, [this](PendingText const& text) { return send(text); },
                 [this](PendingText const& text, char const* why) { put_back(text, why); },
                 [this](PendingText const& text) { tried(text); }}),
        alarm(context.get_executor()),
        report_alarm(context.get_executor()) {}

  asio::io_context& io;
  GuardedSms* const sms;
  eventstore::Clock const& clock;
  Composer const composer;
  eventstore::Submitter* writer = nullptr;

  std::atomic<std::size_t> backlog{0};

  // The rest belongs to the effects thread.
  std::minstd_rand random;
  std::deque<PendingText> queue;
  struct Delayed {
    Timestamp at;
    PendingText text;
  };
  static bool is_later(Delayed const& a, Delayed const& b) { return a.at > b.at; }
  std::vector<Delayed> delayed;  // between two tries; a heap, the earliest first
  Workers<PendingText> senders;
  std::uint64_t texts_queued = 0;                                       // ever put into the queue for the first time
  std::uint64_t texts_tried = 0;                                        // of them, tried once
  std::deque<std::pair<std::uint64_t, std::function<void()>>> waiting;  // for so many texts_tried, ascending
  std::vector<domain::TextSettled> outcomes;                            // to be reported
  std::size_t reporting = 0;                                            // texts in SettleTexts commands on their way
  SteadyTimer alarm;
  SteadyTimer report_alarm;
  bool report_armed = false;
  bool stopping = false;

  void add(std::vector<PendingText> const& texts);
  void check();
  void arm();
  std::optional<PendingText> take();
  Awaitable<void> send(PendingText text);
  void put_back(PendingText const& text, char const* why);
  void tried(PendingText const& text);
  void delay(PendingText text);
  void record_outcome(domain::TextRef const& text, domain::TextEnd end);
  void report_outcomes();
  void count_backlog() { backlog = queue.size() + delayed.size() + senders.busy(); }
};

void TextSender::Impl::add(std::vector<PendingText> const& texts) {
  if (stopping) return;
  texts_queued += texts.size();
  queue.insert(queue.end(), texts.begin(), texts.end());
  check();
}

// Queues the texts whose next try is due, then sleeps until the next is.
void TextSender::Impl::check() {
  if (stopping) return;
  auto const now = clock.now();
  while (!delayed.empty() && delayed.front().at <= now) {
    std::pop_heap(delayed.begin(), delayed.end(), is_later);
    queue.push_back(delayed.back().text);
    delayed.pop_back();
  }
  count_backlog();
  if (sms != nullptr) senders.wake(queue.size());
  arm();
}

void TextSender::Impl::arm() {
  auto next = std::chrono::microseconds(kCheckAtLeastEvery);
  if (!delayed.empty()) {
    auto const wait = std::max<std::int64_t>(0, delayed.front().at.micros() - clock.now().micros());
    next = std::min(next, std::chrono::microseconds(wait));
  }
  alarm.expires_after(next);
  alarm.async_wait([this](boost::system::error_code error) {
    if (!error) check();
  });
}

std::optional<PendingText> TextSender::Impl::take() {
  if (queue.empty() || sms == nullptr) return std::nullopt;
  auto const text = queue.front();
  queue.pop_front();
  return text;
}

Awaitable<void> TextSender::Impl::send(PendingText text) {
  auto composed = composer.compose(text, clock.now());
  if (!composed) {
    spdlog::error("text about position {}: {}", text.text.about.value(), composed.error().what);
    delay(text);
    co_return;
  }
  if (!composed.value()) {
    record_outcome(text.text, domain::TextEnd::dropped);
    co_return;
  }
  auto const result = co_await sms->send(std::move(*composed.value()));
  switch (result.outcome) {
    case SmsResult::Outcome::sent: record_outcome(text.text, domain::TextEnd::sent); break;
    case SmsResult::Outcome::refused:
      spdlog::warn("text about position {} refused by the provider: {}", text.text.about.value(), result.code);
      record_outcome(text.text, domain::TextEnd::refused);
      break;
    case SmsResult::Outcome::unavailable:
      // Once a text, and not for an open breaker, which has said so itself.
      if (text.attempts == 0 && result.code != "circuit_open") {
        spdlog::warn("text about position {} not sent, {}; trying again", text.text.about.value(), result.code);
      }
      delay(text);
      break;
  }
}

// Retrying is safe: the text is identical.
void TextSender::Impl::put_back(PendingText const& text, char const* why) {
  spdlog::error("text about position {}: {}; trying again", text.text.about.value(), why);
  delay(text);
}

void TextSender::Impl::tried(PendingText const& text) {
  if (text.attempts == 0) ++texts_tried;
  while (!waiting.empty() && waiting.front().first <= texts_tried) {
    waiting.front().second();
    waiting.pop_front();
  }
  count_backlog();
}

void TextSender::Impl::delay(PendingText text) {
  if (++text.attempts == kTriesMax) return record_outcome(text.text, domain::TextEnd::dropped);
  // Past the last step of the ladder it goes on at the longest.
  BackoffPolicy const policy;
  auto const wait = backoff_micros(policy, std::min(text.attempts, policy.attempts - 1), random());
  delayed.push_back({clock.now() + wait.value_or(policy.cap_micros), text});
  std::push_heap(delayed.begin(), delayed.end(), is_later);
  arm();
}

void TextSender::Impl::record_outcome(domain::TextRef const& text, domain::TextEnd end) {
  outcomes.push_back({text, end});
  if (outcomes.size() >= kReportBatch) return report_outcomes();
  if (std::exchange(report_armed, true)) return;
  report_alarm.expires_after(kReportDelay);
  report_alarm.async_wait([this](boost::system::error_code error) {
    report_armed = false;
    if (!error) report_outcomes();
  });
}

void TextSender::Impl::report_outcomes() {
  if (outcomes.empty() || stopping) return;
  auto texts = std::exchange(outcomes, {});
  reporting += texts.size();
  auto command = domain::SettleTexts{texts};
  submit(io, *writer, std::move(command), [this, texts = std::move(texts)](Outcome const& outcome) {
    reporting -= texts.size();
    if (!is_busy(outcome)) return;
    for (auto const& text : texts) record_outcome(text.text, text.end);
  });
}

TextSender::TextSender(EffectsLoop& loop, GuardedSms* sms, LedgerView const& view, eventstore::Log& log,
                       eventstore::Vault const& vault, eventstore::Clock const& clock)
    : impl_(std::make_unique<Impl>(loop.io(), loop.runtime(), sms, view, log, vault, clock)) {
  loop.add(*this);
}

TextSender::~TextSender() = default;

void TextSender::resume(domain::State const& state) {
  for (auto const& text : state.owed_texts()) impl_->queue.push_back({text, std::nullopt, 0});
  impl_->texts_queued = impl_->queue.size();
  impl_->count_backlog();
}

void TextSender::start(eventstore::Submitter& writer) {
  FLORIN_ASSERT(impl_->writer == nullptr);
  impl_->writer = &writer;
  impl_->senders.start();
  asio::post(impl_->io, [impl = impl_.get()] { impl->check(); });
}

void TextSender::on_commits(std::span<eventstore::CommitPtr const> commits) {
  std::vector<PendingText> texts;
  for (auto const& commit : commits) {
    for (auto const& event : commit->events) {
      auto const owed = texts_owed(event);
      if (owed.empty()) continue;
      auto const facts = closing_facts(event);
      for (auto const& text : owed) texts.push_back({text, facts, 0});
    }
  }
  if (!texts.empty()) impl_->add(texts);
}

bool TextSender::sms_available() const {
  return impl_->sms != nullptr && impl_->sms->available() && impl_->backlog < kBacklogMax;
}

std::int64_t TextSender::retry_after_seconds() const {
  return impl_->sms == nullptr ? 60 : std::max<std::int64_t>(1, impl_->sms->retry_after_seconds());
}

void TextSender::when_tried(std::function<void()> then) {
  asio::post(impl_->io, [impl = impl_.get(), then = std::move(then)]() mutable {
    if (impl->texts_tried >= impl->texts_queued) return then();
    impl->waiting.emplace_back(impl->texts_queued, std::move(then));
  });
}

void TextSender::check() { impl_->check(); }

bool TextSender::is_idle() {
  impl_->check();
  return impl_->queue.empty() && impl_->senders.busy() == 0 && impl_->outcomes.empty() && impl_->reporting == 0;
}

void TextSender::stop() {
  impl_->stopping = true;
  impl_->senders.stop();
  impl_->alarm.cancel();
  impl_->report_alarm.cancel();
}

}  // namespace florin::sagas
