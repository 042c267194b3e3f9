// The texting saga: sends the texts that the ledger owes, and reports how each ended.
//
//   commits ─▶ texts owed ─▶ queue ─▶ Composer ─▶ GuardedSms ─▶ SettleTexts ─▶ writer
//
// Nothing is kept on disk: what is owed is in the ledger's state (State::owed_texts), so a restart resumes from the log
// alone. Between a text that was sent and its settlement lies a moment in which a crash makes us text it again: it says
// the same, because codes are derived.
//
// Threads: resume and start by the owner; what is Saga's on the effects thread; the rest by any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "eventstore/engine/submission.h"
#include "eventstore/runtime/clock.h"
#include "eventstore/store/log.h"
#include "eventstore/store/vault.h"
#include "sagas/effects_loop.h"
#include "sagas/gateways/guarded_sms.h"
#include "sagas/ledger_view.h"

namespace florin::sagas {

class TextSender final : public Saga {
 public:
  // All references outlive it. sms: null when no gateway is configured; then texts wait.
  TextSender(EffectsLoop& loop, GuardedSms* sms, LedgerView const& view, eventstore::Log& log,
             eventstore::Vault const& vault, eventstore::Clock const& clock);
  ~TextSender() override;

  // Before start: everything that the recovered state still owes.
  void resume(domain::State const& state);
  // Before the loop's.
  void start(eventstore::Submitter& writer);

  // False: a text cannot be promised now (provider down, none configured, or too many waiting): 503 SMS_UNAVAILABLE.
  [[nodiscard]] bool sms_available() const;
  [[nodiscard]] std::int64_t retry_after_seconds() const;
  // Calls `then` on the effects thread once every text that the commits shown so far made us owe has been tried.
  void when_tried(std::function<void()> then);

  // Texts that wait, before sms_available() says no: a minute of the largest provider's rate, and 10 MB.
  static constexpr std::size_t kBacklogMax = 100'000;

  // Saga's. Texts that wait for their next try are not under way.
  void on_commits(std::span<eventstore::CommitPtr const> commits) override;
  void check() override;
  [[nodiscard]] bool is_idle() override;
  void stop() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::sagas
