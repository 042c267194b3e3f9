// A card processor, and the saga that speaks with it: what to do about an open order is the saga's own plan
// (sagas/card_payments/payment_plan.h), the transport is a call that is lost before or after its effect, and the
// processor's word arrives late, twice, out of order or never. The processor is another company: its books survive
// whatever happens to the server.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "domain/commands.h"
#include "domain/ledger.h"
#include "eventstore/store/facts.h"
#include "sagas/card_payments/payment_plan.h"
#include "tests/simulation/faults.h"

namespace florin::simulation {

// One thread.
class SimulatedProcessor {
 public:
  SimulatedProcessor(std::uint64_t seed, FaultCounts& counts) : random_(seed), counts_(counts) {}

  // The server starts anew: what its saga had in memory is gone.
  void forget() { known_.clear(); }
  // A payment from before the simulation.
  void adopt(domain::Fact<domain::CurrencyOrdered> ordered, domain::PaymentReport report);

  // The saga does something, or the processor does; what the saga submits of it goes into `out`.
  void act(domain::State const& state, eventstore::FactReader const& facts, domain::Timestamp now,
           std::vector<domain::Command>& out);
  // From now on nothing is lost, and whatever is under way at the processor ends.
  void calm_down() { calm_ = true; }
  // All open matters of the state at once, and the whole of each payment.
  void settle(domain::State const& state, eventstore::FactReader const& facts, domain::Timestamp now,
              std::vector<domain::Command>& out);

  // What it holds for us, in cents, by currency.
  [[nodiscard]] std::map<std::uint64_t, std::int64_t> statement() const;

 private:
  // Position and time of the order: what the idempotency key follows from.
  using Key = std::pair<domain::Position, domain::Timestamp>;
  struct Payment {
    domain::Fact<domain::CurrencyOrdered> ordered;
    domain::PaymentReport report;
    std::string refused_code;  // why it would not even try
  };

  void order_step(domain::OpenOrder const& order, eventstore::FactReader const& facts, domain::Timestamp now,
                  std::vector<domain::Command>& out);
  sagas::PaymentOutcome call(sagas::PaymentStep::Kind kind, domain::Fact<domain::CurrencyOrdered> const& ordered);
  sagas::PaymentOutcome perform(sagas::PaymentStep::Kind kind, domain::Fact<domain::CurrencyOrdered> const& ordered);
  void confirm(Payment& payment);
  void refund_steps(domain::Returned const& returned, eventstore::FactReader const& facts,
                    std::vector<domain::Command>& out);
  // The cardholder, their bank, or the processor's staff. True: something changed.
  bool move(Payment& payment);
  bool move_refund(Payment& payment);
  bool move_dispute(Payment& payment);
  void finish(Payment& payment);
  void tell(Payment const& payment, std::vector<domain::Command>& out);
  void deliver_late(std::vector<domain::Command>& out);
  [[nodiscard]] domain::Usd left_of(Payment const& payment) const;
  [[nodiscard]] std::string reference(char const* kind);
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  bool one_in(std::uint64_t times) { return !calm_ && draw(times) == 0; }

  std::mt19937_64 random_;
  FaultCounts& counts_;
  bool calm_ = false;
  std::uint64_t made_ = 0;
  std::map<Key, Payment> payments_;
  std::set<Key> refused_;  // orders of which it will have no payment
  std::set<domain::RefundId> refused_refunds_;
  std::vector<domain::Command> late_;
  std::map<domain::OrderId, domain::PaymentStatus> known_;  // by the saga, in this life
};

}  // namespace florin::simulation
