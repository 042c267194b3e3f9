// The sagas of one environment, wired to its ledger, its loop and the companies outside: what the environment opens,
// and what a simulation opens and steps.
//
//   Effects(parts) ─▶ the gateways are made, on loop().io() ─▶ open(recovered, outside) ─▶ start(writer) ─▶
//   loop().start()
//
// Owner: the environment, which declares it after its parts and before the gateways. Threads: the owner, except where a
// function says otherwise.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "eventstore/engine/recovery.h"
#include "sagas/card_payments/card_payments.h"
#include "sagas/effects_loop.h"
#include "sagas/expiry/expiries.h"
#include "sagas/gateways/guarded_payments.h"
#include "sagas/gateways/guarded_sms.h"
#include "sagas/payouts/payouts.h"
#include "sagas/texting/text_sender.h"

namespace florin::sagas {

class SandboxProcessor;

// What the sagas work on. Everything outlives them.
struct EffectsParts {
  eventstore::Log& log;
  eventstore::Vault const& vault;
  eventstore::DurableState const& durable;
  eventstore::Clock const& clock;  // the ledger's
  eventstore::Runtime& runtime = eventstore::machine();
};

// Who carries out what they decide. Each outlives the loop's thread, and what a null one would do is not done here.
struct Outside {
  SmsGateway* sms = nullptr;  // null: texts wait
  PaymentGateway* cards = nullptr;
  CardPaymentsOptions card_options;
  Bank const* bank = nullptr;  // null: operators settle payouts
  AchSettings ach;             // what a day's files of payouts say of us
};

class Effects {
 public:
  explicit Effects(EffectsParts const& parts);

  // Once: the sagas resume from where the log stands.
  void open(eventstore::Recovered const& recovered, eventstore::Tail& tail, Outside outside);
  // After open and before the loop starts or is polled.
  void start(eventstore::Submitter& writer);
  // Likewise, after start: the simulated processor posts its callbacks to these payments, and stops with the loop.
  void connect(SandboxProcessor& processor);

  [[nodiscard]] EffectsLoop& loop() { return loop_; }
  // From open on. What keeps them from their work at the moment, one sentence each. Any thread.
  [[nodiscard]] std::vector<std::string> troubles() const;
  [[nodiscard]] TextSender& texts() { return *texts_; }
  [[nodiscard]] CardPayments* payments() { return payments_.get(); }  // null: nobody charges cards
  [[nodiscard]] GuardedPayments* cards() { return cards_.get(); }     // likewise

 private:
  EffectsParts const parts_;
  eventstore::SystemClock const machine_clock_;
  std::mt19937_64 jitter_;  // the loop's; spreads retries, decides nothing
  LedgerView const view_;
  EffectsLoop loop_;
  std::unique_ptr<GuardedSms> sms_;
  std::unique_ptr<Expiries> expiries_;
  std::unique_ptr<TextSender> texts_;
  std::unique_ptr<GuardedPayments> cards_;
  std::unique_ptr<CardPayments> payments_;
  std::unique_ptr<Payouts> payouts_;
};

}  // namespace florin::sagas
