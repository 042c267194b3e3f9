// The effects context: one thread on which everything happens that reaches outside, or waits. It sees the durable
// commits, texts what became owed, ends what ran out of time, and reports each outcome to the writer as a command.
//
//   commits -> on_commits: texts owed -> outbox -> SmsGateway -> SettleTexts ----> writer
//                          waits      -> timers ------------> Expire... ---------> writer
//
// Nothing here is kept on disk: what is owed and what waits is in the ledger's state (State::owed_texts, transfers,
// shares), so a restart resumes from the log alone. Between a text that was sent and its settlement lies a moment in
// which a crash makes us text it again: it says the same, because codes are derived.
//
// Threads: on_commits by the appender; resume, start and stop by the owner; the rest by any.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "eventstore/engine/writer.h"
#include "eventstore/runtime/clock.h"
#include "eventstore/store/log.h"
#include "eventstore/store/vault.h"
#include "sagas/gateways/guarded_sms.h"
#include "sagas/ledger_view.h"

namespace florin::sagas {

class Effects final : public eventstore::CommitListener {
 public:
  // All references outlive it. `io` is run by nobody else. sms: null when no gateway is configured; then texts wait.
  Effects(asio::io_context& io, GuardedSms* sms, LedgerView const& view, eventstore::Log& log,
          eventstore::Vault const& vault, eventstore::Clock const& clock);
  ~Effects() override;

  // Before start: everything that the recovered state still owes and waits for.
  void resume(domain::State const& state);
  void start(eventstore::Writer& writer);
  // Before the writer stops. Nothing is sent or submitted after it; what is owed stays owed.
  void stop();

  void on_commits(std::span<eventstore::CommitPtr const> commits) override;

  // False: a text cannot be promised now (provider down, none configured, or too many waiting): 503 SMS_UNAVAILABLE.
  [[nodiscard]] bool sms_available() const;
  [[nodiscard]] std::int64_t retry_after_seconds() const;

  // The clock jumped: timers are looked at now.
  void look_again();
  // Calls `then` on the effects thread once every text that the commits shown so far made us owe has been tried.
  void when_texted(std::function<void()> then);
  // Waits until nothing is due, owed or under way (texts that wait for their next try excepted), at most timeout_ms.
  // False when time ran out. For the sandbox's clock, so that whoever advances it sees the result. Blocks.
  [[nodiscard]] bool wait_until_idle(int timeout_ms);

  // Texts that wait, before sms_available() says no: a minute of the largest provider's rate, and 10 MB.
  static constexpr std::size_t kBacklogMax = 100'000;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace florin::sagas
