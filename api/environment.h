// One environment: one folder, one log, one writer, its keys and its views (DESIGN, Fixed points). Production and
// sandbox are two of these and share nothing.
//
// api/layout.h says what lies in the folder.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/config.h"
#include "api/layout.h"
#include "api/ledger/ledger.h"
#include "api/ledger/sandbox.h"
#include "api/mailboxes.h"
#include "eventstore/engine/snapshotter.h"
#include "eventstore/engine/writer.h"
#include "eventstore/runtime/clock.h"
#include "eventstore/store/sqlite_log.h"
#include "eventstore/store/vault.h"
#include "projections/runner.h"
#include "sagas/effects.h"
#include "sagas/gateways/sandbox_bank.h"
#include "sagas/gateways/sandbox_phone.h"
#include "sagas/gateways/sandbox_processor.h"
#include "sagas/gateways/stripe.h"
#include "sagas/gateways/twilio.h"

namespace florin::api {

struct EnvironmentOptions {
  eventstore::WriterOptions writer;
  std::uint64_t snapshot_every = Config{}.snapshot_every_events;
  std::optional<sagas::TwilioConfig> twilio;  // none and no sandbox phone: initiate answers 503 SMS_UNAVAILABLE
  InboundOptions inbound;
  std::string public_url;
  std::optional<sagas::StripeConfig> stripe;  // none and no simulator: purchases answer 503 PAYMENTS_UNAVAILABLE
  sagas::AchSettings ach;                     // what a day's files of payouts say of us
  bool sandbox_processor = false;             // the simulated processor and bank
  bool sandbox_phone = false;                 // instead of a provider, with an inbound token of its own
};

class Environment {
 public:
  // Recovers: newest snapshots, the tail of the log, and whatever the request index misses. Fails when the log is
  // shorter than its signed checkpoint, or is not the log that was signed. `clock` outlives the environment, and never
  // shows a time before the log's last.
  [[nodiscard]] static eventstore::ResultOr<std::unique_ptr<Environment>> open(std::string name, Layout const& layout,
                                                                               eventstore::Clock& clock,
                                                                               EnvironmentOptions options = {});
  ~Environment();

  [[nodiscard]] eventstore::ResultOr<Unit> start();
  // Drains, makes everything durable, writes snapshots. The fault is the one that had stopped the writer, if any.
  [[nodiscard]] eventstore::ResultOr<Unit> stop();

  // What keeps it from its work at the moment, one sentence each, for the operator's log. Any thread.
  [[nodiscard]] std::vector<std::string> troubles() const;
  // Any thread. False once a fault has stopped the writer: reads go on.
  [[nodiscard]] bool accepts_writes() const;
  // Any thread. The read models that answer 503 now: being built with no older version to read, or stopped.
  [[nodiscard]] std::vector<std::string> unreadable_views() const;

  [[nodiscard]] std::string const& name() const { return name_; }  // "production" or "sandbox"
  [[nodiscard]] Ledger const& ledger() const { return *ledger_; }
  [[nodiscard]] Sandbox* sandbox() { return sandbox_ ? &*sandbox_ : nullptr; }  // null in production
  // Whoever follows the tail, and how far behind it is. Any thread.
  [[nodiscard]] std::vector<eventstore::TailConsumer> consumers() const { return tail_->consumers(); }

 private:
  Environment(std::string name, Layout layout, eventstore::Clock& clock, EnvironmentOptions options);
  [[nodiscard]] eventstore::ResultOr<Unit> recover();
  [[nodiscard]] eventstore::ResultOr<Unit> make_sms(sagas::Outside& outside);
  [[nodiscard]] eventstore::ResultOr<Unit> make_payments(sagas::Outside& outside);

  std::string const name_;
  Layout const layout_;
  eventstore::Clock& clock_;
  EnvironmentOptions options_;
  std::unique_ptr<eventstore::SqliteLog> log_;
  std::unique_ptr<eventstore::Vault> vault_;
  std::unique_ptr<eventstore::RequestIndex> requests_;
  std::unique_ptr<eventstore::CheckpointFile> checkpoints_;
  eventstore::DurableState durable_;
  std::unique_ptr<eventstore::Tail> tail_;
  std::unique_ptr<Mailboxes const> mailboxes_;
  std::unique_ptr<projections::Runner> runner_;
  std::unique_ptr<eventstore::Snapshotter> snapshotter_;
  std::optional<sagas::Effects> effects_;
  std::unique_ptr<sagas::SandboxPhone> phone_;
  std::unique_ptr<sagas::TwilioGateway> twilio_;
  std::unique_ptr<sagas::SandboxProcessor> sandbox_processor_;
  std::unique_ptr<sagas::StripeGateway> stripe_;
  sagas::SandboxBank const sandbox_bank_{};  // production has none: operators settle payouts
  std::unique_ptr<eventstore::Writer> writer_;
  std::optional<Ledger> ledger_;
  std::optional<Sandbox> sandbox_;
};

}  // namespace florin::api
