#include "sagas/card_payments/event_poll.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <spdlog/spdlog.h>

namespace florin::sagas {
namespace {

using domain::Timestamp;

// Events that were handled, so that the poll passes over them: an hour of 25 a second.
constexpr std::size_t kHandledMax = 100'000;
// A poll asks from so long before the newest event that the last one found: an event may become visible late.
constexpr std::int64_t kPollOverlapMicros = 600 * domain::kMicrosPerSecond;
// The first one from so long before the last commit. Games buy and sell on while the processor cannot be reached, and
// the clock that dated the commit may have been ahead of the processor's: together for up to a day.
constexpr std::int64_t kResumeOverlapMicros = domain::kMicrosPerDay;
// As long as a processor keeps its events.
constexpr std::int64_t kPollReachMicros = 30 * domain::kMicrosPerDay;

}  // namespace

EventPoll::EventPoll(CardContext& context, std::function<void(Task)> look_into)
    : context_(context), look_into_(std::move(look_into)), alarm_(context.io.get_executor()) {}

// The processor dates its events by the true time. Where the wall clock and the ledger's time differ, either may be
// wrong, so the earlier one is used: an event that is read twice does no harm, one that is not asked for is lost.
Timestamp EventPoll::processor_now() const { return std::min(context_.clock.now(), context_.clock.read().wall); }

void EventPoll::resume(Timestamp last_commit) {
  auto const now = processor_now();
  auto const reach = now + -kPollReachMicros;
  // A last commit in the future was written while the clock was ahead, nobody knows since when: ask for everything.
  polled_from_ = last_commit > now ? reach : std::max(reach, last_commit + -kResumeOverlapMicros);
  if (last_commit == Timestamp{} || last_commit >= reach) return;
  missed_ =
      "the ledger's last commit is older than what the card processor can be asked for: refunds and "
      "disputes made there from " +
      domain::to_iso8601(last_commit) + " to " + domain::to_iso8601(reach) +
      " are not found unless their callbacks arrived; compare the processor's own list of them with the "
      "orders here";
  spdlog::warn("cards: {}", missed_);
}

Awaitable<void> EventPoll::run() {
  while (!context_.stopping) {
    polling_ = true;
    try {
      (void)co_await poll_once();
    } catch (std::exception const& thrown) {
      spdlog::error("asking for what happened at the card processor: {}; asking again", thrown.what());
      std::lock_guard const lock(mutex_);
      poll_trouble_ = thrown.what();
    }
    polling_ = false;
    if (context_.stopping) co_return;
    alarm_.expires_after(std::chrono::microseconds(context_.options.poll_micros));
    boost::system::error_code ignored;
    co_await alarm_.async_wait(asio::redirect_error(use_awaitable, ignored));
  }
}

Awaitable<bool> EventPoll::poll_once() {
  Timestamp newest;
  std::string from;
  for (bool more = true; more && !context_.stopping;) {
    auto const answer = co_await context_.gateway.list_events(polled_from_, from);
    {
      std::lock_guard const lock(mutex_);
      poll_trouble_ = answer.outcome == PaymentOutcome::answered ? std::string() : answer.code;
    }
    if (answer.outcome != PaymentOutcome::answered) co_return false;
    for (auto const& event : answer.events) {
      newest = std::max(newest, event.created);
      if (handled_.contains(event.event_id) || !open_.try_emplace(event.event_id).second) continue;
      look_into_({{}, event.reference, event.event_id, 0});
    }
    more = answer.more;
    from = answer.next;
  }
  // By the processor's clock, where ours are ahead of it: what it dates earlier than we would is asked for, too.
  auto const known = std::min(newest, std::max(context_.clock.now(), context_.clock.read().wall));
  polled_from_ = std::max(polled_from_, known + -kPollOverlapMicros);
  co_return true;
}

void EventPoll::poll_now() {
  // It has not begun when somebody asks whether all is idle, but it is under way.
  if (alarm_.cancel() > 0) polling_ = true;
}

void EventPoll::accept(ProcessorEvent event, std::function<void(bool)> then) {
  if (handled_.contains(event.event_id)) return then(true);
  auto const [waiting, is_new] = open_.try_emplace(event.event_id);
  waiting->second.push_back(std::move(then));
  if (is_new) look_into_({{}, std::move(event.reference), std::move(event.event_id), 0});
}

void EventPoll::finish(std::string const& event_id, bool done) {
  auto const waiting = std::exchange(open_[event_id], {});
  if (done) {
    open_.erase(event_id);
    remember(event_id);
  }
  for (auto const& then : waiting) then(done);
}

void EventPoll::remember(std::string const& event_id) {
  if (event_id.empty() || !handled_.insert(event_id).second) return;
  handled_order_.push_back(event_id);
  if (handled_order_.size() <= kHandledMax) return;
  handled_.erase(handled_order_.front());
  handled_order_.pop_front();
}

std::optional<std::string> EventPoll::trouble() const {
  std::string found;
  {
    std::lock_guard const lock(mutex_);
    if (!poll_trouble_.empty()) {
      found = "what happens at the card processor cannot be read (" + poll_trouble_ +
              "): refunds and disputes whose callback is lost are not found until it can";
    }
  }
  if (!missed_.empty()) found += (found.empty() ? "" : "; ") + missed_;
  return found.empty() ? std::nullopt : std::optional(std::move(found));
}

}  // namespace florin::sagas
