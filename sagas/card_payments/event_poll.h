// The processor's events: which are to be looked into, which were, and the poll that finds those whose callback was
// lost. Of an event only its name and its payment count; what happened, the payment itself says when it is retrieved.
//
// Threads: trouble any; the rest on the effects thread, resume before it runs.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sagas/card_payments/context.h"
#include "sagas/card_payments/work_queue.h"

namespace florin::sagas {

class EventPoll {
 public:
  // `look_into` gets each event that is new.
  EventPoll(CardContext& context, std::function<void(Task)> look_into);

  // The first poll asks for what happened since then.
  void resume(domain::Timestamp last_commit);
  // Polls until stop.
  [[nodiscard]] Awaitable<void> run();
  // The clock jumped: polls now, unless it does.
  void poll_now();
  void stop() { alarm_.cancel(); }
  [[nodiscard]] bool is_polling() const { return polling_; }

  // A callback's. then(true): what it is about is in the log, or does not concern us; false: post it again.
  void accept(ProcessorEvent event, std::function<void(bool)> then);
  // It was looked into: `done` or to be tried again. Tells those who wait for it.
  void finish(std::string const& event_id, bool done);

  // What keeps it from finding what lost callbacks would have told, in a sentence. That it did not run for longer than
  // a processor keeps its events is said until the next start, because nothing here can make up for it.
  [[nodiscard]] std::optional<std::string> trouble() const;

 private:
  Awaitable<bool> poll_once();
  void remember(std::string const& event_id);
  [[nodiscard]] domain::Timestamp processor_now() const;

  CardContext& context_;
  std::function<void(Task)> const look_into_;
  mutable std::mutex mutex_;
  std::string poll_trouble_;  // under mutex: why the last poll failed
  std::string missed_;        // set before start: what the poll does not reach back to

  std::unordered_set<std::string> handled_;
  std::deque<std::string> handled_order_;
  // Events that are to be looked into or are being, and those who wait to hear of it.
  std::unordered_map<std::string, std::vector<std::function<void(bool)>>> open_;
  SteadyTimer alarm_;
  domain::Timestamp polled_from_;
  bool polling_ = false;
};

}  // namespace florin::sagas
