// The companies that a simulated server deals with, and the people who deal with them: the product's own simulators of
// a text provider and of a card processor, which survive whatever happens to the server. The lines to them lose calls
// before or after their effect and hold answers up; callbacks are lost, late or doubled. Cardholders, their banks and
// the processor's staff do what they do without asking us.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "domain/fact.h"
#include "domain/payment.h"
#include "sagas/effects.h"
#include "sagas/gateways/sandbox_phone.h"
#include "sagas/gateways/sandbox_processor.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/past_commits.h"
#include "tests/simulation/simulated_runtime.h"

namespace florin::simulation {

// Other companies' clocks are right, whoever sets ours.
class TrueClock final : public eventstore::Clock {
 public:
  explicit TrueClock(SimulatedRuntime const& runtime)
      : runtime_(runtime), ahead_(runtime.clocks().wall.micros() - runtime.clocks().steady) {}
  [[nodiscard]] domain::Timestamp now() const override {
    return domain::Timestamp::from_micros(runtime_.clocks().steady + ahead_);
  }

 private:
  SimulatedRuntime const& runtime_;
  std::int64_t const ahead_;
};

// Where the text provider posts what phones answer, and the token that signs it.
[[nodiscard]] sagas::SandboxPhoneOptions phone_options();

// One thread.
class Companies {
 public:
  Companies(std::uint64_t seed, SimulatedRuntime& runtime, FaultCounts& counts);
  ~Companies();

  // What the sagas of a new process work with; `outside.bank` is somebody else's matter.
  [[nodiscard]] sagas::Outside outside();
  void connect(sagas::Effects& effects) { effects.connect(*processor_); }

  // Somebody does something without asking us.
  void act(PastCommits const& past);
  // From now on nothing is lost or late.
  void calm_down();

  // A card that is charged for an order from before the simulation, and its dispute, which was lost or won.
  [[nodiscard]] domain::PaymentReport charge(domain::Fact<domain::CurrencyOrdered> const& ordered);
  [[nodiscard]] domain::PaymentReport dispute(std::string const& reference, bool won);

  // What the processor holds for the orders that the log has, in cents, by currency.
  [[nodiscard]] std::map<std::uint64_t, std::int64_t> statement(PastCommits const& past) const;
  // The faults that the simulators made by themselves; once, at the end.
  void count_faults();

  [[nodiscard]] sagas::SandboxPhone& phone() { return phone_; }

 private:
  struct Line;
  class TextLine;
  class CardLine;

  void move(domain::PaymentReport const& payment);
  void move_dispute(domain::PaymentReport const& payment);
  void charge_for_others(PastCommits const& past);
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

  std::mt19937_64 random_;
  FaultCounts& counts_;
  TrueClock const clock_;
  sagas::SandboxPhone phone_;
  std::unique_ptr<sagas::SandboxProcessor> processor_;
  std::vector<std::string> payments_;  // by their references
  std::unique_ptr<Line> line_;
  std::unique_ptr<TextLine> texts_;
  std::unique_ptr<CardLine> cards_;
};

}  // namespace florin::simulation
